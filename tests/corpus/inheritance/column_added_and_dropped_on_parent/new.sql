CREATE TABLE base (id integer, a text DEFAULT 'x' NOT NULL);
CREATE TABLE child (b integer) INHERITS (base);
