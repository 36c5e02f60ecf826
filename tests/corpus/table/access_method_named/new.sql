CREATE TABLE t (id integer) USING heap;
