CREATE TABLE r (id integer NOT NULL, a integer NOT NULL, CONSTRAINT r_key UNIQUE (id)) PARTITION BY RANGE (id);
CREATE INDEX r_a ON r (a);
CREATE TABLE r_1 (id integer NOT NULL, a integer NOT NULL, CONSTRAINT r_1_id_key UNIQUE (id, a));
CREATE INDEX r_1_a_idx ON r_1 (a DESC);
CREATE TABLE r_2 (id integer NOT NULL, a integer NOT NULL, CONSTRAINT r_2_id_key UNIQUE (id));
CREATE INDEX r_2_a_idx ON r_2 (a);
