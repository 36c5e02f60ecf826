CREATE SCHEMA billing;
COMMENT ON SCHEMA billing IS 'money in, it''s hoped';
