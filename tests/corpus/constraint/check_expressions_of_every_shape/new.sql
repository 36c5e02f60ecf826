CREATE TABLE t (
    a integer, b text, c varchar(9), d date, e jsonb, f integer[], g boolean, h numeric, i tsrange,
    CHECK (b IN ('x', 'y')), CHECK (b NOT IN ('x', 'y')), CHECK (c IN ('x')), CHECK (a IN (1, 2, 3)), CHECK (b LIKE 'a%'), CHECK (b NOT LIKE '%z'),
    CHECK (b ILIKE 'A_' ESCAPE '!'), CHECK (b SIMILAR TO '(a|b)+'), CHECK (b ~* '^x'), CHECK (a IS NOT DISTINCT FROM 1), CHECK (a IS DISTINCT FROM 2),
    CHECK ((a, h) = (1, 2)), CHECK ((a, h) < (1, 2)), CHECK (trim(b) <> ''), CHECK (substring(b FROM 2 FOR 3) <> 'q'), CHECK (extract(year FROM d) > 2000),
    CHECK (g IS TRUE OR g IS NOT UNKNOWN), CHECK (NOT g), CHECK (e ? 'k'), CHECK (e ->> 'k' = 'v'), CHECK (e @> '{"a": 1}'), CHECK (1 = ANY (f)),
    CHECK (f[1] > 0), CHECK (f[1:2] = '{1,2}'), CHECK (array_length(f, 1) = 3), CHECK (CASE a WHEN 1 THEN g WHEN 2 THEN NOT g ELSE true END),
    CHECK (COALESCE(a, 0) + NULLIF(a, 5) > GREATEST(1, 2)), CHECK (h::integer % 2 = 0), CHECK (-a < 5), CHECK (d AT TIME ZONE 'UTC' > '2000-01-01'),
    CHECK (upper(b) = b COLLATE "C"), CHECK (isfinite(d)), CHECK (i && tsrange('2000-01-01', NULL)), CHECK (position('a' IN b) > 0), CHECK (overlay(b PLACING 'x' FROM 1) = b),
    CHECK (a BETWEEN SYMMETRIC 10 AND 1), CHECK (b || 1 = 'x1'), CHECK (num_nonnulls(a, b, c) > 1), CHECK (b IS NOT NULL AND (a = 1 OR a = 2) AND NOT (a = 3 AND g))
);
