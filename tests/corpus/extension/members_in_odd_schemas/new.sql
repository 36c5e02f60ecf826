CREATE SCHEMA "My Tools";
CREATE SCHEMA other;
CREATE EXTENSION cube SCHEMA "My Tools";
CREATE EXTENSION earthdistance SCHEMA "My Tools";
CREATE EXTENSION hstore SCHEMA other;
SET search_path = public, "My Tools";
CREATE TABLE t (a earth, b cube, c other.hstore DEFAULT other.hstore('a', 'b'), CHECK (latitude(a) > 1), CHECK (earth_distance(a, a) < 2));
