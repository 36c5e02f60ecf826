CREATE TABLE t (a text COLLATE "C", b text COLLATE "POSIX", c text);
CREATE INDEX t_a ON t (a);
