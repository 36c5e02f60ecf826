CREATE TABLE base (id integer, name text);
CREATE TABLE uses (b base, bs base[]);
CREATE FUNCTION first_of(u uses) RETURNS base LANGUAGE sql AS 'SELECT u.b';
