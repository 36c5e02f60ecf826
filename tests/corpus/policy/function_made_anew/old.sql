CREATE TABLE notes (id integer, owner text);
CREATE FUNCTION may_read(a text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE POLICY p ON notes USING (may_read(owner));
