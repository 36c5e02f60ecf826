CREATE TABLE t (b integer, c integer, d integer GENERATED ALWAYS AS (c + 1) STORED);
CREATE VIEW v AS SELECT d FROM t;
