CREATE TYPE address AS (street text COLLATE "C", zip varchar(10), tags text[], at timestamp(3) with time zone);
COMMENT ON TYPE address IS 'where';
COMMENT ON COLUMN address.zip IS 'post code';
