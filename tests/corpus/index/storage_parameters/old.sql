CREATE TABLE t (a integer, c integer[]);
CREATE INDEX i1 ON t (a) WITH (fillfactor = 50);
CREATE INDEX i2 ON t (a);
CREATE INDEX i3 ON t USING gin (c) WITH (fastupdate = off);
