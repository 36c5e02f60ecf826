CREATE TYPE thing AS ENUM ('x');
CREATE TABLE other (id integer);
