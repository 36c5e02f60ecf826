CREATE FUNCTION f(a integer, b integer DEFAULT 2, c text DEFAULT 'x') RETURNS integer LANGUAGE sql AS 'SELECT $1 + $2';
