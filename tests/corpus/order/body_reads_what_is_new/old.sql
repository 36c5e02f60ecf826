CREATE TABLE account (id integer PRIMARY KEY);
CREATE TABLE ledger (id integer PRIMARY KEY, gone integer);
CREATE FUNCTION balance(account integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT max(gone) FROM ledger';
