CREATE AGGREGATE a1(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE a2(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE a3(integer) (SFUNC = add, STYPE = bigint);
CREATE AGGREGATE a4(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE a5(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE a6(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0', PARALLEL = RESTRICTED);
CREATE AGGREGATE a7(integer) (SFUNC = int4smaller, STYPE = integer);
CREATE AGGREGATE a8(integer) (SFUNC = add, STYPE = bigint, INITCOND = '0');
