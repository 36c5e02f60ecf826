CREATE TABLE t (a integer CHECK (a > 0), b integer, CONSTRAINT c CHECK (a < b));
