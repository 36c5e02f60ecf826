CREATE TABLE v (id integer);
CREATE RULE del AS ON DELETE TO v DO INSTEAD DELETE FROM t WHERE t.id = old.id;
COMMENT ON RULE del ON v IS 'of both';
