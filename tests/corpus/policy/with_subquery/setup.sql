CREATE TABLE teams (id integer PRIMARY KEY, name text);
CREATE TABLE members (team integer REFERENCES teams, who text, admin boolean);
CREATE TABLE docs (id integer PRIMARY KEY, team integer REFERENCES teams, title text);
CREATE FUNCTION me() RETURNS text LANGUAGE sql STABLE AS 'SELECT CURRENT_USER::text';
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
