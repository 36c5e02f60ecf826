CREATE TABLE t (a integer, g1 integer GENERATED ALWAYS AS (a * 10) STORED, g2 integer, g3 text GENERATED ALWAYS AS ('n' || a::text) STORED);
CREATE INDEX t_g1 ON t (g1);
