CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE TABLE t (a text, b integer, r int4range, CONSTRAINT no_overlap EXCLUDE USING gist (b WITH =, r WITH &&));
CREATE INDEX t_a_trgm ON t USING gin (a gin_trgm_ops);
CREATE INDEX t_a_gist ON t USING gist (a gist_trgm_ops (siglen = 32));
