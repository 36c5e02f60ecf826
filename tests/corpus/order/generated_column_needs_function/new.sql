CREATE FUNCTION z_norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE TABLE a_t (v text, n text GENERATED ALWAYS AS (z_norm(v)) STORED);
