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
