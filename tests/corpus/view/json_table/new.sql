CREATE VIEW lines AS
    SELECT o.id, l.*
    FROM orders o, JSON_TABLE(o.body, '$.lines[*] ? (@.price >= $least)' AS line PASSING o.least AS least COLUMNS (
        number FOR ORDINALITY,
        sku text,
        item sku PATH '$.sku' DEFAULT 'none' ON EMPTY,
        gift boolean EXISTS PATH '$.gift',
        price numeric(10,2) ERROR ON ERROR,
        extra jsonb WITH CONDITIONAL WRAPPER,
        NESTED PATH '$.parts[*]' COLUMNS (part text FORMAT JSON OMIT QUOTES)
    ) ERROR ON ERROR) AS l;
CREATE MATERIALIZED VIEW parts AS
    SELECT l.part FROM orders o LEFT JOIN JSON_TABLE(o.body, '$' COLUMNS (part text PATH '$.part')) AS l ON true;
