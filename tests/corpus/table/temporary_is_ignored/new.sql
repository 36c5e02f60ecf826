CREATE TEMPORARY TABLE scratch (id integer);
CREATE TABLE t (id integer);
