CREATE TABLE t (a integer CONSTRAINT t_pkey PRIMARY KEY, b integer CONSTRAINT t_b_key UNIQUE, c integer, r int4range,
    CONSTRAINT t_r_excl EXCLUDE USING gist (r WITH &&));
COMMENT ON INDEX t_pkey IS 'of the index, changed';
COMMENT ON CONSTRAINT t_pkey ON t IS 'of the constraint';
COMMENT ON INDEX t_r_excl IS 'new';
CREATE TABLE made_from (x integer NOT NULL);
CREATE UNIQUE INDEX made ON made_from (x);
COMMENT ON INDEX made IS 'stays with the index';
ALTER TABLE made_from ADD CONSTRAINT made PRIMARY KEY USING INDEX made;
CREATE TABLE retyped (id bigint PRIMARY KEY);
COMMENT ON INDEX retyped_pkey IS 'survives';
CREATE TABLE part (k integer PRIMARY KEY) PARTITION BY RANGE (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
COMMENT ON INDEX part_1_pkey IS 'of a partition';
COMMENT ON INDEX part_pkey IS 'of the parent';
CREATE TABLE copied (LIKE t INCLUDING ALL);
