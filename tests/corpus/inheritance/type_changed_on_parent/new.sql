CREATE TABLE base (id bigint);
CREATE TABLE child (b integer) INHERITS (base);
CREATE INDEX ON child (id);
