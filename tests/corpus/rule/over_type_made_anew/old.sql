CREATE TYPE mood AS ENUM ('a', 'b', 'c');
CREATE TABLE t (id integer, m mood);
CREATE TABLE log (m mood);
CREATE VIEW v AS SELECT id FROM t;
CREATE RULE own AS ON UPDATE TO t WHERE old.m IS DISTINCT FROM new.m DO ALSO INSERT INTO log (m) VALUES (new.m);
CREATE RULE other AS ON DELETE TO log DO ALSO UPDATE t SET m = 'b' WHERE t.m = old.m;
CREATE RULE on_view AS ON DELETE TO v DO INSTEAD DELETE FROM log WHERE log.m = 'a';
COMMENT ON RULE own ON t IS 'stays';
