CREATE TABLE t (a integer, b integer);
ALTER TABLE t ALTER a SET (n_distinct = 5);
