CREATE TABLE p (id int4range, during tsrange NOT NULL);
CREATE TABLE c (id int4range, p_id int4range, during tsrange);
