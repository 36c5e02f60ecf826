CREATE TABLE t (a integer, b text, c integer[], d point, e int4range);
CREATE INDEX i1 ON t (a);
