CREATE TABLE log (id integer, n integer);
