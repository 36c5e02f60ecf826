CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE c (p1 integer REFERENCES p, p2 integer);
