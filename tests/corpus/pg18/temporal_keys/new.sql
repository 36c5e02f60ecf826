CREATE TABLE p (id int4range, during tsrange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE c (id int4range, p_id int4range, during tsrange, UNIQUE (id, during WITHOUT OVERLAPS), FOREIGN KEY (p_id, PERIOD during) REFERENCES p (id, PERIOD during));
