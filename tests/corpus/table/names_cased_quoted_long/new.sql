CREATE TABLE "Orders" ("Id" integer PRIMARY KEY, "order" text, "with space" text, "ünïcode" text);
CREATE TABLE UPPER_is_Folded (ID integer);
CREATE TABLE a_name_which_is_longer_than_the_sixty_three_bytes_that_postgres_keeps_of_it (id integer PRIMARY KEY);
CREATE INDEX ON "Orders" ("order", "with space");
