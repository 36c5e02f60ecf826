CREATE TABLE p (a integer NOT NULL, b integer, PRIMARY KEY (b), UNIQUE (a));
CREATE TABLE c (a integer REFERENCES p (a));
