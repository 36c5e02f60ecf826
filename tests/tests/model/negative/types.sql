-- Types that do not fit, literals that their types do not read.
SELECT 'x'::integer
SELECT '1.5'::integer
SELECT integer 'x'
SELECT id = 'x' FROM a
SELECT id + 'x' FROM a
SELECT id IN (1, 'x') FROM a
SELECT id BETWEEN 1 AND 'x' FROM a
SELECT 1 WHERE 'maybe'
SELECT flag = 'maybe' FROM a
SELECT flag AND 'maybe' FROM a
SELECT '2001-13-01'::date
SELECT '2001-02-30'::date
SELECT 'yesterdayish'::timestamp
SELECT d = 'x' FROM a
SELECT d > '2001-99-99' FROM a
SELECT '25:00:00'::time
SELECT 'a while'::interval
SELECT ts + 'a while' FROM a
SELECT '99999999999'::integer
SELECT '40000'::smallint
SELECT '99999999999999999999'::bigint
SELECT 'x'::numeric
SELECT '1e5000000'::numeric
SELECT 'x'::float8
SELECT '1e400'::float8
SELECT '{1,2'::integer[]
SELECT '{1,x}'::integer[]
SELECT '{{1},{2,3}}'::integer[]
SELECT '1,2'::integer[]
SELECT tags = '{a' FROM a
SELECT tags || '{a' FROM a
SELECT '{bad json}'::json
SELECT '{"a": }'::jsonb
SELECT j @> 'x' FROM a
SELECT j = '{' FROM a
SELECT 'glad'::mood
SELECT m = 'glad' FROM a
SELECT m IN ('ok', 'glad') FROM a
SELECT CASE m WHEN 'glad' THEN 1 END FROM a
SELECT 'x'::uuid
SELECT 'x'::inet
SELECT '1.2.3.4/33'::cidr
SELECT '10.0.0.1/8'::cidr
SELECT 'x'::macaddr
SELECT 'x'::point
SELECT '(1,2'::box
SELECT '[1,2'::int4range
SELECT '[5,1]'::int4range
SELECT 'x'::floatrange
SELECT '(x,2)'::pair
SELECT '(1,2,3)'::pair
SELECT '\xzz'::bytea
SELECT '102'::bit(3)
SELECT '10'::bit(3)
SELECT B'12'
SELECT X'1g'
SELECT '<a'::xml
SELECT xml '<a></b>'
SELECT '$.'::jsonpath
SELECT 'a &'::tsquery
SELECT 'x'::boolean
SELECT '-1'::oid + 'x'
SELECT id::date FROM a
SELECT d::integer FROM a
SELECT flag::numeric FROM a
SELECT j::date FROM a
SELECT tags::integer FROM a
SELECT id::text[] FROM a
SELECT id::pair FROM a
SELECT p::integer FROM a
SELECT p::a FROM a
SELECT m::integer FROM a
SELECT id::mood FROM a
SELECT ROW(1, 2, 3)::pair
SELECT ROW(1)::pair
SELECT ROW(true, 'x')::pair
SELECT ROW('x', 'x')::pair
SELECT ROW(1, 2)::integer
SELECT pt::text::integer::date FROM b
SELECT x::integer FROM b
SELECT ts::time::date FROM a
SELECT id::anyelement FROM a
SELECT id::record FROM a
SELECT 'x'::record
SELECT 'x'::anyarray
SELECT 'x'::cstring::integer::trigger
SELECT CASE WHEN id THEN 1 END FROM a
SELECT CASE WHEN flag THEN 1 ELSE 'x' END FROM a
SELECT CASE WHEN flag THEN id ELSE name END FROM a
SELECT CASE id WHEN 'x' THEN 1 END FROM a
SELECT CASE id WHEN name THEN 1 END FROM a
SELECT CASE WHEN 'x' THEN 1 END
SELECT CASE name WHEN 1 THEN 2 END FROM a
SELECT COALESCE(id, name) FROM a
SELECT COALESCE(id, 'x') FROM a
SELECT COALESCE(1, true)
SELECT COALESCE(tags, 1) FROM a
SELECT GREATEST(id, name) FROM a
SELECT GREATEST(1, 'x')
SELECT GREATEST(x, x) FROM b
SELECT LEAST(id, d) FROM a
SELECT LEAST(pt, pt) FROM b
SELECT NULLIF(id, name) FROM a
SELECT NULLIF(id, 'x') FROM a
SELECT NULLIF(x, x) FROM b
SELECT ARRAY[1, 'x']
SELECT ARRAY[id, name] FROM a
SELECT ARRAY[1, ARRAY[2]]
SELECT ARRAY[ARRAY[1], 2]
SELECT ARRAY[]
SELECT ARRAY[NULL, 1, true]
SELECT ARRAY[]::integer
SELECT ARRAY[1, 2]::pair
SELECT ARRAY['x', 'y']::integer[]
SELECT ARRAY[ROW(1, 2), 3]
SELECT ARRAY(SELECT 1, 2)
SELECT id IS TRUE FROM a
SELECT name IS NOT UNKNOWN FROM a
SELECT 'x' IS TRUE
SELECT NOT id FROM a
SELECT flag AND id FROM a
SELECT id OR flag FROM a
SELECT name AND flag FROM a
SELECT id IS DISTINCT FROM name FROM a
SELECT x IS DISTINCT FROM x FROM b
SELECT id IS NOT DISTINCT FROM 'x' FROM a
SELECT (1, 2) = (1, 2, 3)
SELECT (1, 2) = (1, 'x'::text)
SELECT (1, 'x') < (2, 3)
SELECT (id, name) = (name, id) FROM a
SELECT (1, 2) + (3, 4)
SELECT () = ()
SELECT ROW() = ROW()
SELECT (1, 2) IN ((1, 2), (3, 4, 5))
SELECT (1, 2) IN ((1, 'x'))
SELECT (1, 2) LIKE (3, 4)
SELECT (x, 1) < (x, 2) FROM b
SELECT (pt, pt) = (pt, pt) FROM b
SELECT ROW(1, 2) IS DISTINCT FROM ROW(1, 2, 3)
SELECT ROW(1, 2) IS DISTINCT FROM ROW(1, 'x'::text)
SELECT 1 WHERE 1
SELECT 1 WHERE id FROM a
SELECT 1 FROM a WHERE id
SELECT 1 FROM a WHERE name
SELECT 1 FROM a WHERE NULL::text
SELECT 1 FROM a JOIN b ON a.id
SELECT 1 FROM a JOIN b ON b.name
SELECT count(*) FROM a HAVING 1
SELECT count(*) FROM a HAVING 'x'
SELECT count(*) FILTER (WHERE id) FROM a
SELECT 1 FROM a LIMIT 'x'
SELECT 1 FROM a LIMIT true
SELECT 1 FROM a LIMIT id
SELECT 1 FROM a LIMIT (SELECT a.id)
SELECT 1 FROM a OFFSET name
SELECT 1 FROM a OFFSET 'x'
SELECT 1 FROM a OFFSET d
SELECT 1 FROM a LIMIT count(*)
SELECT 1 FROM a ORDER BY 1 FETCH FIRST 'x' ROWS ONLY
SELECT 1 FROM a FETCH FIRST 1 ROW WITH TIES
SELECT 1 FROM a ORDER BY id FETCH FIRST NULL ROWS WITH TIES
SELECT 1 FROM a ORDER BY id FOR UPDATE SKIP LOCKED FETCH FIRST 1 ROW WITH TIES
SELECT poly(1, 'x'::text)
SELECT poly(1, 'x')
SELECT poly('x', 'y')
SELECT poly(NULL, NULL)
SELECT polyarray(1, 2)
SELECT polyarray(ARRAY[1], 'x'::text)
SELECT polyarray('{1}', 'x')
SELECT polyarray(NULL, 1.5, 2)
SELECT array_append(tags, 1) FROM a
SELECT array_append(1, 1)
SELECT array_cat(ARRAY[1], ARRAY['x'])
SELECT tags || 1 FROM a
SELECT unnest(1)
SELECT unnest('x')
SELECT unnest(name) FROM a
SELECT generate_series('a', 'b')
SELECT generate_series(1, d) FROM a
SELECT lower_inc(1)
SELECT concat()
SELECT format()
SELECT format(VARIADIC 1)
SELECT jsonb_build_object(VARIADIC 'x'::text)
SELECT date_trunc('year', name) FROM a
SELECT to_char(name, 'x') FROM a
SELECT id::posint::mood FROM a
SELECT 'x'::posint
SELECT name::posint::date FROM a
SELECT posint 'x'
SELECT 'x'::posint[]
SELECT d = id::posint FROM a
SELECT d::short::integer::pair FROM a
SELECT 1.5::float8 % 2
SELECT name ^ 2 FROM a
SELECT d * 2 FROM a
SELECT d - name FROM a
SELECT interval '1 day' * interval '1 day'
SELECT interval(9) 'x'
SELECT 1 / flag FROM a
SELECT !id FROM a
SELECT pt <-> 1 FROM b
SELECT 'a' < 1
SELECT 'a' + 1
SELECT 1.5 = 'x'
SELECT now() > 'x'
SELECT CURRENT_USER = 1
