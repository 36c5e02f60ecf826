CREATE TABLE t (id integer DEFAULT 7);
