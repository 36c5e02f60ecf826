CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION keep(a mood, b mood) RETURNS mood LANGUAGE sql AS 'SELECT coalesce($2, $1)';
CREATE FUNCTION shown(mood) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE AGGREGATE last_mood(mood) (SFUNC = keep, STYPE = mood, FINALFUNC = shown);
COMMENT ON AGGREGATE last_mood(mood) IS 'the last one';
