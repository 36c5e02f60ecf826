CREATE TABLE t (a integer, b integer, c integer, CHECK (a < b));
