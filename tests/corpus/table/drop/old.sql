CREATE TABLE t (id serial PRIMARY KEY, a integer CHECK (a > 0));
CREATE INDEX ON t (a);
