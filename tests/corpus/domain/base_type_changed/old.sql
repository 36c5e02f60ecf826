CREATE DOMAIN code AS varchar(3);
CREATE TABLE t (id integer, c code);
