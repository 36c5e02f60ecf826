CREATE TABLE z_lookup (id integer);
CREATE FUNCTION y_exists(integer) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM z_lookup WHERE id = $1)';
CREATE TABLE a_t (id integer CHECK (y_exists(id)));
