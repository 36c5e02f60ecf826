CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE t (id integer PRIMARY KEY, name text, m mood);
CREATE TABLE u (u_id integer, t_id integer, amount numeric);
CREATE VIEW v AS SELECT t.id, name, count(*) AS c FROM t JOIN u ON u.t_id = t.id WHERE m = 'ok' GROUP BY t.id;
