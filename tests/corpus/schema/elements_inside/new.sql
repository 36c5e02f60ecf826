CREATE SCHEMA shop
    CREATE TABLE item (id integer PRIMARY KEY, name text)
    CREATE INDEX ON item (name)
    CREATE SEQUENCE counter;
