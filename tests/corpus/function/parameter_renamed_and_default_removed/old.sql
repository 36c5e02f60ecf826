CREATE FUNCTION f(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql AS 'SELECT $1 + $2';
CREATE FUNCTION g(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
