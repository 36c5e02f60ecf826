CREATE SEQUENCE after_seq;
CREATE TABLE t (id bigint DEFAULT nextval('after_seq'));
ALTER SEQUENCE after_seq OWNED BY t.id;
