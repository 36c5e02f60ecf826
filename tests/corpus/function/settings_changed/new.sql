CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path = '' SET datestyle = 'ISO, DMY' AS '';
