CREATE SCHEMA ext;
CREATE SCHEMA "Other";
CREATE EXTENSION citext WITH SCHEMA ext;
CREATE EXTENSION hstore WITH SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;
CREATE TABLE t (
    a ext.citext CHECK (a OPERATOR(ext.<>) 'x'::ext.citext),
    b ext.hstore DEFAULT ext.hstore('k', 'v'),
    c ext.citext[],
    d text
);
CREATE INDEX t_trigrams ON t USING gin (d ext.gin_trgm_ops);
CREATE FUNCTION f(ext.citext, b ext.hstore DEFAULT NULL) RETURNS SETOF ext.citext LANGUAGE sql AS 'SELECT $1';
CREATE DOMAIN word AS ext.citext CHECK (VALUE OPERATOR(ext.~) '^\w+$');
ALTER EXTENSION citext SET SCHEMA "Other";
ALTER EXTENSION pg_trgm SET SCHEMA public;
