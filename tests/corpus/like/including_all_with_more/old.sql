CREATE TABLE source (a integer PRIMARY KEY, b text DEFAULT 'x' UNIQUE);
