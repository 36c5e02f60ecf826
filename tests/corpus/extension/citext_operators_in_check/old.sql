CREATE EXTENSION citext;
CREATE TABLE t (mail citext);
