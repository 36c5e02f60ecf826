CREATE FUNCTION add(bigint, integer) RETURNS bigint LANGUAGE sql AS 'SELECT $1 + $2';
CREATE AGGREGATE returns_more(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE renamed_argument(after integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE to_ordered(ORDER BY integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE becomes_aggregate(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
COMMENT ON AGGREGATE returns_more(integer) IS 'stays';
