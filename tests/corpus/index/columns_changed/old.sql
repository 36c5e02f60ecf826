CREATE TABLE t (a integer, b text, c integer);
CREATE INDEX i ON t (a, b);
