CREATE TABLE t (id serial, name text, kept serial);
CREATE TABLE u (id bigint, other integer);
CREATE SEQUENCE s OWNED BY u.id;
CREATE SEQUENCE moves INCREMENT 3 OWNED BY u.other;
CREATE VIEW v AS SELECT name, id FROM t;
CREATE SEQUENCE of_view OWNED BY v.id;
