CREATE TABLE t (a integer, s text);
CREATE INDEX i1 ON t (a) WHERE a > 0;
CREATE INDEX i2 ON t (a);
CREATE INDEX i3 ON t (a) WHERE s IS NULL;
