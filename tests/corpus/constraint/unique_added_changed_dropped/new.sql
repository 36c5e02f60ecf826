CREATE TABLE t (a integer, b integer, c integer, CONSTRAINT u UNIQUE (b, c), UNIQUE (c, a) INCLUDE (b));
