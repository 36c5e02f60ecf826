CREATE SCHEMA "user";
CREATE TYPE "user"."table" AS ENUM ('select');
CREATE TABLE "user"."order" ("group" integer PRIMARY KEY, "check" "user"."table" DEFAULT 'select', "end" integer CHECK ("end" > 0));
CREATE INDEX "where" ON "user"."order" ("check", ("end" + 1)) WHERE "end" IS NOT NULL;
CREATE FUNCTION "user"."case"("when" integer, "then" "user"."table") RETURNS "user"."table" LANGUAGE sql AS 'SELECT $2';
COMMENT ON COLUMN "user"."order"."group" IS 'reserved';
