CREATE DOMAIN whole AS integer CHECK (VALUE >= 0);
CREATE DOMAIN small AS whole CHECK (VALUE < 10);
CREATE DOMAIN smalls AS small[] CHECK (array_length(VALUE, 1) < 3);
CREATE TABLE t (a small, b smalls, c whole[] DEFAULT '{}');
