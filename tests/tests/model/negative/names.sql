-- Relations, columns, functions, operators, types, schemas that are not there; names that say too much or too little.
SELECT * FROM nothing
SELECT * FROM public.nothing
SELECT * FROM nowhere.a
SELECT id FROM a, nothing
SELECT id FROM a JOIN nothing ON true
SELECT * FROM (SELECT * FROM nothing) q
SELECT 1 WHERE EXISTS (SELECT FROM nothing)
SELECT nothing FROM a
SELECT a.nothing FROM a
SELECT a.id, a.nothing FROM a WHERE a.id > 1
SELECT x.id FROM a
SELECT a.id FROM a AS x
SELECT public.a.nothing FROM a
SELECT app.a.id FROM a
SELECT public.a.id FROM app.a
SELECT b.id FROM a
SELECT nope.a.id FROM a
SELECT other.public.a.id FROM a
SELECT one.two.three.four.five FROM a
SELECT x.* FROM a
SELECT app.a.* FROM a
SELECT nothing.* FROM a, b
SELECT id FROM a, b
SELECT name FROM a JOIN b ON a.id = b.a_id
SELECT a.id FROM a JOIN b ON id = a_id
SELECT 1 FROM a, b WHERE name = 'x'
SELECT 1 FROM a, b ORDER BY name
SELECT 1 FROM a, b GROUP BY name
SELECT q.x FROM (SELECT 1 AS x, 2 AS x) q
SELECT x FROM (VALUES (1, 2)) v (x, x)
SELECT a.id FROM a, a
SELECT 1 FROM a, app.a, a
SELECT 1 FROM a, b AS a
SELECT 1 FROM a JOIN a ON true
SELECT 1 FROM a x JOIN (b x CROSS JOIN k) ON true
SELECT 1 FROM (SELECT 1) q, (SELECT 2) q
SELECT 1 FROM (a JOIN b ON true) AS j, k AS j
SELECT a.id FROM (a JOIN b ON true) AS j
SELECT id FROM a JOIN b USING (nothing)
SELECT 1 FROM a JOIN b USING (day)
SELECT 1 FROM a JOIN b USING (tags)
SELECT 1 FROM a JOIN b USING (id, id)
SELECT 1 FROM (a CROSS JOIN b) JOIN k ON true JOIN (SELECT 1 AS id) q USING (id)
SELECT 1 FROM (SELECT 1 AS x, 2 AS x) q JOIN k USING (x)
SELECT 1 FROM k JOIN (SELECT 1 AS x, 2 AS x) q USING (x)
SELECT 1 FROM k JOIN (SELECT true AS x) q USING (x)
SELECT 1 FROM (SELECT 1 AS x, 2 AS x) q NATURAL JOIN k
SELECT u.z FROM k JOIN k k2 USING (x, y) AS u
SELECT u.x FROM k JOIN k u USING (x) AS u
SELECT b.id FROM a JOIN LATERAL (SELECT b.id) q ON true, b
SELECT 1 FROM a, (SELECT a.id) q
SELECT 1 FROM b, (SELECT id FROM a WHERE b.id = 1) q
SELECT 1 FROM a RIGHT JOIN LATERAL (SELECT a.id) q ON true
SELECT 1 FROM a FULL JOIN LATERAL (SELECT a.id) q ON true
SELECT 1 FROM a JOIN b ON k.x = 1, k
SELECT 1 FROM a JOIN b ON b.id = c.id JOIN k c ON true
SELECT 1 FROM k JOIN a ON a.id = b.id, b
SELECT * FROM a (one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen)
SELECT * FROM (SELECT 1, 2) q (x, y, z)
SELECT * FROM (a JOIN b ON true) j (x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19, x20)
SELECT * FROM k x (p) WHERE x.x = 1
SELECT * FROM generate_series(1, 2) g (x, y)
SELECT g.y FROM generate_series(1, 2) g (x)
SELECT nothing(1)
SELECT nothing(id) FROM a
SELECT public.nothing(1)
SELECT nowhere.f(1)
SELECT one.two.three.f(1)
SELECT f()
SELECT f(1, 2)
SELECT f(true)
SELECT f(id, name) FROM a
SELECT lower(1)
SELECT lower(id) FROM a
SELECT upper(tags) FROM a
SELECT length(id) FROM a
SELECT round('x', name) FROM a
SELECT pg_catalog.lower(d) FROM a
SELECT 1 WHERE f(1) = nothing(2)
SELECT * FROM nothing(1)
SELECT * FROM f(1, 2, 3)
SELECT * FROM nowhere.srf(1)
SELECT amb(1, 2)
SELECT amb(id, id) FROM a
SELECT amb('1', '2')
SELECT poly('a', 1::text, 2)
SELECT f(a) FROM a
SELECT two()
SELECT two(1, 'x', 2, 3)
SELECT two(a => 1, d => 2)
SELECT two(1, a => 2)
SELECT two(b => 'x')
SELECT two(a => 1, a => 2)
SELECT two(b => 'x', 1)
SELECT two(1, c => 'x'::text)
SELECT vari('x'::text)
SELECT vari(VARIADIC 1)
SELECT vari(VARIADIC ARRAY['x'])
SELECT vari(1, VARIADIC ARRAY[1])
SELECT f(VARIADIC ARRAY[1])
SELECT 1 + 'x'::text
SELECT id + name FROM a
SELECT name + 1 FROM a
SELECT d + d FROM a
SELECT d + ts FROM a
SELECT name || id || flag = 3 FROM a
SELECT - name FROM a
SELECT + flag FROM a
SELECT @ name FROM a
SELECT 1 <~> 2
SELECT <~> 2
SELECT 1 OPERATOR(nowhere.+) 2
SELECT 1 OPERATOR(public.+) 2
SELECT id OPERATOR(pg_catalog.<~>) 2 FROM a
SELECT id = name FROM a
SELECT id = flag FROM a
SELECT flag > 1 FROM a
SELECT 1 WHERE 'a'::text > 1
SELECT j = 'x'::text FROM a
SELECT j -> true FROM a
SELECT x = x FROM b
SELECT pt = pt FROM b
SELECT x < x FROM b
SELECT tags = ARRAY[1] FROM a
SELECT tags @> ARRAY[1] FROM a
SELECT m = 'ok'::text FROM a
SELECT m = 1 FROM a
SELECT p = 1 FROM a
SELECT '1' + '2' || true = 1.5
SELECT '1'::unknown + '2'::unknown
SELECT id LIKE 'x' FROM a
SELECT name LIKE 1 FROM a
SELECT d ~ 'x' FROM a
SELECT id SIMILAR TO 'x' FROM a
SELECT flag BETWEEN 1 AND 2 FROM a
SELECT id BETWEEN 'x'::text AND 2 FROM a
SELECT id IN ('x'::text) FROM a
SELECT id IN (1, 'x'::text) FROM a
SELECT id NOT IN (1, true) FROM a
SELECT id = ANY (1) FROM a
SELECT id = ANY (tags) FROM a
SELECT id > ALL (ARRAY['x'::text]) FROM a
SELECT id = ANY (name) FROM a
SELECT name || ANY (tags) FROM a
SELECT id + ANY (ARRAY[1]) FROM a
SELECT 1::nothing
SELECT 1::public.nothing
SELECT 1::nowhere.integer
SELECT CAST(id AS nothing) FROM a
SELECT id::nothing[] FROM a
SELECT nothing 'x'
SELECT 'x'::a.nothing
SELECT 1::integer(5)
SELECT 'x'::text(5)
SELECT 'x'::character varying(0)
SELECT 'x'::character varying(10485761)
SELECT 1::numeric(0)
SELECT 1::numeric(1001)
SELECT 1::numeric(5, 2, 1)
SELECT 'x'::bit(0)
SELECT now()::timestamp(-1)
SELECT name COLLATE nothing FROM a
SELECT name COLLATE nowhere."C" FROM a
SELECT id COLLATE "C" FROM a
SELECT (name COLLATE "C") < (name COLLATE "POSIX") FROM a
SELECT max(name COLLATE "C" || name COLLATE "POSIX") FROM a
SELECT (id).x FROM a
SELECT (p).nothing FROM a
SELECT (a).nothing FROM a
SELECT (p).x.y FROM a
SELECT (name).length FROM a
SELECT a.nothing.more FROM a
SELECT (f(1)).x
SELECT (outs(1)).z
SELECT (ROW(1, 2)).f3
SELECT (ROW(1, 2)).x
SELECT (id).* FROM a
SELECT (p).x.* FROM a
SELECT (anon()).*
SELECT id[1] FROM a
SELECT name[1:2] FROM a
SELECT tags['x'] FROM a
SELECT tags[true] FROM a
SELECT tags[1:'x'::text] FROM a
SELECT j[1.5::float8] FROM a
SELECT j[1:2] FROM a
SELECT (p)[1] FROM a
SELECT d[1] FROM a
SELECT tags[1].x FROM a
SELECT $1
SELECT id FROM a WHERE id = $1
SELECT a.ctid, a.nothing FROM a
SELECT id FROM s, a WHERE s.nothing = 1
SELECT CURRENT_DATE(3)
SELECT nextval(1)
SELECT nextval('nothing')
SELECT 'nothing'::regclass
SELECT 'nothing'::regtype
SELECT 'nothing'::regproc
SELECT 'nothing(integer)'::regprocedure
SELECT 'amb'::regproc
SELECT EXTRACT(nothing FROM ts) FROM a
SELECT EXTRACT(year FROM name) FROM a
SELECT OVERLAY(id PLACING 'x' FROM 1) FROM a
SELECT POSITION('x' IN id) FROM a
SELECT SUBSTRING(id FROM 1) FROM a
SELECT TRIM(id) FROM a
SELECT name IS NORMALIZED, id IS NORMALIZED FROM a
SELECT NORMALIZE(id) FROM a
SELECT ts AT TIME ZONE 1 FROM a
SELECT (d, d) OVERLAPS (1, 2) FROM a
-- the relation of a sequence has columns, and no row type
SELECT nothing FROM s
SELECT s.nothing FROM s
SELECT s FROM s
SELECT s.* FROM s WHERE s IS NULL
SELECT last_value.x FROM s
SELECT other.public.a.id FROM a
SELECT other.public.a.* FROM a
SELECT * FROM other.public.a
SELECT other.pg_catalog.lower('x')
SELECT 1::other.public.mood
SELECT 1 OPERATOR(other.pg_catalog.+) 1
