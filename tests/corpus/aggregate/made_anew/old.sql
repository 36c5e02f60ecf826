CREATE AGGREGATE returns_more(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE renamed_argument(before integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE to_ordered(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE FUNCTION becomes_aggregate(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
COMMENT ON AGGREGATE returns_more(integer) IS 'stays';
COMMENT ON FUNCTION becomes_aggregate(integer) IS 'goes';
