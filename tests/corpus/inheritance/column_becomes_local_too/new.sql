CREATE TABLE base (id integer);
CREATE TABLE child (a text) INHERITS (base);
