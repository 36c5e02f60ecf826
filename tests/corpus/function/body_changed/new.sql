CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS $body$
BEGIN
    -- $$ inside
    RETURN 2;
END
$body$;
