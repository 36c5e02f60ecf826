CREATE TABLE notes (id integer PRIMARY KEY, owner text NOT NULL, "Tenant id" bigint, kind varchar(10), shared boolean DEFAULT false);
