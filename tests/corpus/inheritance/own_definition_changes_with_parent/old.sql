CREATE TABLE base (id integer, a integer, b integer);
CREATE TABLE child (a integer, b integer, c integer) INHERITS (base);
