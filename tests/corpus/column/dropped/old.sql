CREATE TABLE t (a integer, b text, c integer);
CREATE INDEX ON t (b, c);
