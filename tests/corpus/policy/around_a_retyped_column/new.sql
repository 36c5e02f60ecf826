CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TABLE notes (id bigint, owner text, k kind);
CREATE POLICY p1 ON notes USING (owner = CURRENT_USER);
CREATE POLICY p2 ON notes USING (id > 0) WITH CHECK (owner <> '');
CREATE POLICY p3 ON notes USING (k = 'a');
CREATE POLICY p4 ON notes USING (id IS NULL);
CREATE POLICY p5 ON notes TO app_role USING (id > 2);
COMMENT ON POLICY p1 ON notes IS 'stays';
