CREATE TABLE base (id integer);
CREATE TABLE child (b integer) INHERITS (base);
