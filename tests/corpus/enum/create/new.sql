CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s fine');
COMMENT ON TYPE mood IS 'how it goes';
