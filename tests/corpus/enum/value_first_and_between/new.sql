CREATE TYPE mood AS ENUM ('a', 'b', 'c1', 'c2', 'd', 'e');
