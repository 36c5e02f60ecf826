CREATE TABLE base (id integer);
CREATE TABLE child (a integer NOT NULL CONSTRAINT ck CHECK (a > 0)) INHERITS (base);
