CREATE TABLE t (a integer, b integer CHECK (b BETWEEN 1 AND 10), CONSTRAINT c CHECK (a <= b));
