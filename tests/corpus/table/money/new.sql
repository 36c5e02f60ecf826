CREATE TABLE t (price money DEFAULT '1,234.567', due money[] DEFAULT '{"(3.00)",$4}', CHECK (price < '-5'::money OR price > 0::money));
CREATE VIEW v AS SELECT price, price > '0.5' AS some FROM t;
