CREATE TABLE base (id integer, a text);
CREATE TABLE child () INHERITS (base);
