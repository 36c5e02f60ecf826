CREATE TABLE t (a integer, b integer);
COMMENT ON TABLE t IS 'one';
COMMENT ON COLUMN t.a IS 'a';
COMMENT ON COLUMN t.b IS 'b';
