CREATE TABLE t (a integer, c integer[]);
CREATE INDEX i1 ON t (a) WITH (fillfactor = 60, deduplicate_items = off);
CREATE INDEX i2 ON t (a) WITH (fillfactor = 90);
CREATE INDEX i3 ON t USING gin (c);
