CREATE TABLE t (old_id uuid PRIMARY KEY, v text);
CREATE TABLE c (t_id uuid REFERENCES t);
