CREATE TABLE t (
    a smallint, b integer, c bigint, d real, e double precision, f numeric, g numeric(10), h numeric(10,2), i numeric(3,3),
    j char, k char(5), l varchar, m varchar(20), n text, o bytea, p boolean, q date, r time, s time(2), t timetz(3),
    u timestamp, v timestamp(0), w timestamptz(6), x interval, y interval year to month, z interval second(3), aa interval(2),
    ab uuid, ac json, ad jsonb, ae xml, af inet, ag cidr, ah macaddr, ai macaddr8, aj bit, ak bit(8), al bit varying, am bit varying(5),
    an money, ao point, ap line, aq lseg, ar box, at path, au polygon, av circle, aw tsvector, ax tsquery, ay int4range, az tstzmultirange,
    ba oid, bb regclass, bc "char", bd name, be integer[], bf text[][], bg varchar(10)[], bh numeric(4,1)[3], bi pg_lsn, bj jsonpath, bk int8range[],
    bl character varying(3) COLLATE "C", bm nchar(2), bn dec(5), bo float(10), bp float(30)
);
