CREATE TABLE t (a integer, b integer, c integer, UNIQUE (a), CONSTRAINT u UNIQUE (b));
