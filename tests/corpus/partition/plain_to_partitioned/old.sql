CREATE TABLE r (id integer, a integer);
