CREATE TYPE pair AS (a integer, b text);
CREATE TABLE t (id bigint, label varchar(20));
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE FUNCTION one_out(a integer, OUT b text) LANGUAGE plpgsql AS 'BEGIN b := a; END';
CREATE FUNCTION two_out(OUT a integer, OUT "B b" numeric(10,2), INOUT c char(3)) LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION set_of_out(OUT a integer, OUT b text) RETURNS SETOF record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION unnamed(integer, text[], varchar(5)[]) RETURNS bit(3) LANGUAGE plpgsql AS 'BEGIN RETURN B''101''; END';
CREATE FUNCTION table_of(limit_to integer DEFAULT 10) RETURNS TABLE (id bigint, label text) LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION table_of_one() RETURNS TABLE (n integer) LANGUAGE plpgsql ROWS 5 AS 'BEGIN END';
CREATE FUNCTION spread(prefix text, VARIADIC numbers integer[] DEFAULT ARRAY[1, 2]) RETURNS text LANGUAGE sql AS 'SELECT prefix';
CREATE FUNCTION any_spread(VARIADIC "any") RETURNS integer LANGUAGE internal STABLE AS 'pg_num_nulls';
CREATE FUNCTION polymorphic(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION compatible(a anycompatible, b anycompatiblearray DEFAULT NULL) RETURNS anycompatible LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION defaults(a date DEFAULT '2020-01-01', b text = 'x' || 'y', c positive DEFAULT 3, d pair DEFAULT ROW(1, 'z'),
    e varchar(3) DEFAULT 'abc', f numeric DEFAULT 1, g timestamptz DEFAULT now(), h integer[] DEFAULT '{}', i pair[] DEFAULT NULL)
    RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION row_of(t) RETURNS t LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION rows_of() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
CREATE FUNCTION same_type(a t.label%TYPE) RETURNS t.id%TYPE LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION same_name(a integer, OUT b integer) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION chars(a "char", b bpchar, c character, d name, e bit varying(4), f interval day to second) RETURNS character varying LANGUAGE sql AS 'SELECT ''''::varchar';
CREATE FUNCTION window_like() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION internal_named() RETURNS bigint LANGUAGE internal WINDOW AS 'window_rank';
CREATE FUNCTION trigger_of() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RETURN NEW; -- it's "quoted" $1 \n
END
$body$;
CREATE FUNCTION event_of() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
