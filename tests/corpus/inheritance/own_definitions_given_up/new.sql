CREATE TABLE base (id integer NOT NULL, a integer CONSTRAINT ck CHECK (a > 0));
CREATE TABLE child () INHERITS (base);
