CREATE TABLE t (a integer, b bigint, c varchar(20), d text, e numeric(10,2), f timestamp, g numeric);
