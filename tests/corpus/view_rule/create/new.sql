CREATE RULE ins AS ON INSERT TO v DO INSTEAD INSERT INTO t (id, name) VALUES (new.id, new.name) RETURNING t.id, t.name;
CREATE RULE upd AS ON UPDATE TO v DO INSTEAD (UPDATE t SET name = new.name WHERE t.id = old.id; INSERT INTO log (id) VALUES (old.id));
CREATE RULE del AS ON DELETE TO v WHERE old.name IS NULL DO INSTEAD DELETE FROM t WHERE t.id = old.id;
CREATE RULE del_otherwise AS ON DELETE TO v DO INSTEAD NOTHING;
COMMENT ON RULE ins ON v IS 'writes through';
