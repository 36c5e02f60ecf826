CREATE SCHEMA app;
CREATE TYPE pair AS (a integer, b integer);
CREATE FUNCTION keep(pair, pair) RETURNS pair LANGUAGE sql AS 'SELECT $2';
CREATE AGGREGATE last_pair(pair) (SFUNC = keep, STYPE = pair);
