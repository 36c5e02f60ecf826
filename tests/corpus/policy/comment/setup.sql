CREATE TABLE notes (id integer);
CREATE POLICY p1 ON notes USING (true);
CREATE POLICY p2 ON notes USING (true);
CREATE POLICY p3 ON notes USING (true);
