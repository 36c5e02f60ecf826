CREATE TABLE t (id integer, a uuid, b integer DEFAULT 1);
