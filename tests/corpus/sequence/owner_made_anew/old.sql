CREATE TABLE t (id serial, name text, kept serial);
CREATE TABLE u (id uuid);
CREATE SEQUENCE s OWNED BY u.id;
CREATE SEQUENCE moves INCREMENT 2 OWNED BY u.id;
CREATE VIEW v AS SELECT id, name FROM t;
CREATE SEQUENCE of_view OWNED BY v.id;
