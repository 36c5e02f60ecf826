CREATE TABLE base (id integer, CONSTRAINT c CHECK (id > 1), CONSTRAINT only_here CHECK (id < 9) NO INHERIT);
CREATE TABLE child () INHERITS (base);
