CREATE TABLE t (a integer, CONSTRAINT old_name CHECK (a > 0), CONSTRAINT old_key UNIQUE (a));
