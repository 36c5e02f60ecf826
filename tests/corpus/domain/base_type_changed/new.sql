CREATE DOMAIN code AS varchar(5);
CREATE TABLE t (id integer, c code);
