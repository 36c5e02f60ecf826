CREATE FUNCTION helper() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION seven() RETURNS integer LANGUAGE sql AS 'SELECT helper() + 6';
CREATE TABLE t (a integer DEFAULT seven(), b integer DEFAULT seven() NOT NULL);
