CREATE TABLE t (id integer, n integer);
CREATE SEQUENCE numbered;
CREATE VIEW v AS SELECT id, n, nextval('numbered'::regclass) AS number FROM t;
CREATE SEQUENCE of_view OWNED BY v.n;
CREATE SEQUENCE of_table OWNED BY v.id;
CREATE SEQUENCE stays;
ALTER SEQUENCE numbered OWNED BY v.number;
