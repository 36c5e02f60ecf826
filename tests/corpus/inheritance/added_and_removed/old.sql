CREATE TABLE base (id integer);
CREATE TABLE c1 (id integer, b integer);
CREATE TABLE c2 (b integer) INHERITS (base);
