CREATE TABLE t (a integer NOT NULL, b integer, CONSTRAINT pk PRIMARY KEY (a) INCLUDE (b) WITH (fillfactor = 50));
