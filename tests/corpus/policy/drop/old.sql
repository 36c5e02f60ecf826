CREATE TABLE notes (id integer, owner text);
CREATE TABLE gone (id integer);
CREATE FUNCTION may_read(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE gone ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON notes USING (may_read(owner));
CREATE POLICY q ON gone USING (id > 0);
COMMENT ON POLICY p ON notes IS 'goes too';
