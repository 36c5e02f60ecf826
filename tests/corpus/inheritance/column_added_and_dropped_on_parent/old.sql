CREATE TABLE base (id integer, gone text);
CREATE TABLE child (b integer) INHERITS (base);
