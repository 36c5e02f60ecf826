CREATE TABLE base (id integer);
CREATE TABLE c1 (id integer, b integer);
ALTER TABLE c1 INHERIT base;
CREATE TABLE c2 (id integer, b integer);
