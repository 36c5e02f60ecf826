CREATE TYPE r AS RANGE (subtype = integer);
CREATE TABLE t (id integer, x r);
