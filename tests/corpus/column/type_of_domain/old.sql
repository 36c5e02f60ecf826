CREATE DOMAIN pos AS integer CHECK (VALUE > 0);
CREATE TABLE t (a integer, b pos);
