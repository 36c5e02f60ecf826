CREATE DOMAIN email AS text COLLATE "C" DEFAULT 'none@example.com' NOT NULL CHECK (VALUE ~ '^[^@]+@[^@]+$');
COMMENT ON DOMAIN email IS 'an address';
