CREATE TABLE t (a integer NOT NULL, b integer);
CREATE UNIQUE INDEX t_idx ON t (a);
