COMMENT ON POLICY p1 ON notes IS 'first';
COMMENT ON POLICY p3 ON notes IS 'three';
