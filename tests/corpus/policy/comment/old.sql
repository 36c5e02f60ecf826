COMMENT ON POLICY p1 ON notes IS 'one';
COMMENT ON POLICY p2 ON notes IS 'two';
