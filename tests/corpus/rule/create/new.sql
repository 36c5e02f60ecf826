CREATE RULE a_insert AS ON INSERT TO t DO ALSO INSERT INTO log (id, name) VALUES (new.id, new.name);
CREATE RULE "B update" AS ON UPDATE TO t WHERE old.name IS DISTINCT FROM new.name
    DO ALSO INSERT INTO log (id, name, "Odd Name") SELECT f(new.id), old.name, l."Odd Name" FROM log l WHERE l.id = old.id;
CREATE RULE c_delete AS ON DELETE TO t WHERE old.kind IN ('a', 'b') AND EXISTS (SELECT 1 FROM log WHERE log.id = old.id)
    DO INSTEAD (UPDATE t SET kind = 'gone' WHERE id = old.id; DELETE FROM log WHERE id = old.id);
CREATE RULE d_nothing AS ON DELETE TO t WHERE old.id < 10 DO INSTEAD NOTHING;
CREATE RULE e_also_nothing AS ON DELETE TO t DO ALSO NOTHING;
CREATE RULE f_notify AS ON DELETE TO t DO ALSO (NOTIFY changed, 'it''s; so'; DELETE FROM log WHERE name = '; x'; NOTIFY "Changed");
CREATE RULE g_query AS ON UPDATE TO log DO INSTEAD WITH q AS (SELECT id FROM t) SELECT q.id, new.name FROM q WHERE q.id = old.id;
CREATE RULE h_off AS ON INSERT TO log DO INSTEAD NOTHING;
ALTER TABLE log DISABLE RULE h_off;
COMMENT ON RULE a_insert ON t IS 'keeps a copy';
