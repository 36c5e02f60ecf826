CREATE TYPE status AS ENUM ('new', 'done');
CREATE TABLE customer (id serial PRIMARY KEY, email varchar(100) NOT NULL UNIQUE);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id integer REFERENCES customer, status status DEFAULT 'new', total numeric(8,2));
CREATE INDEX orders_status ON orders (status) WHERE status = 'new';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
