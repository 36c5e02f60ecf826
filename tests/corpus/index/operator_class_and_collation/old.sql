CREATE TABLE t (a text, b varchar(9), j jsonb);
CREATE INDEX i1 ON t (a);
CREATE INDEX i2 ON t (b);
CREATE INDEX i3 ON t USING gin (j);
