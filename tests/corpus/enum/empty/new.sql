CREATE TYPE nothing_yet AS ENUM ();
