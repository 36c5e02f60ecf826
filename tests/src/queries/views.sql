SELECT * FROM a
SELECT a.*, 1 AS one, 'x' AS lit, NULL AS nothing FROM a WHERE id > 3 AND name = 'x'
SELECT name, upper(name), n + 1, v || 'x', id::text, CASE WHEN flag THEN 1 ELSE 2 END, j->'a', j->>'b', now(), current_date FROM a
SELECT a.name, b.name AS bname, amount FROM a JOIN b ON a.id = b.a_id
SELECT * FROM a JOIN b USING (id)
SELECT * FROM a LEFT JOIN b USING (id, name)
SELECT * FROM a RIGHT JOIN b USING (id, name)
SELECT * FROM a FULL JOIN b USING (id, name)
SELECT id, name FROM a FULL JOIN b USING (id, name) WHERE name = 'x'
SELECT * FROM a NATURAL JOIN b
SELECT * FROM (a JOIN b USING (id)) AS q (k, l)
SELECT q.id, q.name, q FROM (a JOIN t ON a.id = t.k) AS q
SELECT z.id, z.* FROM a JOIN b USING (id) AS z
SELECT a, b.* FROM a CROSS JOIN b
SELECT x.id, y.cnt FROM a x, LATERAL (SELECT count(*) AS cnt FROM b WHERE b.a_id = x.id) y
SELECT * FROM (SELECT id, name FROM a) s (p)
SELECT (SELECT max(id) FROM b), (SELECT name FROM b WHERE b.id = a.id) AS bn, EXISTS (SELECT 1 FROM b), ARRAY(SELECT v FROM a a2) FROM a
SELECT id FROM a WHERE id IN (SELECT a_id FROM b) AND name NOT IN (SELECT name FROM b) AND id > ALL (SELECT id FROM b) AND (id, name) = ANY (SELECT id, name FROM b)
SELECT id FROM a WHERE (id, name) < (SELECT id, name FROM b LIMIT 1)
SELECT count(*), sum(id), avg(n), max(name), min(v), string_agg(name, ',' ORDER BY id DESC), array_agg(DISTINCT v), count(*) FILTER (WHERE flag) FROM a
SELECT name, count(*) AS c FROM a GROUP BY name HAVING count(*) > 1 ORDER BY c DESC, name
SELECT name, v, sum(n) FROM a GROUP BY 1, 2 ORDER BY 3
SELECT a.id, a.name, a.v, count(b.id) FROM a LEFT JOIN b ON b.a_id = a.id GROUP BY a.id
SELECT name, v, count(*), grouping(name, v) FROM a GROUP BY ROLLUP (name, v)
SELECT name, v, count(*) FROM a GROUP BY GROUPING SETS ((name), (v), ()), id
SELECT name, v, flag FROM a GROUP BY CUBE (name, (v, flag))
SELECT id, upper(name) FROM a FULL JOIN b USING (id, name) GROUP BY id, upper(name)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n), mode() WITHIN GROUP (ORDER BY name), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY id) FROM a
SELECT rank(3, 'x') WITHIN GROUP (ORDER BY id, name) FROM a
SELECT (SELECT sum(a.id) FROM b) FROM a GROUP BY a.name
SELECT (SELECT sum(a.id + b.id) FROM b) FROM a
SELECT id, row_number() OVER (ORDER BY id), rank() OVER w, sum(n) OVER (PARTITION BY name ORDER BY ts RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW), lag(name, 1, 'x'::text) OVER w FROM a WINDOW w AS (PARTITION BY v ORDER BY id)
SELECT sum(id) OVER (w ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES), first_value(id) OVER (ORDER BY d RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING), ntile(4) OVER (ORDER BY id) FROM a WINDOW w AS (ORDER BY id)
SELECT count(*) OVER (), sum(count(*)) OVER (ORDER BY name GROUPS 2 PRECEDING) FROM a GROUP BY name
SELECT DISTINCT name, v FROM a ORDER BY v
SELECT DISTINCT ON (name) name, id, ts FROM a ORDER BY name, ts DESC NULLS LAST
SELECT id FROM a ORDER BY name USING >, v COLLATE "C", n DESC LIMIT 10 OFFSET 2
SELECT id FROM a ORDER BY id FETCH FIRST 3 ROWS WITH TIES
SELECT id, name FROM a UNION SELECT id, name FROM b
SELECT id, 'x' FROM a UNION ALL SELECT 2.5, NULL ORDER BY 1
SELECT 'x' UNION SELECT 'y'
SELECT NULL UNION SELECT NULL UNION SELECT 1
SELECT n FROM a UNION ALL SELECT n FROM a EXCEPT SELECT amount FROM b INTERSECT SELECT 1 ORDER BY n
(SELECT id FROM a ORDER BY id LIMIT 1) UNION (SELECT id FROM b LIMIT 2) LIMIT 5
VALUES (1, 'x'), (2.5, NULL)
SELECT * FROM (VALUES (1, 'a', NULL), (2, 'b', '2020-01-01'::date)) AS v (one, two)
WITH q AS (SELECT id, name FROM a) SELECT * FROM q JOIN q q2 USING (id)
WITH q (x, y) AS MATERIALIZED (SELECT id, 'lit' FROM a), r AS NOT MATERIALIZED (SELECT x FROM q) SELECT q.*, r.x AS rx FROM q, r
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT * FROM r
WITH RECURSIVE up AS (SELECT * FROM base), base AS (SELECT id FROM a) SELECT * FROM up
WITH RECURSIVE tree AS (SELECT k, parent, label FROM t UNION ALL SELECT t.k, t.parent, t.label FROM t JOIN tree ON t.parent = tree.k) SEARCH DEPTH FIRST BY k SET ord SELECT k, label FROM tree ORDER BY ord
WITH RECURSIVE tree AS (SELECT k, parent FROM t UNION ALL SELECT t.k, t.parent FROM t JOIN tree ON t.parent = tree.k) CYCLE k SET is_cycle USING path SELECT k, is_cycle FROM tree
SELECT * FROM generate_series(1, 3)
SELECT g, g.g AS gg FROM generate_series(1, 3) AS g
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS s (v, o)
SELECT * FROM pairs(1)
SELECT p, p.x FROM pairs(1) p
SELECT * FROM rows_of_a() r WHERE r.id = 1
SELECT r FROM rows_of_a() r
SELECT * FROM anon() AS (p integer, q text)
SELECT * FROM ROWS FROM (generate_series(1, 3), pairs(2), anon() AS (p integer, q text COLLATE "C")) WITH ORDINALITY
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS u (x, y)
SELECT a.id, u FROM a, unnest(a.tags) AS u
SELECT * FROM both_of(1.5)
SELECT (both_of('x'::text)).*, (pairs(1)).y
SELECT unnest(tags), generate_series(1, 2) FROM a
SELECT * FROM a TABLESAMPLE bernoulli (10) REPEATABLE (3)
SELECT x.* FROM b, XMLTABLE('/r' PASSING b.x COLUMNS n FOR ORDINALITY, v text PATH 'v' NOT NULL, w numeric(5,1) DEFAULT 0) AS x
SELECT id FROM a FOR UPDATE OF a SKIP LOCKED
SELECT s.id FROM (SELECT id FROM a) s FOR SHARE
SELECT (q.r).id, (q.r).name, (q.r).* FROM (SELECT a AS r FROM a) q
SELECT (r).f1, (r).f2 FROM (SELECT ROW(1, 'x'::text) AS r) q
SELECT (q).id FROM (SELECT id, name FROM a) q
SELECT count(DISTINCT (id, name)), json_agg(a), jsonb_object_agg(name, id), every(flag), bit_or(id) FROM a
SELECT extract(year FROM ts), date_trunc('day', ts), ts AT TIME ZONE 'UTC', trim(name), substring(name FROM 2), position('a' IN name), coalesce(name, v), greatest(id, n), nullif(name, 'x') FROM a
SELECT EXISTS (SELECT) FROM a
SELECT FROM a
SELECT a.id, (SELECT array_agg(x.id ORDER BY x.id) FROM (SELECT b.id FROM b WHERE b.a_id = a.id UNION SELECT a.id) x) FROM a
SELECT c, min(c), max(name COLLATE "C"), c || name COLLATE "POSIX" FROM a GROUP BY c
SELECT d.day, sum(b.amount) OVER (PARTITION BY d.day) FROM (SELECT generate_series('2020-01-01'::date, '2020-02-01', '1 day')::date AS day) d LEFT JOIN b ON b.day = d.day
TABLE a
SELECT FROM a WHERE flag
SELECT 1
SELECT 1 AS one, 'x'::text AS "Two", NULL::integer AS "select"
SELECT a.* FROM a
SELECT id AS name, name AS id FROM a ORDER BY id
SELECT id AS name, name AS id FROM a ORDER BY 1, a.id
SELECT upper(name) AS name FROM a ORDER BY a.name, upper(name)
SELECT name || 'x' AS name, id FROM a GROUP BY a.name, id ORDER BY a.name
SELECT x.id, y.id AS yid FROM a x, a y WHERE x.id = y.id
SELECT a.id FROM a, a AS a_1, b WHERE a.id = a_1.id AND a.id = b.id
SELECT (SELECT a.id FROM a LIMIT 1) AS inner_id, a.name FROM a
SELECT id, (SELECT count(*) FROM a x WHERE x.id < a.id) AS before FROM a
SELECT id FROM a WHERE EXISTS (SELECT 1 FROM a a2 WHERE a2.id = a.id + 1)
SELECT id FROM a WHERE EXISTS (SELECT * FROM b WHERE b.id = a.id)
SELECT id FROM a WHERE NOT EXISTS (SELECT b.name, 1, 2 AS two FROM b)
SELECT id FROM a WHERE id = ANY (ARRAY(SELECT b.id FROM b))
SELECT id FROM a WHERE id = ANY ((SELECT array_agg(b.id) FROM b)::integer[])
SELECT id FROM a WHERE id = ANY ((SELECT ARRAY[1, 2])::int[])
SELECT id FROM a WHERE name LIKE ANY (SELECT b.name FROM b)
SELECT id FROM a WHERE id <> ALL (SELECT b.id FROM b)
SELECT id FROM a WHERE (id, name) IN (SELECT id, name FROM b)
SELECT id FROM a WHERE (id, name) NOT IN (SELECT id, name FROM b)
SELECT id FROM a WHERE (id, name) <> ALL (SELECT id, name FROM b)
SELECT id FROM a WHERE (id, name) >= ALL (SELECT id, name FROM b)
SELECT id FROM a WHERE (id, name) = (SELECT id, name FROM b LIMIT 1)
SELECT id FROM a WHERE ROW(id) = ANY (SELECT id FROM b)
SELECT id FROM a WHERE id + 1 IN (SELECT id FROM b UNION SELECT 3)
SELECT CASE WHEN flag THEN 1 ELSE 2 END AS first, id, CASE id WHEN 1 THEN 'one' WHEN 2 THEN 'two' END AS word, name FROM a
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM b) THEN CASE WHEN flag THEN 1 END ELSE (SELECT max(id) FROM b) END AS deep FROM a
SELECT id FROM a WHERE CASE WHEN flag THEN id > 1 ELSE id < 1 END
SELECT (CASE WHEN flag THEN a.tags END)[1] AS t1, COALESCE(CASE WHEN flag THEN 1 END, 2) AS c FROM a
SELECT CASE WHEN flag THEN name END COLLATE "C" AS n FROM a
SELECT CASE WHEN flag THEN name END::varchar(3) AS n FROM a
SELECT a FROM a
SELECT a.*::a AS whole, a.id FROM a
SELECT x FROM a x WHERE x IS NOT NULL
SELECT row_to_json(a) AS j FROM a
SELECT row_to_json(s) AS j FROM (SELECT id, name FROM a) s
SELECT count(a) AS c, count(b.*) AS d FROM a LEFT JOIN b ON b.id = a.id
SELECT ROW(a.*, 1) AS r FROM a
SELECT ROW(a, 1) AS r, ROW(1, 'x') AS s FROM a
SELECT (a).id, (a.*).name FROM a
SELECT ctid, tableoid, xmin FROM a
SELECT tableoid::regclass AS rel, a.ctid FROM a, b
SELECT * FROM gone
SELECT g.* FROM gone g
SELECT * FROM gone AS g (x, y)
SELECT * FROM gone AS g (x, y, z)
SELECT g FROM gone AS g (x, y, z)
SELECT * FROM gone JOIN a ON a.id = gone.one
SELECT * FROM (gone JOIN a ON a.id = gone.one) AS j (p, q, r, s)
SELECT * FROM wide
SELECT * FROM wide w1 (c2, c1, x)
SELECT w.c40, w2.c1 FROM wide w JOIN wide w2 USING (c2, c3)
SELECT * FROM wide w JOIN wide w2 USING (c40, c1) WHERE w.c2 = 1 AND false
SELECT * FROM (wide JOIN a ON a.id = wide.c1) AS j
SELECT "Col", "select", "order", "a""b" FROM "Odd Table"
SELECT "Odd Table"."Col" AS "x y", o.id FROM "Odd Table", old o
SELECT * FROM old
SELECT old.id, o.note FROM old, old o
SELECT id AS old, note AS new FROM old old
SELECT new.id FROM old new
SELECT * FROM ONLY t
SELECT * FROM ONLY t x
SELECT * FROM child
SELECT t.*, c.extra FROM ONLY t, child c
SELECT child.*::child::t AS up FROM child
SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.id = b.a_id
SELECT a.id, b.id AS bid FROM a RIGHT JOIN b ON a.id = b.a_id AND b.day > a.d
SELECT a.id, b.id AS bid FROM a FULL JOIN b ON a.id = b.id
SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON true
SELECT a.id, b.id AS bid FROM a NATURAL LEFT JOIN b
SELECT a.id FROM a NATURAL JOIN wide
SELECT a.id FROM a NATURAL LEFT JOIN wide
SELECT a.id FROM a CROSS JOIN b CROSS JOIN t
SELECT a.id FROM a, b CROSS JOIN t, old
SELECT a.id, t.k FROM a JOIN (b JOIN t ON b.id = t.k) ON a.id = b.id
SELECT a.id, t.k FROM (a JOIN b ON a.id = b.id) JOIN t ON t.k = a.id LEFT JOIN old ON old.id = t.k
SELECT j.id, j.k FROM (a JOIN t ON a.id = t.k) j
SELECT j.*, j AS whole FROM (a JOIN t ON a.id = t.k) j
SELECT id, name FROM a JOIN b USING (id, name)
SELECT a.id, b.id AS bid, id AS m FROM a JOIN b USING (id)
SELECT id, a.id AS aid, b.id AS bid FROM a LEFT JOIN b USING (id)
SELECT id, a.id AS aid, b.id AS bid FROM a RIGHT JOIN b USING (id)
SELECT id, a.id AS aid, b.id AS bid FROM a FULL JOIN b USING (id)
SELECT id, a.name FROM a FULL JOIN b USING (id) ORDER BY id
SELECT id, t.k FROM a FULL JOIN b USING (id) FULL JOIN t ON t.k = id
SELECT id, name FROM a FULL JOIN b USING (id) FULL JOIN old USING (id)
SELECT id FROM a FULL JOIN b USING (id) FULL JOIN old o USING (id) JOIN "Odd Table" USING (id)
SELECT name, a.v FROM a JOIN b USING (name)
SELECT name, b.name AS bn FROM a LEFT JOIN b USING (name)
SELECT z.id, z.name FROM a JOIN b USING (id, name) AS z
SELECT z.id, a.id AS aid FROM a FULL JOIN b USING (id) AS z
SELECT z AS whole FROM a JOIN b USING (id) AS z
SELECT j.id, j.x FROM (a JOIN b USING (id)) AS j (id, x)
SELECT j.k, j.name FROM (a FULL JOIN b USING (id)) AS j (k)
SELECT j1.id, j2.id AS id2 FROM (a JOIN b USING (id)) j1 JOIN (old JOIN "Odd Table" USING (id)) j2 ON j1.id = j2.id
SELECT id, k.n FROM (a JOIN b USING (id)) j1 JOIN (SELECT 1 AS id, 2 AS n) k USING (id)
SELECT x.id, y.id AS yid FROM a x JOIN a y USING (name)
SELECT id FROM a x (id, nm) JOIN b y (id, nm) USING (id)
SELECT q.id FROM (SELECT a.id FROM a FULL JOIN b USING (id)) q
SELECT y.cnt FROM a x LEFT JOIN LATERAL (SELECT count(*) AS cnt FROM b WHERE b.a_id = x.id) y ON true
SELECT x.id, z.* FROM a x CROSS JOIN LATERAL (SELECT x.name AS n, y.id AS yid FROM b y WHERE y.id = x.id) z
SELECT x.id, e.tag, e.pos FROM a x, LATERAL unnest(x.tags) WITH ORDINALITY AS e (tag, pos)
SELECT x.id, e.key, e.value FROM a x, jsonb_each(x.j) AS e
SELECT x.id, e FROM a x CROSS JOIN jsonb_array_elements_text(x.j) e
SELECT s.p, s.name FROM (SELECT id, name FROM a) s (p)
SELECT s.p, s.q FROM (SELECT id, name FROM a) s (p, q) JOIN b ON b.id = s.p
SELECT * FROM (SELECT id FROM a UNION SELECT id FROM b) u
SELECT * FROM (SELECT id FROM a ORDER BY id LIMIT 3) u ORDER BY id DESC
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT id FROM a) x) y) z
SELECT * FROM (SELECT id FROM a) x, (SELECT id AS id2 FROM a WHERE id > 1) y, (VALUES (1)) z (v)
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v
SELECT v.column1 FROM (VALUES (1, 'a'), (2, 'b')) v
SELECT * FROM (VALUES (1, 2)) v (column1, column2)
SELECT column2, column1 FROM (VALUES (1, 2), (3, 4)) v
VALUES (1)
VALUES (1, NULL::text), (2, 'x') ORDER BY 1 DESC LIMIT 1
SELECT a.id FROM a JOIN (VALUES (1, 'x')) AS v (k, l) ON v.k = a.id
SELECT (VALUES (1)) AS v, ARRAY(VALUES (1), (2)) AS w
SELECT id FROM a WHERE id IN (VALUES (1), (2))
SELECT id FROM a WHERE (id, name) IN (VALUES (1, 'x'), (2, NULL))
SELECT id FROM a UNION ALL SELECT id FROM b UNION ALL SELECT k FROM t
SELECT id FROM a UNION SELECT id FROM b UNION ALL SELECT k FROM t
SELECT id FROM a UNION (SELECT id FROM b EXCEPT SELECT k FROM t)
SELECT id FROM a EXCEPT ALL SELECT id FROM b INTERSECT ALL SELECT k FROM t
(SELECT id FROM a INTERSECT SELECT id FROM b) UNION SELECT k FROM t
(SELECT id FROM a UNION SELECT id FROM b) INTERSECT (SELECT k FROM t UNION SELECT 1)
SELECT id, name FROM a UNION SELECT 1, 'x'
SELECT 1 AS one, 'x' AS two UNION SELECT id, name FROM a
SELECT id, upper(name) FROM a UNION ALL SELECT id, lower(name) FROM b
SELECT id FROM a UNION SELECT k FROM t ORDER BY id
SELECT id, name FROM a UNION SELECT k, label FROM t ORDER BY 2 DESC NULLS LAST, id LIMIT 3
(SELECT id FROM a ORDER BY name LIMIT 1) UNION ALL (SELECT id FROM b FETCH FIRST 2 ROWS ONLY) ORDER BY 1 OFFSET 1
(WITH q AS (SELECT 1 AS id) SELECT id FROM q) UNION SELECT id FROM a
WITH q AS (SELECT 1 AS id) SELECT id FROM q UNION SELECT id FROM a
SELECT id FROM a UNION VALUES (1), (2)
VALUES (1), (2) UNION SELECT id FROM a
SELECT CASE WHEN flag THEN 1 END AS c FROM a UNION SELECT CASE WHEN true THEN 2 END
SELECT array_agg(x) AS r FROM (SELECT id AS x FROM a UNION SELECT id FROM b) s
SELECT id FROM a WHERE id IN (SELECT id FROM a UNION SELECT id FROM b INTERSECT SELECT k FROM t)
WITH a AS (SELECT 1 AS id) SELECT id FROM a
WITH a AS (SELECT id FROM a) SELECT id FROM a
WITH a AS (SELECT id FROM a), c AS (SELECT id FROM a) SELECT c.id, p.id AS pid FROM c, public.a p
WITH q AS (SELECT 1 AS x), r AS (WITH q AS (SELECT 2 AS x) SELECT x FROM q) SELECT q.x, r.x AS rx FROM q, r
WITH q AS (SELECT id, name FROM a) SELECT * FROM q WHERE id IN (SELECT id FROM q)
WITH q AS (SELECT id FROM a) SELECT q.id, x.id AS xid FROM q, q x, b q2
WITH q (i) AS (SELECT id FROM a) SELECT * FROM q AS z (j)
WITH q (i, "J j") AS (SELECT id, name FROM a) SELECT * FROM q
WITH q AS (VALUES (1, 'x'), (2, 'y')) SELECT * FROM q
WITH q AS (VALUES (1, 'x'), (2, 'y')), r (one, two) AS (TABLE q) SELECT one FROM r
WITH q AS (SELECT id FROM a) SELECT count(*) AS c FROM q HAVING count(*) > (SELECT min(id) FROM q)
SELECT id FROM (WITH q AS (SELECT id FROM a) SELECT id FROM q) s
SELECT (WITH q AS (SELECT max(id) AS m FROM a) SELECT m FROM q) AS m
WITH RECURSIVE r (n, label) AS (VALUES (1, 'x') UNION ALL SELECT n + 1, label || 'x' FROM r WHERE n < 5) SELECT * FROM r
WITH RECURSIVE r AS (SELECT k, parent, 1 AS depth FROM t WHERE parent IS NULL UNION SELECT t.k, t.parent, r.depth + 1 FROM r, t WHERE t.parent = r.k) SELECT * FROM r ORDER BY depth
WITH RECURSIVE tree AS (SELECT k, parent FROM t UNION ALL SELECT t.k, t.parent FROM t JOIN tree ON t.parent = tree.k) SEARCH BREADTH FIRST BY k, parent SET ord SELECT * FROM tree
WITH RECURSIVE tree AS (SELECT k, parent FROM t UNION ALL SELECT t.k, t.parent FROM t JOIN tree ON t.parent = tree.k) CYCLE k, parent SET mark TO 'Y' DEFAULT 'N' USING path SELECT k, mark FROM tree
WITH RECURSIVE tree AS (SELECT k, parent FROM t UNION ALL SELECT t.k, t.parent FROM t JOIN tree ON t.parent = tree.k) SEARCH DEPTH FIRST BY k SET ord CYCLE k SET mark USING path SELECT k, ord FROM tree
WITH RECURSIVE one AS (SELECT 1 AS n), two AS (SELECT n FROM one UNION ALL SELECT n + 1 FROM two WHERE n < 3) SELECT one.n, two.n AS m FROM one, two
SELECT count(*) FROM a
SELECT count(*) AS n, count(DISTINCT name) AS d, sum(n) FILTER (WHERE flag AND id > 1) AS s FROM a
SELECT string_agg(name, ', ' ORDER BY name DESC NULLS LAST, id) AS s, string_agg(DISTINCT v, ',' ORDER BY v) AS t FROM a
SELECT array_agg(ARRAY[id, 1] ORDER BY n USING <) AS s, json_object_agg(id, name ORDER BY id) AS o FROM a
SELECT array_agg(a ORDER BY a.id) AS s, array_agg(1 ORDER BY 2, 'x'::text) AS c FROM a
SELECT percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY n DESC) AS p, mode() WITHIN GROUP (ORDER BY v COLLATE "C") AS m FROM a
SELECT dense_rank(1, 'x') WITHIN GROUP (ORDER BY id DESC NULLS LAST, name) FILTER (WHERE flag) AS r FROM a
SELECT name, max(id) FROM a GROUP BY name
SELECT upper(name), max(id) FROM a GROUP BY upper(name)
SELECT upper(name) AS u, max(id) FROM a GROUP BY u ORDER BY u
SELECT id + 1 AS i, count(*) FROM a GROUP BY id + 1 HAVING id + 1 > 2
SELECT 'x' AS lit, 1 AS one, count(*) FROM a GROUP BY 1, 2
SELECT 'x'::text AS lit, count(*) FROM a GROUP BY 'x'::text ORDER BY 'x'::text
SELECT CASE WHEN flag THEN 1 ELSE 0 END AS f, count(*) FROM a GROUP BY CASE WHEN flag THEN 1 ELSE 0 END ORDER BY 1
SELECT name, count(*) FROM a GROUP BY DISTINCT ROLLUP (name, v), ROLLUP (name, flag)
SELECT name, v, count(*) FROM a GROUP BY ROLLUP ((name, v), flag)
SELECT name, v, count(*) FROM a GROUP BY CUBE (name, v), GROUPING SETS (flag, ())
SELECT name, v, count(*) FROM a GROUP BY GROUPING SETS ((name, v), ROLLUP (flag, id), CUBE (name))
SELECT name, v, count(*) FROM a GROUP BY GROUPING SETS (GROUPING SETS (name, v), (upper(name)))
SELECT name, grouping(name) AS g, count(*) FROM a GROUP BY GROUPING SETS (name) HAVING grouping(name) = 0
SELECT count(*) FROM a GROUP BY ()
SELECT upper(name) AS u, count(*) FROM a GROUP BY ROLLUP (upper(name), id + 1)
SELECT b.id, a.name FROM a JOIN b ON b.a_id = a.id GROUP BY a.id, b.id
SELECT a.id, max(b.amount) AS m, sum(b.amount) * 2 AS d FROM a LEFT JOIN b ON b.a_id = a.id GROUP BY a.id HAVING sum(b.amount) > 1 ORDER BY max(b.amount)
SELECT id, count(a.name), count(id) AS ci FROM a FULL JOIN b USING (id) GROUP BY id
SELECT a.v, count(id) AS ci FROM a FULL JOIN b USING (id) GROUP BY a.v
SELECT id + 1 AS i, max(name) FROM a FULL JOIN b USING (id, name) GROUP BY id ORDER BY id
SELECT count(id) AS c FROM a FULL JOIN b USING (id)
SELECT sum(j.id) AS s FROM (a JOIN b USING (id)) j
SELECT j.id, count(j.amount) AS c, (SELECT max(j.id) FROM t) AS m FROM (a FULL JOIN b USING (id)) j GROUP BY j.id
SELECT name, (SELECT count(*) FROM b WHERE b.name = a.name) AS c FROM a GROUP BY name
SELECT upper(name) AS u, (SELECT count(*) FROM b WHERE b.name = upper(a.name)) AS c FROM a GROUP BY name, upper(name)
SELECT name FROM a GROUP BY name ORDER BY count(*) DESC, name
SELECT name FROM a GROUP BY name HAVING bool_and(flag) AND count(*) FILTER (WHERE flag) > 1
SELECT DISTINCT name FROM a
SELECT DISTINCT name, upper(v) AS u FROM a ORDER BY name, upper(v)
SELECT DISTINCT ON (name, upper(v)) name, id FROM a ORDER BY name, upper(v), id DESC
SELECT DISTINCT ON (a.id) a.id AS name FROM a ORDER BY a.id
SELECT DISTINCT ON (1) id, name FROM a
SELECT id FROM a ORDER BY id
SELECT id FROM a ORDER BY id ASC NULLS FIRST, name DESC, v DESC NULLS LAST
SELECT id FROM a ORDER BY name USING ~<~, id USING <
SELECT id FROM a ORDER BY upper(name), id + 1, -id, 1
SELECT id FROM a ORDER BY CASE WHEN flag THEN 1 END, (SELECT max(id) FROM b), name COLLATE "C"
SELECT id FROM a ORDER BY tags, j, ts DESC
SELECT a.id FROM a ORDER BY a
SELECT id FROM a LIMIT 5
SELECT id FROM a LIMIT ALL
SELECT id FROM a LIMIT NULL OFFSET 3
SELECT id FROM a OFFSET 3 ROWS FETCH NEXT 2 ROWS ONLY
SELECT id FROM a ORDER BY id LIMIT (SELECT max(id) FROM b)
SELECT id FROM a ORDER BY id FETCH FIRST (1 + 1) ROWS WITH TIES
SELECT id FROM a ORDER BY id OFFSET 2 FETCH FIRST ROW WITH TIES
SELECT id FROM a LIMIT 5::bigint OFFSET 1 + 1
SELECT id, row_number() OVER () AS r FROM a
SELECT id, rank() OVER (PARTITION BY name ORDER BY id DESC) AS r FROM a
SELECT id, rank() OVER w AS r, sum(n) OVER w AS s FROM a WINDOW w AS (PARTITION BY name ORDER BY id)
SELECT id, sum(n) OVER (w ORDER BY id) AS s FROM a WINDOW w AS (PARTITION BY name), w2 AS (w ORDER BY v), unused AS ()
SELECT id, sum(n) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS s FROM a
SELECT id, sum(n) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 + 1 FOLLOWING) AS s FROM a
SELECT id, sum(n) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM a
SELECT id, sum(n) OVER (ORDER BY id RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP) AS s FROM a
SELECT id, sum(n) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS s FROM a
SELECT id, sum(n) OVER (ORDER BY ts RANGE BETWEEN interval '1 day' PRECEDING AND interval '2 days' FOLLOWING EXCLUDE NO OTHERS) AS s FROM a
SELECT id, lead(name, 2, 'none') OVER (ORDER BY id) AS l, nth_value(id, 2) OVER (ORDER BY upper(name), id + 1) AS nv FROM a
SELECT id, count(*) FILTER (WHERE flag) OVER (PARTITION BY upper(name)) AS c FROM a
SELECT id, array_agg(id) OVER (PARTITION BY 1 ORDER BY 'x'::text) AS c FROM a
SELECT name, sum(sum(n)) OVER (ORDER BY name) AS running FROM a GROUP BY name ORDER BY sum(n) DESC
SELECT id FROM a ORDER BY row_number() OVER (ORDER BY name)
SELECT id, (SELECT sum(x) OVER (ORDER BY a.id) FROM generate_series(1, 2) x LIMIT 1) AS s FROM a
SELECT g FROM generate_series(1, 3) g
SELECT * FROM generate_series(1, 3) AS g (n)
SELECT * FROM generate_series('2020-01-01'::timestamp, '2020-01-02', '1 hour') WITH ORDINALITY
SELECT * FROM pairs(1) AS p (a, b)
SELECT p.x, q.x AS qx FROM pairs(1) p, pairs(2) q
SELECT * FROM pairs(1) WITH ORDINALITY AS p
SELECT * FROM rows_of_a()
SELECT r.id, r.ctid_like FROM (SELECT id, 1 AS ctid_like FROM rows_of_a()) r
SELECT * FROM anon() AS x (p integer, q text COLLATE "C")
SELECT * FROM ROWS FROM (anon() AS (p integer, q varchar(3))) WITH ORDINALITY AS z
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(3, 5)) AS z (a, b)
SELECT * FROM ROWS FROM (unnest(ARRAY[1, 2]), unnest(ARRAY['x'])) AS z
SELECT * FROM ROWS FROM (generate_series(1, 2)) AS z
SELECT * FROM unnest(ARRAY[1, 2]) WITH ORDINALITY
SELECT * FROM json_to_recordset('[]') AS r (x integer, y text)
SELECT * FROM current_date AS d
SELECT * FROM CAST(1 AS text) AS c
SELECT * FROM COALESCE(1, 2) AS c
SELECT * FROM upper('x')
SELECT * FROM regexp_matches('a', 'b') WITH ORDINALITY m (g, n)
SELECT x.id, s.* FROM a x, generate_series(1, x.id) s
SELECT x.id, s.* FROM a x LEFT JOIN generate_series(1, x.id) s ON s > 1
SELECT * FROM b, XMLTABLE(XMLNAMESPACES('http://x' AS x, DEFAULT 'http://d'), '/x:r' PASSING b.x COLUMNS n FOR ORDINALITY, v text PATH 'v') AS xt (num, val)
SELECT * FROM b, XMLTABLE('/r' PASSING x COLUMNS id integer PATH '@id', "Mixed" varchar(5) DEFAULT 'none' || 'x') AS xt
SELECT xmltable.* FROM b, XMLTABLE('/r' PASSING x COLUMNS id integer)
SELECT id FROM a TABLESAMPLE system (10.5)
SELECT x.id FROM a x TABLESAMPLE bernoulli (1) REPEATABLE (2 + 3)
SELECT id FROM a FOR UPDATE
SELECT a.id FROM a, b FOR NO KEY UPDATE OF a NOWAIT FOR SHARE OF b
SELECT a.id FROM a JOIN b USING (id) FOR KEY SHARE
SELECT s.id FROM (SELECT id FROM a) s, b FOR UPDATE OF s
SELECT * FROM (SELECT id FROM a FOR UPDATE SKIP LOCKED) s
SELECT q.*, q.r AS whole FROM (SELECT a AS r, 1 AS one FROM a) q
SELECT (q.r).tags[1] AS t1, ((q.r).j)['k'] AS k FROM (SELECT a AS r FROM a) q
SELECT (s.p).x, (s.p).y FROM (SELECT pairs(1) AS p) s
SELECT (both_of(id)).many[1] AS m FROM a
SELECT (t2.r).f2 FROM (SELECT ROW(1, 'x'::text, NULL) AS r) t2
SELECT ((x.q).r).id FROM (SELECT q FROM (SELECT a AS r FROM a) q) x
WITH c AS (SELECT a AS r FROM a) SELECT (c.r).id, (c.r).name FROM c
WITH c AS (SELECT ROW(1, 2) AS r) SELECT (c.r).f1 FROM c
SELECT json_agg(x) AS j FROM (SELECT id, name FROM a ORDER BY id) x
SELECT jsonb_build_object('a', id, 'b', (SELECT json_agg(b.*) FROM b WHERE b.a_id = a.id)) AS o FROM a
SELECT format('%s', VARIADIC tags) AS f, concat('a', id, name) AS c FROM a
SELECT make_interval(days => id, hours => 2) AS i FROM a
SELECT name IS DISTINCT FROM v AS x, name ~ 'x' AS y, name NOT LIKE 'x%' AS z, id BETWEEN 1 AND 3 AS w, name SIMILAR TO 'x' AS q FROM a
SELECT id FROM a WHERE id IN (1, 2, 3) AND name IN ('x', 'y') OR NOT flag AND v IS NULL
SELECT id FROM a WHERE id > 1 AND (name = 'x' OR name = 'y') AND NOT (flag OR id = 3)
SELECT ARRAY[1, id] AS x, tags[1:2] AS y, tags || 'z' AS w, ARRAY[]::text[] AS e, ARRAY[ARRAY[1], ARRAY[2]] AS z FROM a
SELECT (ts AT TIME ZONE 'UTC')::date AS d, ts + interval '1 day 02:00' AS x, extract(epoch FROM ts) AS e, date_part('year', d) AS y FROM a
SELECT xmlelement(name x, xmlattributes(id AS i), name) AS e, xmlforest(id, name AS n) AS f, xmlagg(xmlelement(name y)) AS g FROM a GROUP BY id, name
SELECT current_user AS u, session_user AS s, current_timestamp(2) AS t, localtime AS l
SELECT id FROM a WHERE flag IS TRUE AND (id > 1) IS NOT UNKNOWN
SELECT NULLIF(name, 'x') AS n, GREATEST(id, 3) AS g, LEAST(n, 1.5) AS l FROM a
SELECT id::bigint AS b, n::integer AS i, name::varchar(5) AS v, 'x'::char(3) AS c, '1'::numeric(5,2) AS d, d::text AS t FROM a
SELECT a.name COLLATE "C" AS n, a.name < b.name COLLATE "C" AS lt FROM a, b
SELECT nextval('s') FROM (SELECT 1) s
SELECT x.id FROM a x WHERE x.id = (SELECT max(x.id) FROM a x)
SELECT x.id FROM a x WHERE x.id IN (SELECT y.id FROM a y WHERE y.name IN (SELECT x.name FROM a z WHERE z.id = y.id))
SELECT a.id, s1.m, s2.m AS m2 FROM a, LATERAL (SELECT max(b.id) AS m FROM b WHERE b.a_id = a.id) s1, LATERAL (SELECT s1.m + a.id AS m) s2
SELECT * FROM a WHERE a.id = 1 AND EXISTS (WITH w AS (SELECT a.id AS i) SELECT 1 FROM w WHERE w.i > 0)
SELECT s.*, s.id AS again FROM (SELECT DISTINCT id, name FROM a ORDER BY name) s
SELECT sum(x.c) AS s FROM (SELECT count(*) AS c FROM a GROUP BY ROLLUP (name)) x
SELECT sum(x.c) AS s FROM (SELECT a.id, a_1.id AS c FROM a, a a_1) x
SELECT a_1.id, (SELECT a.id FROM a LIMIT 1) AS i FROM a a_1, a
SELECT count(*) AS "count", max(id) AS "Max", 1 AS "order" FROM a
SELECT "a""b" AS "x""y", "order" + 1 AS "user" FROM "Odd Table" ORDER BY "order", "user"
SELECT unnest(tags) AS tag, generate_series(1, id) AS g FROM a ORDER BY 1
SELECT id FROM a WHERE (SELECT true)
SELECT (SELECT (SELECT (SELECT max(a.id + b.id) FROM b))) AS deep FROM a
SELECT public.both_of(1) AS b, pg_catalog.upper('x') AS u
SELECT ntile(2) OVER w, cume_dist() OVER w FROM a WINDOW w AS (ORDER BY id)
SELECT JSON_OBJECTAGG(id : name) AS o, JSON_ARRAYAGG(name ORDER BY id) AS l FROM a
SELECT JSON_OBJECTAGG(name : id ABSENT ON NULL WITH UNIQUE KEYS RETURNING jsonb) AS o, JSON_ARRAYAGG(id NULL ON NULL RETURNING text) AS l FROM a
SELECT JSON_ARRAYAGG(id) FILTER (WHERE flag) AS l, JSON_OBJECTAGG(id : v) FILTER (WHERE id > 1) AS o FROM a GROUP BY name
SELECT JSON_ARRAYAGG(id) OVER (PARTITION BY name) AS l, JSON_OBJECTAGG(id : name) OVER w AS o FROM a WINDOW w AS (ORDER BY id)
SELECT JSON_OBJECT('a' : id, 'b' : name ABSENT ON NULL) AS o, JSON_ARRAY(1, name NULL ON NULL) AS l, JSON_OBJECT(RETURNING jsonb) AS e FROM a
SELECT JSON_ARRAY(SELECT b.id FROM b WHERE b.a_id = a.id) AS l FROM a
SELECT JSON_ARRAY(SELECT b.id FROM b ORDER BY b.id RETURNING jsonb) AS l FROM a
SELECT name IS JSON AS j, name IS JSON OBJECT WITH UNIQUE KEYS AS k, v IS NOT JSON ARRAY AS l FROM a
SELECT JSON_OBJECT('a' : id) AS o, count(*) FROM a GROUP BY JSON_OBJECT('a' : id)::text, id
SELECT JSON_ARRAY(name RETURNING text) AS o, count(*) FROM a GROUP BY JSON_ARRAY(name RETURNING text) ORDER BY JSON_ARRAY(name RETURNING text)
SELECT JSON_ARRAY(id RETURNING jsonb) AS o FROM a ORDER BY JSON_ARRAY(id RETURNING jsonb)
SELECT JSON_VALUE(j, '$.a') AS v, JSON_QUERY(j, '$.b' WITH WRAPPER) AS q, JSON_EXISTS(j, '$.c') AS e FROM a
SELECT JSON_VALUE(j, '$.a' RETURNING integer DEFAULT 1 ON EMPTY ERROR ON ERROR) AS v FROM a WHERE JSON_EXISTS(j, '$.x ? (@ > $y)' PASSING id AS y)
SELECT JSON_SCALAR(id) AS s, JSON_SERIALIZE(j) AS t, JSON(name) AS p FROM a
SELECT any_value(name) AS n, min(id) FROM a GROUP BY v
SELECT x.id FROM (SELECT id FROM a) AS x, (SELECT id FROM b)
SELECT * FROM (SELECT id FROM a)
SELECT column1 FROM (VALUES (1, 2))
SELECT id, system_user AS u, ts AT LOCAL AS l FROM a
SELECT ts AT TIME ZONE 'UTC' AT LOCAL AS l FROM a
SELECT q.id FROM (SELECT id FROM a) q, (SELECT 1) unnamed_subquery, (SELECT 2 AS two)
SELECT * FROM JSON_TABLE('[1, 2]', '$[*]' COLUMNS (x integer PATH '$'))
SELECT * FROM JSON_TABLE(jsonb '[1, 2]', '$[*]' COLUMNS (id FOR ORDINALITY, x integer PATH '$')) AS jt
SELECT jt.* FROM a, JSON_TABLE(a.j, '$' COLUMNS (x text PATH '$.x')) AS jt
SELECT jt.* FROM a, LATERAL JSON_TABLE(a.j, '$' COLUMNS (x text PATH '$.x')) AS jt
SELECT jt.one, a.id FROM a CROSS JOIN JSON_TABLE(j, '$' COLUMNS (x text, y integer)) AS jt (one, two)
SELECT jt.one, jt.y FROM a LEFT JOIN JSON_TABLE(j, '$' COLUMNS (x text, y integer)) AS jt (one) ON jt.y = a.id
SELECT jt FROM a, JSON_TABLE(j, '$' COLUMNS (x text)) AS jt
SELECT json_table.x FROM JSON_TABLE('{}', '$' COLUMNS (x text))
SELECT json_table FROM JSON_TABLE('{}', '$' COLUMNS (x text))
SELECT * FROM JSON_TABLE('{}', 'lax $.a[*]' AS root COLUMNS (x text))
SELECT * FROM JSON_TABLE('{}', 'strict $.a[*].b ? (@ > 1)' AS "Root" COLUMNS ("X" text, "select" integer, "a""b" integer))
SELECT * FROM JSON_TABLE('{}', '$."it''s"' AS "it's" COLUMNS (x text PATH '$."q\"x\\y"'))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x character varying(10) PATH '$.x' DEFAULT 'none' ON EMPTY ERROR ON ERROR))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x numeric(8,2) DEFAULT 1 ON EMPTY DEFAULT 2.5 ON ERROR, y date, z timestamptz(3), w interval))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT 1 + 2 ON ERROR, y text DEFAULT upper('x') ON EMPTY, z text DEFAULT 'a' || 'b' ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer NULL ON EMPTY NULL ON ERROR, y integer ERROR ON EMPTY, z integer ERROR ON ERROR))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x json, y jsonb, z text[], w integer[] PATH '$.w'))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x json WITH WRAPPER, y jsonb WITH CONDITIONAL WRAPPER, z text WITHOUT WRAPPER, w text WITH UNCONDITIONAL ARRAY WRAPPER))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x json KEEP QUOTES, y jsonb OMIT QUOTES, z text OMIT QUOTES ON SCALAR STRING, w text KEEP QUOTES))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x text FORMAT JSON, y character varying(5) FORMAT JSON PATH '$.y' WITH WRAPPER, z bytea FORMAT JSON, w jsonb FORMAT JSON, v json FORMAT JSON))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x bytea FORMAT JSON ENCODING UTF8 PATH '$.x', y character(4) FORMAT JSON OMIT QUOTES, z name FORMAT JSON))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x jsonb EMPTY ARRAY ON EMPTY EMPTY OBJECT ON ERROR, y jsonb EMPTY ON EMPTY, z text[] EMPTY ON ERROR, w jsonb DEFAULT '{}' ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer EXISTS, y boolean EXISTS PATH '$.y', z text EXISTS PATH '$.z' TRUE ON ERROR, w bigint EXISTS ERROR ON ERROR))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x boolean EXISTS UNKNOWN ON ERROR, y boolean EXISTS FALSE ON ERROR, z jsonb EXISTS, w character(5) EXISTS))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x information_schema.cardinal_number, y information_schema.sql_identifier, z information_schema.yes_or_no EXISTS))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x b, y a[] PATH '$.y', z t DEFAULT NULL ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer) ERROR ON ERROR)
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer) EMPTY ON ERROR)
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer) EMPTY ARRAY ON ERROR)
SELECT * FROM JSON_TABLE(j, '$.x[*] ? (@ > $low && @ < $high)' PASSING id AS low, n AS "High" COLUMNS (x integer PATH '$ ? (@ > $low)')) AS jt, a
SELECT jt.x FROM a, JSON_TABLE(j, '$.x[*] ? (@ > $low)' PASSING id AS low, name AS "Name", n AS n, tags AS t, d AS d COLUMNS (x integer PATH '$ ? (@ > $low)')) AS jt
SELECT jt.x FROM a, JSON_TABLE(j, '$' PASSING '1' AS one, 2 AS two, NULL AS nothing, json '3' AS three, now() AS moment, 'x' || name AS sum COLUMNS (x integer)) AS jt
SELECT * FROM JSON_TABLE('{}' FORMAT JSON, '$' COLUMNS (x integer))
SELECT * FROM JSON_TABLE(json '{}', '$' COLUMNS (x integer))
SELECT jt.* FROM a, JSON_TABLE(a.name, '$' COLUMNS (x integer)) AS jt
SELECT jt.* FROM a, JSON_TABLE(a.name || '{}' FORMAT JSON, '$' COLUMNS (x integer)) AS jt
SELECT jt.* FROM a, JSON_TABLE(convert_to(a.name, 'UTF8'), '$' COLUMNS (x integer)) AS jt
SELECT jt.* FROM a, JSON_TABLE(convert_to(a.name, 'UTF8') FORMAT JSON ENCODING UTF8, '$' COLUMNS (x integer)) AS jt
SELECT jt.* FROM a, JSON_TABLE((SELECT x.j FROM a x WHERE x.id = a.id), '$' COLUMNS (x integer)) AS jt
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (NESTED PATH '$.a[*]' COLUMNS (x integer)))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (NESTED '$.a[*]' COLUMNS (x integer), y text))
SELECT * FROM JSON_TABLE('{}', '$' AS r COLUMNS (y text, NESTED PATH '$.a[*]' AS "A" COLUMNS (x integer, n FOR ORDINALITY), z text, k FOR ORDINALITY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (NESTED PATH '$.a' COLUMNS (NESTED PATH '$.b' COLUMNS (x text)), NESTED PATH '$.c' COLUMNS (NESTED PATH '$.d' COLUMNS (y text), z text)))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (NESTED PATH '$.a' COLUMNS (NESTED PATH '$.b' AS named COLUMNS (x text), NESTED PATH '$.e' COLUMNS (w text)), NESTED PATH '$.c' COLUMNS (y text), z text)) AS jt (a, b, c)
SELECT * FROM JSON_TABLE('{}', '$' AS json_table_path_0 COLUMNS (NESTED PATH '$.a' COLUMNS (x text), json_table_path_1 text))
SELECT jt.*, b.id AS b_id FROM a JOIN b ON b.a_id = a.id, JSON_TABLE(a.j, '$' PASSING b.id AS b COLUMNS (x integer, NESTED PATH '$.y[*] ? (@ == $b)' COLUMNS (y integer EXISTS, w text FORMAT JSON))) AS jt
SELECT x.name, (SELECT count(*) FROM JSON_TABLE(x.j, '$[*]' COLUMNS (v integer)) q WHERE q.v = x.id) AS c FROM a x
SELECT q.x FROM JSON_TABLE('{}', '$' COLUMNS (x text)) q JOIN JSON_TABLE('{}', '$' COLUMNS (x text)) r USING (x)
SELECT q.x, r.x AS rx FROM JSON_TABLE('{}', '$' COLUMNS (x text)) q, JSON_TABLE(q.x, '$' COLUMNS (x text)) r
SELECT DISTINCT x COLLATE "C" AS x FROM JSON_TABLE('{}', '$' COLUMNS (x text)) q ORDER BY x COLLATE "C"
SELECT sum(q.y) AS s, q.x FROM JSON_TABLE('{}', '$' COLUMNS (x text, y integer)) q GROUP BY q.x HAVING max(q.y) > 1
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x text)) q NATURAL JOIN JSON_TABLE('{}', '$' COLUMNS (x text, y xml)) r
SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS x text) xmltable, JSON_TABLE('{}', '$' COLUMNS (y text)) json_table
WITH q AS (SELECT j FROM a) SELECT jt.* FROM q, JSON_TABLE(q.j, '$' COLUMNS (y text)) jt
SELECT * FROM JSON_TABLE(NULL, '$' COLUMNS (y text))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x uuid, y inet, z point, w money, v bit(3), u varbit(4), t time(2), s "char", r regclass, q tsvector))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x text DEFAULT NULL ON EMPTY, y integer DEFAULT '3' ON EMPTY, z boolean DEFAULT true ON ERROR, w numeric DEFAULT 1 ON EMPTY, v character varying(3) DEFAULT 'abcdef' ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x text DEFAULT 'x' COLLATE "C" ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer FORMAT JSON))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer, x text))
SELECT * FROM JSON_TABLE('{}', '$' AS x COLUMNS (x integer))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (json_table_path_0 integer))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer, NESTED '$.b' AS x COLUMNS (y text)))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer, NESTED '$.b' AS c COLUMNS (NESTED '$.c' COLUMNS (c text))))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x FOR ORDINALITY, y FOR ORDINALITY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x FOR ORDINALITY, NESTED '$.a' COLUMNS (y FOR ORDINALITY)))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer) NULL ON ERROR)
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer) DEFAULT 1 ON ERROR)
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer EXISTS NULL ON ERROR))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer EMPTY ARRAY ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x jsonb TRUE ON ERROR))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x jsonb WITH WRAPPER OMIT QUOTES))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x jsonb WITH WRAPPER KEEP QUOTES))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x nowhere))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x record))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x anyelement))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x SETOF integer))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT 'a' ON EMPTY))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT point(1, 2) ON EMPTY))
SELECT jt.* FROM a, JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT a.id ON EMPTY)) jt
SELECT jt.* FROM JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT count(*) ON EMPTY)) jt
SELECT jt.* FROM JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT generate_series(1, 2) ON EMPTY)) jt
SELECT jt.* FROM JSON_TABLE('{}', '$' COLUMNS (x integer DEFAULT (SELECT 1) ON EMPTY)) jt
SELECT * FROM JSON_TABLE('{}', '$[' COLUMNS (x integer))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer PATH '$['))
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (NESTED '$[' COLUMNS (x integer)))
SELECT * FROM JSON_TABLE(1, '$' COLUMNS (x integer))
SELECT * FROM JSON_TABLE(point(1, 2), '$' COLUMNS (x integer))
SELECT jt.* FROM JSON_TABLE(a.j, '$' COLUMNS (x integer)) jt, a
SELECT jt.* FROM JSON_TABLE('{}', '$' COLUMNS (x integer)) jt (a, b)
SELECT * FROM JSON_TABLE(count(*)::text, '$' COLUMNS (x integer))
SELECT * FROM JSON_TABLE(rank() OVER (), '$' COLUMNS (x integer))
SELECT * FROM JSON_TABLE(unnest(ARRAY['{}']), '$' COLUMNS (x integer))
SELECT * FROM a FULL JOIN JSON_TABLE(a.j, '$' COLUMNS (x integer)) jt ON true
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (x integer)) jt FOR UPDATE OF jt
SELECT jt.nothing FROM JSON_TABLE('{}', '$' COLUMNS (x integer)) jt
SELECT CASE WHEN a.flag THEN (SELECT g.g FROM generate_series(1, a.id) g LIMIT 1) ELSE 2 END AS c, COALESCE((SELECT p.x FROM pairs(a.id) p LIMIT 1), 3) AS d FROM a
SELECT CASE (SELECT max(p.x) FROM pairs(1) p) WHEN 1 THEN ARRAY(SELECT generate_series(1, 3)) END AS c FROM a
SELECT (SELECT max((SELECT q.x FROM (SELECT f.x FROM pairs(a.id) f) q LIMIT 1)) AS c FROM t GROUP BY t.k) AS d FROM a WHERE a.id > 1
SELECT (SELECT t.k FROM t WHERE a.id IN (a.id, 5) AND t.k IN (t.parent, 5, 6, a.id) LIMIT 1) AS c FROM a
WITH q AS (MERGE INTO t USING a ON a.id = t.k WHEN MATCHED THEN DELETE) SELECT 1 AS x
WITH q AS (MERGE INTO t USING a ON a.id = t.k WHEN MATCHED THEN DELETE RETURNING t.k) SELECT * FROM q
WITH q AS (MERGE INTO t USING a ON a.id = t.k WHEN NOT MATCHED BY SOURCE THEN DELETE) SELECT 1 AS x
