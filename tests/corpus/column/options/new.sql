CREATE TABLE t (a integer, b integer);
ALTER TABLE t ALTER a SET (n_distinct = -0.5, n_distinct_inherited = 7), ALTER b SET (n_distinct = 3);
