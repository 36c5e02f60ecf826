CREATE RULE r AS ON UPDATE TO t WHERE new.kind IN ('a', 'b') AND old.kind NOT IN ('c', 'd') DO ALSO DELETE FROM log WHERE id = old.id;
CREATE RULE s AS ON UPDATE TO t DO ALSO UPDATE log SET name = 'x' FROM t WHERE t.kind IN ('a', 'b') AND log.id = old.id;
