CREATE TABLE t (a integer CONSTRAINT a_there NOT NULL, b integer NOT NULL, c integer, CONSTRAINT c_there NOT NULL c);
