CREATE FUNCTION f(a integer, OUT b integer) LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION f(integer) IS 'one';
