CREATE SCHEMA oracle;
CREATE SCHEMA app;
CREATE SCHEMA ext;
CREATE SCHEMA "Odd";
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION ltree SCHEMA ext;
CREATE EXTENSION cube SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA public;
CREATE EXTENSION intarray SCHEMA ext;
CREATE EXTENSION unaccent SCHEMA ext;
CREATE EXTENSION "uuid-ossp" SCHEMA ext;
CREATE EXTENSION pgcrypto SCHEMA public;
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE public.colour AS ENUM ('red', 'it''s', 'Green Blue');
CREATE TYPE "Odd"."select" AS ENUM ('a', 'b');
CREATE TYPE app.pair AS (a integer, b text);
CREATE TYPE app.nested AS (p app.pair, n numeric(10,2));
CREATE TYPE app.span AS RANGE (subtype = date);
CREATE DOMAIN app.posint AS integer CHECK (VALUE > 0);
CREATE DOMAIN app.email AS ext.citext CHECK (VALUE ~ '@');
CREATE DOMAIN app.code AS varchar(5) NOT NULL;
CREATE DOMAIN app.codes AS text[] CHECK (array_length(VALUE, 1) > 0);
CREATE DOMAIN app.posint2 AS app.posint DEFAULT 5;
CREATE COLLATION app.mycoll (provider = icu, locale = 'en');
CREATE FUNCTION app.f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.f(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.dflt(a integer, b integer DEFAULT 2, c text DEFAULT 'x') RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.vari(VARIADIC a integer[]) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.vari_text(sep text, VARIADIC a text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.poly(anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.poly_arr(anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE FUNCTION app.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION "Odd"."Func Name"(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION app.is_mood(app.mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION app.on_pair(app.pair) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
CREATE FUNCTION app.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT pg_catalog.now()';
CREATE FUNCTION app.noargs() RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION app.outs(a integer, OUT b integer, OUT c text) LANGUAGE sql IMMUTABLE AS 'SELECT 1, ''x''';
CREATE FUNCTION app.one_out(a integer, OUT b integer) LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.in_domain(app.posint) RETURNS app.posint LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.ambiguous(integer, bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.ambiguous(bigint, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.over_row(record) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
CREATE FUNCTION app.srf() RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE PROCEDURE app.proc(integer) LANGUAGE sql AS 'SELECT 1';
CREATE SEQUENCE app.numbers;
CREATE SEQUENCE public."Odd Numbers";
CREATE TABLE app.other (id integer, name text);
CREATE TABLE public.t (
    id integer, big bigint, num numeric(10,2), name text, vc character varying(20), mood app.mood, moods app.mood[], colour public.colour,
    sel "Odd"."select", pair app.pair, pairs app.pair[], nested app.nested, span app.span, pos app.posint, poss app.posint[], pos2 app.posint2,
    email app.email, code app.code, codes app.codes, ci ext.citext, ci2 ext.citext, cis ext.citext[], h ext.hstore, path ext.ltree, paths ext.ltree[],
    q ext.lquery, cu ext.cube, ints integer[], strs text[], other app.other, j jsonb, u uuid, d date, b boolean, cc text COLLATE app.mycoll, ts timestamptz
);
CREATE FUNCTION app.on_row(public.t) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION public.computed(public.t) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''::text';
