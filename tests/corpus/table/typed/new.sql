CREATE TYPE address AS (street text, zip text);
CREATE TABLE addresses OF address (PRIMARY KEY (zip), street WITH OPTIONS NOT NULL);
