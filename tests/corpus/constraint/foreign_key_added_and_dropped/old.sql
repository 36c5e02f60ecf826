CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE c (p1 integer, p2 integer REFERENCES p);
