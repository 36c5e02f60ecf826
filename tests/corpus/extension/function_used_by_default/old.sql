CREATE EXTENSION "uuid-ossp";
CREATE TABLE t (id integer);
