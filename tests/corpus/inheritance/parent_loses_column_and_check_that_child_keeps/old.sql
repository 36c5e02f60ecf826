CREATE TABLE base (id integer, a integer NOT NULL CONSTRAINT ck CHECK (a > 0));
CREATE TABLE child (a integer NOT NULL CONSTRAINT ck CHECK (a > 0)) INHERITS (base);
