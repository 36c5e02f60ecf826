CREATE SEQUENCE ids;
CREATE TABLE a (id integer DEFAULT nextval('ids'));
CREATE TABLE b (id bigint DEFAULT nextval('ids'::regclass) NOT NULL);
