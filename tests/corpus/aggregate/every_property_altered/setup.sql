CREATE FUNCTION add(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION add_twice(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 2 * $2';
CREATE FUNCTION sub(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE FUNCTION half(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION number_add(numeric, integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION number_half(numeric) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT ($1 / 2)::bigint';
