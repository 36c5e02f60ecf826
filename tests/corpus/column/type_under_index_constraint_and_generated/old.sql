CREATE TABLE t (id integer PRIMARY KEY, name varchar(10) UNIQUE, low text GENERATED ALWAYS AS (lower(name)) STORED, CHECK (name <> ''));
CREATE INDEX t_lower ON t (lower(name)) WHERE name IN ('a', 'b');
