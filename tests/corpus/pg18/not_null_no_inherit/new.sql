CREATE TABLE base (a integer, b integer, CONSTRAINT here NOT NULL a NO INHERIT, CONSTRAINT everywhere NOT NULL b);
CREATE TABLE child () INHERITS (base);
