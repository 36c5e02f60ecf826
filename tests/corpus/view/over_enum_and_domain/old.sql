CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE p (m mood, n positive);
CREATE VIEW v AS SELECT m, n, 'ok'::mood AS fixed FROM p WHERE m > 'sad';
