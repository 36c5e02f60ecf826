CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE FUNCTION f(integer) RETURNS mood LANGUAGE sql AS $$ SELECT 'fine'::mood $$;
CREATE TABLE z (id integer, kind mood);
CREATE TABLE a (id integer);
CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO z (id, kind) VALUES (new.id, f(new.id));
CREATE VIEW v AS SELECT * FROM z;
CREATE RULE on_view AS ON INSERT TO v DO INSTEAD INSERT INTO a (id) VALUES (new.id);
CREATE RULE through_view AS ON DELETE TO a DO ALSO DELETE FROM v WHERE v.id = old.id;
