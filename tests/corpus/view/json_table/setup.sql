CREATE DOMAIN sku AS text CHECK (VALUE <> '');
CREATE TABLE orders (id integer PRIMARY KEY, body jsonb NOT NULL, least numeric);
