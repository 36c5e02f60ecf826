CREATE TYPE kind AS ENUM ('a', 'b', 'c');
CREATE TABLE notes (id integer, owner varchar(20), k kind, gone text);
CREATE POLICY p1 ON notes USING (owner = CURRENT_USER);
CREATE POLICY p2 ON notes USING (id > 0) WITH CHECK (owner <> '');
CREATE POLICY p3 ON notes USING (k = 'a');
CREATE POLICY p4 ON notes USING (gone IS NULL);
CREATE POLICY p5 ON notes TO app_user USING (id > 1);
COMMENT ON POLICY p1 ON notes IS 'stays';
