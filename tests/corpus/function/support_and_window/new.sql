CREATE FUNCTION scale(numeric, integer) RETURNS numeric LANGUAGE internal IMMUTABLE STRICT SUPPORT numeric_support AS 'numeric';
