CREATE FUNCTION twice(x integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + x;
CREATE FUNCTION named(p integer) RETURNS text STABLE BEGIN ATOMIC SELECT t.b FROM t WHERE t.a = named.p ORDER BY t.a LIMIT 1; END;
CREATE PROCEDURE noted(x text) BEGIN ATOMIC INSERT INTO log (what) VALUES (x), (upper(x)); UPDATE t SET b = x WHERE a = 1; DELETE FROM log WHERE what IS NULL; END;
CREATE FUNCTION pair(i integer, OUT x integer, OUT y text) BEGIN ATOMIC SELECT i, 'a'::text; END;
CREATE FUNCTION many() RETURNS SETOF t BEGIN ATOMIC SELECT * FROM t; END;
CREATE FUNCTION nothing() RETURNS void BEGIN ATOMIC END;
CREATE FUNCTION rows_of(n integer) RETURNS TABLE (k integer, label text) BEGIN ATOMIC SELECT a, b FROM t WHERE a > n; END;
CREATE FUNCTION becomes_string(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i + 1';
COMMENT ON FUNCTION twice(integer) IS 'twice';
