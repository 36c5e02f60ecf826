CREATE TABLE base (a integer, b integer);
CREATE TABLE child () INHERITS (base);
