CREATE TABLE t (id integer PRIMARY KEY, name text, kind character varying(10), at timestamp with time zone);
CREATE TABLE log (id integer, name text, at timestamp with time zone DEFAULT now(), "Odd Name" text);

