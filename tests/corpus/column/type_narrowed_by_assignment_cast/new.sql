CREATE TABLE t (a integer, b varchar(5), c numeric(6,2), d date);
