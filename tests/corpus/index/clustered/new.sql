CREATE TABLE t (a integer, b integer);
CREATE INDEX i1 ON t (a);
CREATE INDEX i2 ON t (b);
ALTER TABLE t CLUSTER ON i2;
CREATE TABLE u (a integer);
CREATE INDEX u_a ON u (a);
