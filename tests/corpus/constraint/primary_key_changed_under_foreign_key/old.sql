CREATE TABLE p (a integer, b integer NOT NULL, PRIMARY KEY (a), UNIQUE (b));
CREATE TABLE c (a integer REFERENCES p (a));
