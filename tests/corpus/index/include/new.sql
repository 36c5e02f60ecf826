CREATE TABLE t (a integer, b integer, c integer);
CREATE INDEX i ON t (a) INCLUDE (b, c);
