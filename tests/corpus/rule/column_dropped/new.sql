CREATE TABLE t (id integer, m integer);
CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO log (id, n) VALUES (new.id, old.m);
