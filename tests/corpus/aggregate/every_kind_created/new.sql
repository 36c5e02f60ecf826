CREATE FUNCTION add(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION sub(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE FUNCTION as_text(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION as_text_extra(bigint, integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE AGGREGATE public.total(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE counted(*) (SFUNC = int8inc, STYPE = int8, INITCOND = 0, SSPACE = 8, PARALLEL = SAFE);
CREATE AGGREGATE moving(value integer) (
    SFUNC = add, STYPE = bigint, FINALFUNC = as_text, FINALFUNC_MODIFY = SHAREABLE, INITCOND = '1',
    MSFUNC = add, MINVFUNC = sub, MSTYPE = bigint, MSSPACE = 16, MFINALFUNC = as_text_extra, MFINALFUNC_EXTRA,
    MFINALFUNC_MODIFY = READ_WRITE, MINITCOND = '0', COMBINEFUNC = int8pl, PARALLEL = RESTRICTED
);
CREATE AGGREGATE least_one(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
CREATE AGGREGATE greatest_one(integer) (SFUNC = pg_catalog.int4larger, STYPE = integer, SORTOP = OPERATOR(pg_catalog.>));
CREATE AGGREGATE old_style (BASETYPE = integer, SFUNC1 = int4pl, STYPE1 = integer, INITCOND1 = '7');
CREATE AGGREGATE old_style_none (BASETYPE = 'ANY', SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE AGGREGATE average(double precision) (
    SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, COMBINEFUNC = float8_combine, INITCOND = '{0,0,0}'
);
CREATE AGGREGATE average_of_numbers(numeric) (
    SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, COMBINEFUNC = numeric_avg_combine,
    SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize
);
