CREATE TABLE source (a integer PRIMARY KEY, b text DEFAULT 'x' UNIQUE);
CREATE TABLE copy (id bigint, LIKE source INCLUDING ALL EXCLUDING DEFAULTS, z text);
