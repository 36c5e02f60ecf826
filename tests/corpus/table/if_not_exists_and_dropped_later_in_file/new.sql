CREATE TABLE IF NOT EXISTS t (id integer);
CREATE TABLE gone (id integer);
DROP TABLE gone;
DROP TABLE IF EXISTS never_there;
