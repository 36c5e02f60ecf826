CREATE TABLE base (id integer NOT NULL, a text DEFAULT 'x' CHECK (a <> ''));
CREATE TABLE child (b integer) INHERITS (base);
CREATE TABLE grandchild (a text DEFAULT 'y') INHERITS (child);
