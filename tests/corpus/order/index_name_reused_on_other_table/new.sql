CREATE TABLE a (x integer);
CREATE TABLE b (x integer);
CREATE INDEX the_index ON b (x);
