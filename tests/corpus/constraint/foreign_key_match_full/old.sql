CREATE TABLE p (a integer, b integer, UNIQUE (a, b));
CREATE TABLE c (a integer, b integer, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES p (a, b));
