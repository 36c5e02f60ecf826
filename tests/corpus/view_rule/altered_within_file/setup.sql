CREATE TABLE t (id integer, name text);
CREATE TABLE log (id integer);
CREATE VIEW v AS SELECT id, name FROM t;

