CREATE TABLE base (id integer, CONSTRAINT c CHECK (id > 0));
CREATE TABLE child () INHERITS (base);
