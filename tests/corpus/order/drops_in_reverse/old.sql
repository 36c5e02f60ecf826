CREATE TYPE a_type AS ENUM ('x');
CREATE FUNCTION b_func() RETURNS a_type LANGUAGE sql AS $$ SELECT 'x'::a_type $$;
CREATE DOMAIN c_dom AS a_type DEFAULT b_func();
CREATE TABLE d_parent (id a_type PRIMARY KEY DEFAULT b_func());
CREATE TABLE e_child (id a_type REFERENCES d_parent, c c_dom);
CREATE FUNCTION f_rows() RETURNS SETOF e_child LANGUAGE sql AS 'TABLE e_child';
