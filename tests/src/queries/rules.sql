ON INSERT TO t DO INSTEAD NOTHING
ON UPDATE TO t WHERE old.k <> new.k DO INSTEAD NOTHING
ON INSERT TO t DO ALSO INSERT INTO gone (one, four) VALUES (new.k, new.label)
ON INSERT TO t DO ALSO INSERT INTO gone VALUES (new.k, new.parent, new.label)
ON INSERT TO t DO ALSO INSERT INTO gone (one) VALUES (new.k), (new.parent)
ON INSERT TO t DO ALSO INSERT INTO gone (one, four) SELECT new.k, new.label
ON INSERT TO t DO ALSO INSERT INTO gone (one, four) SELECT a.id, new.label FROM a WHERE a.id = new.k
ON INSERT TO t DO INSTEAD INSERT INTO a (id, name) VALUES (new.k, new.label) ON CONFLICT (id) DO UPDATE SET name = excluded.name
ON INSERT TO t DO INSTEAD INSERT INTO a (id, name) VALUES (new.k, new.label) ON CONFLICT (id) DO UPDATE SET name = new.label
ON INSERT TO t WHERE k > 3 DO ALSO DELETE FROM a WHERE id = new.k
ON INSERT TO t WHERE old.k > 3 DO ALSO DELETE FROM a WHERE id = new.k
ON INSERT TO t DO ALSO DELETE FROM a WHERE id = old.k
ON INSERT TO t DO ALSO DELETE FROM a WHERE id = k
ON DELETE TO t DO ALSO DELETE FROM a WHERE id = old.k
ON DELETE TO t DO ALSO DELETE FROM a WHERE id = new.k
ON DELETE TO t WHERE k = 1 DO INSTEAD UPDATE a SET name = old.label WHERE id = old.k
ON DELETE TO t DO INSTEAD UPDATE t SET label = NULL WHERE k = old.k
ON UPDATE TO t DO ALSO UPDATE a SET name = new.label WHERE id = old.k
ON UPDATE TO t DO ALSO UPDATE a SET name = new.label FROM b WHERE a.id = b.id AND b.id = new.k
ON UPDATE TO t WHERE k = 1 DO ALSO UPDATE a SET name = new.label
ON UPDATE TO t WHERE new.label IS DISTINCT FROM old.label DO ALSO INSERT INTO gone (one, four) VALUES (new.k, old.label)
ON UPDATE TO t WHERE EXISTS (SELECT 1 FROM a WHERE a.id = new.k) DO ALSO INSERT INTO gone (one) SELECT old.k
ON UPDATE TO t DO ALSO (UPDATE a SET name = new.label WHERE id = old.k; DELETE FROM gone WHERE one = old.k; NOTIFY changed)
ON UPDATE TO t WHERE new.k = 1 DO ALSO NOTIFY changed
ON UPDATE TO t DO INSTEAD SELECT new.k, old.k
ON UPDATE TO t DO INSTEAD SELECT new.*
ON UPDATE TO t DO INSTEAD SELECT *
ON UPDATE TO t DO INSTEAD SELECT * FROM a WHERE a.id = new.k
ON UPDATE TO t DO INSTEAD (SELECT id FROM a UNION SELECT id FROM b)
ON UPDATE TO t WHERE new.k = 1 DO INSTEAD (SELECT id FROM a UNION SELECT id FROM b)
ON UPDATE TO t DO INSTEAD (SELECT id FROM a WHERE id = new.k UNION SELECT id FROM b)
ON UPDATE TO t DO ALSO WITH q AS (SELECT new.k) INSERT INTO gone (one) SELECT k FROM q
ON UPDATE TO t DO ALSO WITH q AS (SELECT id FROM a) INSERT INTO gone (one) SELECT id FROM q WHERE id = new.k
ON UPDATE TO t DO ALSO WITH q AS (DELETE FROM a RETURNING id) INSERT INTO gone (one) SELECT id FROM q
ON UPDATE TO t DO ALSO INSERT INTO gone (one) WITH q AS (SELECT old.k) SELECT k FROM q
ON INSERT TO t DO INSTEAD INSERT INTO child (k, parent, label, weight) VALUES (new.k, new.parent, new.label, new.weight) RETURNING k, parent, label, weight
ON INSERT TO t DO INSTEAD INSERT INTO child (k) VALUES (new.k) RETURNING *
ON INSERT TO t DO INSTEAD INSERT INTO child (k) VALUES (new.k) RETURNING k
ON INSERT TO t DO INSTEAD INSERT INTO child (k) VALUES (new.k) RETURNING label, k, label, weight
ON INSERT TO t DO ALSO INSERT INTO child (k) VALUES (new.k) RETURNING k, parent, label, weight
ON INSERT TO t WHERE new.k = 1 DO INSTEAD INSERT INTO child (k) VALUES (new.k) RETURNING k, parent, label, weight
ON INSERT TO gone DO INSTEAD INSERT INTO gone VALUES (new.*) RETURNING *
ON INSERT TO t DO ALSO MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET name = new.label
ON INSERT TO t DO INSTEAD UPDATE a SET (name, v) = (SELECT new.label, 'x') WHERE id = new.k
ON INSERT TO t DO INSTEAD UPDATE a SET tags[new.k] = new.label
ON INSERT TO t DO INSTEAD INSERT INTO a (id, tags[1]) VALUES (new.k, new.label), (2, 'x')
ON INSERT TO t DO INSTEAD INSERT INTO old (id, note) VALUES (new.k, new.label)
ON DELETE TO t DO INSTEAD DELETE FROM old
ON INSERT TO t DO INSTEAD INSERT INTO a DEFAULT VALUES
ON INSERT TO a DO ALSO INSERT INTO b (id, name, amount) VALUES (new.id, new.name, new.n)
ON UPDATE TO a DO INSTEAD UPDATE b SET name = new.v, x = NULL WHERE b.a_id = old.id AND old.tags[1] = 'x'
ON UPDATE TO a WHERE NOT (new.flag AND old.flag) DO ALSO DELETE FROM b USING t WHERE b.id = t.k AND t.label = old.name
ON DELETE TO a DO ALSO DELETE FROM b WHERE b.a_id IN (SELECT old.id)
ON DELETE TO a DO ALSO DELETE FROM b WHERE b.a_id IN (SELECT k FROM t WHERE t.label = old.name AND t.k = b.id)
ON DELETE TO a DO ALSO INSERT INTO gone (one, four) SELECT s.k, s.l FROM (SELECT old.id AS k, old.name AS l) s
ON DELETE TO a DO ALSO INSERT INTO gone (one, four) SELECT t.k, old.name FROM t LEFT JOIN b ON b.id = t.k AND b.a_id = old.id
ON UPDATE TO "Odd Table" WHERE new."Col" > 1 DO ALSO INSERT INTO gone (one, four) VALUES (new."order", old."select")
ON DELETE TO "Odd Table" DO ALSO DELETE FROM "Odd Table" WHERE "Col" = old."order" AND old."a""b" = 'x'
ON INSERT TO nope DO INSTEAD NOTHING
ON INSERT TO t WHERE new.nope DO INSTEAD NOTHING
ON INSERT TO t WHERE new.k DO INSTEAD NOTHING
ON INSERT TO t WHERE count(*) > 1 DO INSTEAD NOTHING
ON UPDATE TO t DO ALSO UPDATE old SET note = old.label
ON UPDATE TO t DO ALSO UPDATE a SET name = new.label WHERE id = old.k RETURNING a.id
ON INSERT TO old DO ALSO INSERT INTO t (k, label) VALUES (new.id, new.note)
