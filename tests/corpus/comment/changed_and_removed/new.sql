CREATE TABLE t (a integer, b integer);
COMMENT ON TABLE t IS 'two';
COMMENT ON COLUMN t.a IS NULL;
COMMENT ON COLUMN t.b IS 'b, quoted ''so'' and \ so';
