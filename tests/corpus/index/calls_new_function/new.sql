CREATE FUNCTION norm(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT lower(t)';
CREATE TABLE t (a text);
CREATE UNIQUE INDEX t_norm ON t (norm(a)) WHERE norm(a) <> '';
