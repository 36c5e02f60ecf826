CREATE TABLE t (price money DEFAULT 12.5, CHECK (price >= '$1,000'));
