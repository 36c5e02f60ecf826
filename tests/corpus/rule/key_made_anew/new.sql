CREATE TABLE t (id integer, n integer, CONSTRAINT other PRIMARY KEY (id));
CREATE TABLE log (id integer);
CREATE RULE r AS ON INSERT TO log DO ALSO SELECT t.id, t.n, count(*) FROM t WHERE t.n = new.id GROUP BY t.id;
