CREATE TABLE t (a smallint, b integer, c varchar(10), d varchar(10), e numeric(5,2), f timestamp(3), g integer);
