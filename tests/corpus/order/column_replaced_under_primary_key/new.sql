CREATE TABLE t (id bigint PRIMARY KEY, v text);
CREATE TABLE c (t_id bigint REFERENCES t);
