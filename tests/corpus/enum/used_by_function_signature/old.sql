CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION next(m mood) RETURNS mood LANGUAGE sql AS 'SELECT m';
