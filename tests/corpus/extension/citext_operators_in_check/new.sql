CREATE EXTENSION citext;
CREATE TABLE t (mail citext CHECK (mail ~ '@'), CONSTRAINT not_root CHECK (mail <> 'root'));
CREATE UNIQUE INDEX t_mail ON t (mail) WHERE mail <> ''::citext;
