CREATE TABLE keep (id integer);
CREATE TABLE z_rows (id integer, v text);
CREATE FUNCTION a_rows() RETURNS SETOF z_rows LANGUAGE sql AS 'TABLE z_rows';
