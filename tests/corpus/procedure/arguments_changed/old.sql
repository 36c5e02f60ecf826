CREATE PROCEDURE p(a integer) LANGUAGE sql AS '';
