CREATE FUNCTION f(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + $2';
CREATE FUNCTION g(b integer) RETURNS integer LANGUAGE sql AS 'SELECT b';
