CREATE TABLE t (a integer, b integer, CONSTRAINT one UNIQUE (b), CONSTRAINT two UNIQUE (a));
