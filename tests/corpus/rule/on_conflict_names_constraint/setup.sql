CREATE TABLE t (id integer);
CREATE TABLE wide (id integer PRIMARY KEY, a text, b text);
CREATE RULE s AS ON INSERT TO t DO ALSO INSERT INTO wide (id) VALUES (new.id) ON CONFLICT (id) DO UPDATE SET a = wide.a WHERE excluded.a > wide.a;
