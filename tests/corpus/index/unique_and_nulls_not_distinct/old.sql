CREATE TABLE t (a integer, b integer);
CREATE INDEX i1 ON t (a);
CREATE UNIQUE INDEX i2 ON t (b);
