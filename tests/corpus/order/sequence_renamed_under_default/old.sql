CREATE SEQUENCE before_seq;
CREATE TABLE t (id bigint DEFAULT nextval('before_seq'));
ALTER SEQUENCE before_seq OWNED BY t.id;
