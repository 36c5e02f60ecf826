CREATE TABLE t (a integer, b text);
CREATE INDEX t_b ON t (b);
CREATE INDEX ON t (a, b);
CREATE INDEX ON t (b, a);
CREATE INDEX ON t ((a + 1));
CREATE INDEX ON t (lower(b), (a || b), a);
