-- Aggregates, windows and GROUP BY where they have no place.
SELECT count(*) FROM a WHERE count(*) > 1
SELECT 1 FROM a WHERE max(id) = 1
SELECT 1 FROM a JOIN b ON max(a.id) = 1
SELECT 1 FROM a GROUP BY max(id)
SELECT max(max(id)) FROM a
SELECT max(id + sum(n)) FROM a
SELECT count(*) FILTER (WHERE count(*) > 1) FROM a
SELECT 1 FROM generate_series(1, max(1))
SELECT 1 FROM a, generate_series(1, max(a.id)) g
SELECT 1 FROM a, LATERAL (SELECT max(a.id)) q
SELECT id, count(*) FROM a
SELECT id, max(n) FROM b, a
SELECT name, count(*) FROM a
SELECT a.name, count(*) FROM a
SELECT count(*) FROM a ORDER BY id
SELECT count(*) FROM a HAVING id > 1
SELECT * FROM a GROUP BY name
SELECT a FROM a GROUP BY name
SELECT a.* FROM a GROUP BY a.name
SELECT id FROM a GROUP BY name
SELECT name, id + 1 FROM a GROUP BY name
SELECT id + 1 FROM a GROUP BY name
SELECT id + 1 FROM k, a GROUP BY x + 1
SELECT name, max(id), n FROM a GROUP BY name
SELECT name FROM a GROUP BY name HAVING id > 1
SELECT name FROM a GROUP BY name ORDER BY id
SELECT name FROM a GROUP BY name ORDER BY max(id), n
SELECT x, z FROM k GROUP BY x
SELECT x, y, z FROM k GROUP BY x, y
SELECT b.name, a.name FROM a JOIN b ON a.id = b.a_id GROUP BY b.id
SELECT CASE WHEN id > 1 THEN 1 END FROM a GROUP BY name
SELECT COALESCE(name, v) FROM a GROUP BY name
SELECT (SELECT a.id) FROM a GROUP BY name
SELECT (SELECT b.id FROM b WHERE b.a_id = a.id) FROM a GROUP BY a.name
SELECT name FROM a GROUP BY name HAVING EXISTS (SELECT FROM b WHERE b.id = a.id)
SELECT q.x FROM (SELECT 1 AS x, 2 AS y) q GROUP BY q.y
SELECT j.id FROM (a JOIN b USING (id)) j GROUP BY j.amount
SELECT id FROM a JOIN b USING (id) GROUP BY a.name
SELECT a.id FROM a FULL JOIN b USING (id) GROUP BY id
SELECT 1 FROM a GROUP BY 2
SELECT 1 FROM a GROUP BY 0
SELECT 1 FROM a GROUP BY 'x'
SELECT 1 FROM a GROUP BY 1.5
SELECT id FROM a GROUP BY nothing
SELECT max(id) AS x FROM a GROUP BY x
SELECT count(*) FROM a GROUP BY 1
SELECT x FROM b GROUP BY x
SELECT pt FROM b GROUP BY pt
SELECT 1 AS x, 2 AS x GROUP BY x
SELECT srf(1) FROM a GROUP BY id
SELECT id, name FROM a GROUP BY ROLLUP (id), GROUPING SETS ((n))
SELECT name FROM a GROUP BY GROUPING SETS ((id), ())
SELECT name FROM a GROUP BY CUBE (id, v)
SELECT GROUPING(id) FROM a
SELECT GROUPING(id) FROM a GROUP BY name
SELECT GROUPING(id + 1) FROM a GROUP BY id
SELECT GROUPING(name) FROM a WHERE GROUPING(name) = 0 GROUP BY name
SELECT max(GROUPING(name)) FROM a GROUP BY name
SELECT 1 FROM a GROUP BY GROUPING(name)
SELECT sum(name) FROM a
SELECT sum(flag) FROM a
SELECT avg(d) FROM a
SELECT avg(name) FROM a
SELECT max(j) FROM a
SELECT max(flag) FROM a
SELECT min(x) FROM b
SELECT max() FROM a
SELECT max(1, 2)
SELECT count() FROM a
SELECT sum(*) FROM a
SELECT lower(*) FROM a
SELECT total('x'::text)
SELECT total(name) FROM a
SELECT nothing(*) FROM a
SELECT string_agg(name) FROM a
SELECT string_agg(id, ',') FROM a
SELECT string_agg(DISTINCT name, ',' ORDER BY id) FROM a
SELECT count(DISTINCT x) FROM b
SELECT count(DISTINCT pt) FROM b
SELECT array_agg(x ORDER BY x) FROM b
SELECT array_agg(DISTINCT id ORDER BY n) FROM a
SELECT lower(DISTINCT name) FROM a
SELECT lower(name ORDER BY id) FROM a
SELECT lower(name) FILTER (WHERE flag) FROM a
SELECT f(DISTINCT id) FROM a
SELECT count(DISTINCT *) FROM a
SELECT count(srf(1)) FROM a
SELECT max(row_number() OVER ()) FROM a
SELECT mode(id) FROM a
SELECT mode() FROM a
SELECT percentile_cont(0.5) FROM a
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY name) FROM a
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id, n) FROM a
SELECT percentile_cont(n) WITHIN GROUP (ORDER BY id) FROM a
SELECT percentile_cont('x') WITHIN GROUP (ORDER BY id) FROM a
SELECT percentile_cont() WITHIN GROUP (ORDER BY id) FROM a
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM b
SELECT mode() WITHIN GROUP (ORDER BY x) FROM b
SELECT mode(DISTINCT 1) WITHIN GROUP (ORDER BY id) FROM a
SELECT max(id) WITHIN GROUP (ORDER BY id) FROM a
SELECT lower(name) WITHIN GROUP (ORDER BY id) FROM a
SELECT rank(1) FROM a
SELECT rank() WITHIN GROUP (ORDER BY id) FROM a
SELECT rank(1, 2) WITHIN GROUP (ORDER BY id) FROM a
SELECT rank('x') WITHIN GROUP (ORDER BY id) FROM a
SELECT rank(1) WITHIN GROUP (ORDER BY name) FROM a
SELECT rank(id) WITHIN GROUP (ORDER BY n) FROM a
SELECT mode() WITHIN GROUP (ORDER BY id) OVER () FROM a
SELECT rank() FROM a
SELECT row_number() FROM a
SELECT lag(id) FROM a
SELECT row_number(1) OVER () FROM a
SELECT lag() OVER () FROM a
SELECT lag(id, 'x') OVER () FROM a
SELECT lag(id, 1, 'x') OVER () FROM a
SELECT lag(id, 1, name) OVER () FROM a
SELECT ntile(name) OVER () FROM a
SELECT lower(name) OVER () FROM a
SELECT srf(1) OVER () FROM a
SELECT nothing() OVER () FROM a
SELECT row_number() OVER w FROM a
SELECT row_number() OVER w FROM a WINDOW w AS (), w AS ()
SELECT row_number() OVER w FROM a WINDOW w AS (v)
SELECT row_number() OVER (w PARTITION BY id) FROM a WINDOW w AS ()
SELECT row_number() OVER (w ORDER BY id) FROM a WINDOW w AS (ORDER BY n)
SELECT row_number() OVER (w) FROM a WINDOW w AS (ROWS UNBOUNDED PRECEDING)
SELECT row_number() OVER (w ROWS UNBOUNDED PRECEDING) FROM a WINDOW w AS (ROWS UNBOUNDED PRECEDING)
SELECT row_number() OVER (nothing) FROM a
SELECT row_number() OVER (PARTITION BY nothing) FROM a
SELECT row_number() OVER (PARTITION BY x) FROM b
SELECT row_number() OVER (ORDER BY x) FROM b
SELECT row_number() OVER (ORDER BY pt) FROM b
SELECT row_number() OVER (ORDER BY nothing) FROM a
SELECT row_number() OVER (ORDER BY row_number() OVER ()) FROM a
SELECT sum(id) OVER (ROWS 'x' PRECEDING) FROM a
SELECT sum(id) OVER (ROWS id PRECEDING) FROM a
SELECT sum(id) OVER (ROWS name PRECEDING) FROM a
SELECT sum(id) OVER (ROWS 1.5 PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY id RANGE 'x' PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY d RANGE 1 PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY name RANGE 1 PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY name RANGE 'x' PRECEDING) FROM a
SELECT sum(id) OVER (RANGE 1 PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY id, n RANGE 1 PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY n RANGE '1 day'::interval PRECEDING) FROM a
SELECT sum(id) OVER (GROUPS 1 PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY id GROUPS 'x' PRECEDING) FROM a
SELECT sum(id) OVER (ORDER BY id GROUPS max(id) OVER () PRECEDING) FROM a
SELECT sum(DISTINCT id) OVER () FROM a
SELECT string_agg(name, ',' ORDER BY id) OVER () FROM a
SELECT row_number() FILTER (WHERE flag) OVER () FROM a
SELECT sum(row_number() OVER ()) OVER () FROM a
SELECT 1 FROM a WHERE row_number() OVER () = 1
SELECT 1 FROM a HAVING row_number() OVER () = 1
SELECT 1 FROM a GROUP BY row_number() OVER ()
SELECT 1 FROM a JOIN b ON row_number() OVER () = 1
SELECT 1 FROM a LIMIT row_number() OVER ()
SELECT 1 FROM generate_series(1, row_number() OVER ())
SELECT sum(n) OVER (PARTITION BY id) FROM a GROUP BY name
SELECT sum(sum(n)) OVER (ORDER BY id) FROM a GROUP BY name
SELECT name FROM a GROUP BY name WINDOW w AS (ORDER BY id)
SELECT 1 FROM a WHERE srf(1) = 1
SELECT 1 FROM a HAVING srf(1) = 1
SELECT 1 FROM a LIMIT srf(1)
SELECT CASE WHEN flag THEN srf(1) END FROM a
SELECT COALESCE(srf(1), 2) FROM a
SELECT 1 FROM a JOIN b ON srf(1) = 1
SELECT * FROM f(srf(1))
SELECT * FROM srf(srf(1)) WITH ORDINALITY, f(1 + srf(1))
SELECT proc(1)
SELECT * FROM proc(1)
SELECT 1 + proc(1)
SELECT trg()
SELECT total(1) FILTER (WHERE nothing)
SELECT (SELECT max(a.id) FROM b WHERE max(a.id) > 1) FROM a
SELECT id FROM a WHERE id = (SELECT max(a.id))
SELECT (SELECT count(a.id) FROM b), id FROM a
