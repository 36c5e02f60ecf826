CREATE TABLE t (v text, CONSTRAINT c CHECK (v::integer > 1));
