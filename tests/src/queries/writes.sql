INSERT INTO a (id, name) VALUES (1, 'x')
INSERT INTO a VALUES (1, 'x', 1.5, 'v', ARRAY['t'], '{}', now(), current_date, 'c', true)
INSERT INTO a (id, name) VALUES (1, 'x'), (2, NULL), (3, upper('y'))
INSERT INTO a (id, name) VALUES (1, DEFAULT), (DEFAULT, 'x')
INSERT INTO a DEFAULT VALUES
INSERT INTO a AS x (id) VALUES (1) RETURNING x.id, x.name
INSERT INTO a (id, name) SELECT id, name FROM b
INSERT INTO a (id, name) SELECT b.id, 'x' FROM b JOIN t ON t.k = b.id WHERE b.day IS NOT NULL ORDER BY b.id LIMIT 3
INSERT INTO a (id) SELECT id FROM b UNION SELECT k FROM t
INSERT INTO a (id) WITH q AS (SELECT 1 AS i) SELECT i FROM q
WITH q AS (SELECT 1 AS i) INSERT INTO a (id) SELECT i FROM q
INSERT INTO a (id) SELECT * FROM (VALUES (1), (2)) v (x)
INSERT INTO a (id, tags[1]) VALUES (1, 'x')
INSERT INTO a (id, tags[1], tags[2]) VALUES (1, 'x', 'y')
INSERT INTO a (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'x') ON CONFLICT (id) DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT a_pkey DO UPDATE SET name = excluded.name
INSERT INTO a AS x (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name || x.name, v = DEFAULT WHERE x.id > 1 RETURNING *
INSERT INTO a (id, name) SELECT id, name FROM b ON CONFLICT (id) DO UPDATE SET (name, v) = (SELECT b.name, 'x' FROM b WHERE b.id = excluded.id)
INSERT INTO a (id, name) SELECT id, name FROM a a2 ON CONFLICT (id) DO UPDATE SET name = excluded.name
INSERT INTO "Odd Table" ("Col", "select") VALUES (1, 'x') RETURNING "order" AS "a b"
UPDATE a SET name = 'x'
UPDATE a SET name = upper(name), n = n + 1, v = DEFAULT WHERE id = 3
UPDATE a AS x SET name = x.v WHERE x.id IN (SELECT b.id FROM b)
UPDATE ONLY t SET label = 'x' WHERE k = 1 RETURNING k, label AS l
UPDATE a SET name = b.name FROM b WHERE b.id = a.id
UPDATE a SET name = b.name FROM b JOIN t ON t.k = b.id, old WHERE b.id = a.id AND old.id = t.k
UPDATE a SET (name, v) = (SELECT b.name, b.ch FROM b WHERE b.id = a.id)
UPDATE a SET (name, v) = (SELECT b.name, b.ch FROM b WHERE b.id = a.id), n = 1, (c, d) = (SELECT 'x', current_date)
UPDATE a SET (name, v) = ('x', 'y'), n = 2
UPDATE a SET (name, v) = ROW('x', DEFAULT)
UPDATE a SET tags[1] = 'x', tags[2:3] = ARRAY['y'] WHERE id = 1
UPDATE a SET j['k'] = '1'
WITH q AS (SELECT 1 AS i) UPDATE a SET name = 'x' FROM q WHERE q.i = a.id RETURNING a.*, q.i
UPDATE a SET name = CASE WHEN flag THEN 'x' ELSE 'y' END WHERE CASE WHEN flag THEN true ELSE false END
UPDATE a SET name = 'x' WHERE id = one
DELETE FROM a
DELETE FROM a WHERE id = 1
DELETE FROM ONLY t x WHERE x.k = 1
DELETE FROM a USING b WHERE b.id = a.id RETURNING a.id, b.name
DELETE FROM a USING b, t JOIN old ON old.id = t.k WHERE b.id = a.id
WITH q AS (SELECT 1 AS i) DELETE FROM a WHERE id IN (SELECT i FROM q)
DELETE FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id) AND name = two
WITH q AS (DELETE FROM a RETURNING id) INSERT INTO old (id) SELECT id FROM q
WITH q AS (INSERT INTO a (id) VALUES (1) RETURNING id), r AS (UPDATE b SET name = 'x' RETURNING id) SELECT q.id FROM q, r
MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET name = b.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (b.id, b.name)
MERGE INTO a AS x USING b ON x.id = b.id WHEN MATCHED AND b.name IS NULL THEN DELETE WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED AND b.id > 1 THEN INSERT DEFAULT VALUES
MERGE INTO a USING (SELECT id, name FROM b) s ON a.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name)
MERGE INTO a USING (VALUES (1, 'x')) AS s (id, name) ON a.id = s.id WHEN MATCHED THEN UPDATE SET (name, v) = (s.name, 'y'), tags[1] = 'x'
WITH q AS (SELECT 1 AS i) MERGE INTO ONLY t USING q ON q.i = t.k WHEN MATCHED THEN UPDATE SET label = 'x'
MERGE INTO a USING b JOIN t ON t.k = b.id ON a.id = b.id WHEN MATCHED THEN UPDATE SET name = (SELECT max(label) FROM t)
MERGE INTO a USING b ON a.id = b.id WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED BY TARGET THEN INSERT (id) VALUES (b.id) WHEN MATCHED THEN UPDATE SET name = b.name
MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET name = b.name RETURNING merge_action(), a.id, b.name AS bn
UPDATE a SET name = 'x' RETURNING old.name AS before, new.name AS after, old.*
DELETE FROM a RETURNING WITH (OLD AS o, NEW AS n) o.id, n.id AS nid
INSERT INTO a (id) VALUES (1) RETURNING WITH (OLD AS o) o.id IS NULL AS fresh, new.id
