CREATE TYPE z_mood AS ENUM ('ok');
CREATE FUNCTION m_default() RETURNS z_mood LANGUAGE sql AS $$ SELECT 'ok'::z_mood $$;
CREATE TABLE a_first (id integer, m z_mood DEFAULT m_default());
