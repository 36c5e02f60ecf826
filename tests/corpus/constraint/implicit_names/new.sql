CREATE TABLE t (a integer CHECK (a > 0) CHECK (a < 10) UNIQUE, b integer CHECK (a < b), c integer, CHECK (a < b), CHECK (c > 0 AND a > 0), UNIQUE (a, b), UNIQUE (b, a), UNIQUE (a, b, c) INCLUDE (c));
CREATE TABLE a_rather_long_table_name_to_be_truncated_with_its_columns (another_rather_long_column_name integer UNIQUE CHECK (another_rather_long_column_name > 0) REFERENCES t (a));
CREATE TABLE t_a_key1 (x integer);
CREATE TABLE u (t_id integer REFERENCES t (a), x integer, y integer, FOREIGN KEY (x) REFERENCES t (a), FOREIGN KEY (x) REFERENCES t (a), FOREIGN KEY (x, y) REFERENCES t (a, b));
