CREATE SCHEMA billing;
CREATE TABLE billing.invoice (id integer);
