CREATE TABLE z (a bigint, b integer);
CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT sum(a)::bigint FROM z; END;
CREATE VIEW v AS SELECT f() AS s;
