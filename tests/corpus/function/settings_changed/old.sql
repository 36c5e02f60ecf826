CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path = public SET statement_timeout = '5s' AS '';
