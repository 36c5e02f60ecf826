CREATE VIEW lines AS
    SELECT o.id, l.*
    FROM orders o, JSON_TABLE(o.body, '$.lines[*]' COLUMNS (number FOR ORDINALITY, sku text)) AS l;
