CREATE AGGREGATE a1(integer) (SFUNC = add_twice, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE a2(integer) (SFUNC = number_add, STYPE = numeric, FINALFUNC = number_half, INITCOND = '0');
CREATE AGGREGATE a3(integer) (SFUNC = add, STYPE = bigint, INITCOND = '1', SSPACE = 64);
CREATE AGGREGATE a4(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0', FINALFUNC = half, FINALFUNC_MODIFY = READ_WRITE);
CREATE AGGREGATE a5(integer) (
    SFUNC = add, STYPE = bigint, INITCOND = '0', MSFUNC = add, MINVFUNC = sub, MSTYPE = bigint, MINITCOND = '0'
);
CREATE AGGREGATE a6(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0', COMBINEFUNC = int8pl, PARALLEL = SAFE);
CREATE AGGREGATE a7(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
CREATE AGGREGATE a8(value integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
