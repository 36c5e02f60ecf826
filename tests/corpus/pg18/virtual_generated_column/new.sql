CREATE TABLE t (a integer, v1 integer GENERATED ALWAYS AS (a * 3) VIRTUAL, v3 text GENERATED ALWAYS AS ('n' || a));
