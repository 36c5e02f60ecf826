CREATE TABLE t1 (a text) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE t2 (a text) WITH (autovacuum_analyze_threshold = 100, toast.autovacuum_enabled = off);
CREATE TABLE t3 (a text);
