CREATE TYPE r AS RANGE (subtype = integer, subtype_diff = int4range_subdiff, multirange_type_name = rs);
COMMENT ON TYPE r IS 'numbers';
CREATE TABLE t (id integer, x r DEFAULT r(1, 2) NOT NULL, xs r[] DEFAULT ARRAY[r(1, 2)], m rs DEFAULT '{[1,2)}', EXCLUDE USING gist (x WITH &&), CHECK (NOT isempty(x)));
CREATE INDEX t_xs ON t (xs);
CREATE INDEX t_lower ON t (lower(x));
CREATE TABLE child (more r) INHERITS (t);
CREATE FUNCTION f(r) RETURNS integer LANGUAGE sql AS 'SELECT 1';
