CREATE TABLE t (a integer, b integer CHECK (b > 0), c integer GENERATED ALWAYS AS (b + 1) STORED, UNIQUE (a, b));
CREATE INDEX t_b ON t ((b * 2));
