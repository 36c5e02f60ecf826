CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE t (id integer, m mood DEFAULT 'ok' NOT NULL, ms mood[]);
CREATE INDEX t_m ON t (m) WHERE m = 'ok';
