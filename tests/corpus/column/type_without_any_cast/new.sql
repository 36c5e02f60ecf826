CREATE TABLE t (id integer, a bigint, b inet);
