CREATE SEQUENCE t_id_seq;
CREATE TABLE t (id serial);
CREATE TABLE a_table_with_a_name_that_is_nearly_as_long_as_postgres_lets (a_column_with_a_long_name_as_well serial);
