CREATE TABLE t (v text, CONSTRAINT c CHECK (v::numeric > 1));
