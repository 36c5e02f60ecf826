CREATE TABLE log (id bigint, n bigint);
