CREATE TABLE a (id serial, n integer);
CREATE TABLE b (id integer DEFAULT nextval('a_id_seq'));
