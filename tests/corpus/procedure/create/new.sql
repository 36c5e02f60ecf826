CREATE PROCEDURE p(a integer, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS 'BEGIN b := a; END';
COMMENT ON PROCEDURE p(integer, text) IS 'does it';
