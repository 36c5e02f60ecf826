CREATE SCHEMA "Odd Name";
CREATE TABLE "Odd Name"."select" ("from" integer, "A""b" text);
