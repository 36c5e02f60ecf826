CREATE EXTENSION "uuid-ossp";
CREATE TABLE t (id integer, key uuid DEFAULT uuid_generate_v4() NOT NULL);
