CREATE TABLE base (id integer, a bigint);
CREATE TABLE child (a bigint, c integer) INHERITS (base);
