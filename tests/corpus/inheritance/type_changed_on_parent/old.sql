CREATE TABLE base (id integer);
CREATE TABLE child (b integer) INHERITS (base);
CREATE INDEX ON child (id);
