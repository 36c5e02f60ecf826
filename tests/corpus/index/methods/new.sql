CREATE TABLE t (a integer, b text, c integer[], d point, e int4range);
CREATE INDEX i1 ON t USING hash (a);
CREATE INDEX i2 ON t USING gin (c);
CREATE INDEX i3 ON t USING gist (d, e);
CREATE INDEX i4 ON t USING spgist (d);
CREATE INDEX i5 ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16), b) WITH (pages_per_range = 8);
