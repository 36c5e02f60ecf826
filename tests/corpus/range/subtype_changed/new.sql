CREATE TYPE r AS RANGE (subtype = bigint);
CREATE TABLE t (id integer, x r);
