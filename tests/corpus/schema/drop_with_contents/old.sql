CREATE SCHEMA billing;
CREATE TYPE billing.state AS ENUM ('open', 'paid');
CREATE TABLE billing.invoice (id integer, state billing.state);
CREATE FUNCTION billing.two() RETURNS integer LANGUAGE sql AS 'SELECT 2';
