CREATE TABLE t1 (a text) WITH (fillfactor = 70, autovacuum_enabled = false);
CREATE TABLE t2 (a text);
CREATE TABLE t3 (a text) WITH (fillfactor = 70);
