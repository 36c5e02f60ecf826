CREATE TABLE t (a integer, b integer, CHECK (t IS NOT NULL), CHECK (num_nulls(t.*) = 0));
