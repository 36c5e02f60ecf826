CREATE TABLE t (a integer, b date, c boolean, d integer DEFAULT 1);
