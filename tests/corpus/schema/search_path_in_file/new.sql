CREATE SCHEMA app;
SET search_path = app, public;
CREATE TYPE level AS ENUM ('low', 'high');
CREATE TABLE task (id integer, level level DEFAULT 'low');
SET search_path = public;
CREATE TABLE other (level app.level);
