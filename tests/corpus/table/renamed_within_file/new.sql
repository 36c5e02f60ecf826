CREATE TABLE draft (id serial PRIMARY KEY, v text);
ALTER TABLE draft RENAME TO final;
ALTER TABLE final RENAME COLUMN v TO value;
ALTER INDEX draft_pkey RENAME TO final_pkey;
ALTER SEQUENCE draft_id_seq RENAME TO final_id_seq;
