CREATE TABLE t (c integer, d integer);
