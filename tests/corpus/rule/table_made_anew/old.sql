CREATE TABLE t (id integer, n integer);
CREATE TABLE log (id integer);
CREATE RULE own AS ON DELETE TO t WHERE old.n > 1 DO ALSO INSERT INTO log VALUES (old.id);
CREATE RULE other AS ON INSERT TO log DO ALSO DELETE FROM t WHERE t.id = new.id;
ALTER TABLE t ENABLE ALWAYS RULE own;
COMMENT ON RULE own ON t IS 'comes back';
