CREATE TABLE t (id integer, n bigint, other integer);
CREATE TABLE u (id integer);
CREATE RULE own AS ON UPDATE TO t WHERE old.n <> new.n DO ALSO INSERT INTO log (id, n) VALUES (new.id, old.n);
CREATE RULE other AS ON DELETE TO u DO ALSO DELETE FROM t WHERE t.n = old.id;
CREATE RULE untouched AS ON DELETE TO t DO ALSO DELETE FROM log WHERE log.id = old.id;
COMMENT ON RULE own ON t IS 'comes back';
ALTER TABLE t DISABLE RULE own;
