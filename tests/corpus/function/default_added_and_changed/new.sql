CREATE FUNCTION f(a integer DEFAULT 1 + 1, b integer DEFAULT 3, c text DEFAULT lower('X')) RETURNS integer LANGUAGE sql AS 'SELECT $1 + $2';
