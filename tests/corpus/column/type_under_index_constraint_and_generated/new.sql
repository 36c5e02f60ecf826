CREATE TABLE t (id bigint PRIMARY KEY, name text UNIQUE, low text GENERATED ALWAYS AS (lower(name)) STORED, CHECK (name <> ''));
CREATE INDEX t_lower ON t (lower(name)) WHERE name IN ('a', 'b');
