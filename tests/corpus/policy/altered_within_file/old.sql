CREATE TABLE notes (id integer, owner text);
