CREATE PROCEDURE p(a integer, OUT b integer) LANGUAGE sql AS 'SELECT 1';
