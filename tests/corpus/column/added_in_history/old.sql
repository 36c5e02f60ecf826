CREATE TABLE t (x integer, a integer);
ALTER TABLE t DROP COLUMN x;
ALTER TABLE t ADD COLUMN b integer;
