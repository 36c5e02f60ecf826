CREATE TYPE mood AS ENUM ('happy');
CREATE FUNCTION keep(old_mood mood, new_mood mood) RETURNS mood LANGUAGE sql AS 'SELECT coalesce($2, $1)';
CREATE FUNCTION shown(mood) RETURNS varchar LANGUAGE sql AS 'SELECT $1::text';
CREATE AGGREGATE last_mood(mood) (SFUNC = keep, STYPE = mood, FINALFUNC = shown);
COMMENT ON AGGREGATE last_mood(mood) IS 'the last one';
