CREATE TABLE a_first (id integer);
