CREATE TABLE t (a integer, s text);
CREATE INDEX i1 ON t (a) WHERE a > 10;
CREATE INDEX i2 ON t (a) WHERE s IN ('x', 'y') AND a IS NOT NULL;
CREATE INDEX i3 ON t (a);
