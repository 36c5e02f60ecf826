CREATE TABLE t (a integer DEFAULT 5, b integer DEFAULT 2, c integer, d text DEFAULT lower('X'), e date DEFAULT '2020-01-01');
