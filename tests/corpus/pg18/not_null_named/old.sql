CREATE TABLE t (a integer NOT NULL, b integer CONSTRAINT b_there NOT NULL, c integer);
