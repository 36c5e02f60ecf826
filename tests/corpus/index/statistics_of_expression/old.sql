CREATE TABLE t (a integer);
CREATE INDEX i ON t ((a * 2), (a + 1));
