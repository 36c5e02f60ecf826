CREATE TABLE a (id integer PRIMARY KEY, name text, n numeric(8,2), v character varying(10), tags text[], j jsonb, ts timestamp with time zone, d date, c text COLLATE "C", flag boolean);
CREATE TABLE b (id integer PRIMARY KEY, a_id bigint, name character varying(20), amount numeric(10,3), day date, ch character(4), x xml);
CREATE TABLE t (k integer, parent integer, label text, weight double precision);
CREATE FUNCTION pairs(integer, OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, ''a''';
CREATE FUNCTION rows_of_a() RETURNS SETOF a LANGUAGE sql AS 'SELECT * FROM a';
CREATE FUNCTION anon() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, ''a''::text';
CREATE FUNCTION both_of(anyelement, OUT one anyelement, OUT many anyarray) LANGUAGE sql AS 'SELECT $1, ARRAY[$1]';
