CREATE FUNCTION textcat_all(text, text, text) RETURNS text LANGUAGE sql AS $$ SELECT concat($1, $2, $3) $$;
CREATE FUNCTION keep(text, text) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE AGGREGATE last_text(text) (SFUNC = keep, STYPE = text);
CREATE AGGREGATE number_of_rows(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE AGGREGATE "Quoted name"("An argument" text, other text) (SFUNC = textcat_all, STYPE = text);
COMMENT ON AGGREGATE number_of_rows(*) IS 'all of them';
COMMENT ON AGGREGATE "Quoted name"(text, text) IS 'it''s quoted';
