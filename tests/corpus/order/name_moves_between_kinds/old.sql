CREATE TABLE thing (id integer);
CREATE TYPE other AS ENUM ('x');
