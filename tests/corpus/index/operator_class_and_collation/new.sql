CREATE TABLE t (a text, b varchar(9), j jsonb);
CREATE INDEX i1 ON t (a text_pattern_ops);
CREATE INDEX i2 ON t (b COLLATE "C" varchar_pattern_ops DESC);
CREATE INDEX i3 ON t USING gin (j jsonb_path_ops);
