CREATE TABLE t (
    a integer DEFAULT -1, b bigint DEFAULT 4294967296, c numeric DEFAULT 1.50, d text DEFAULT NULL, e varchar(5) DEFAULT 'abc',
    f boolean DEFAULT true, g timestamptz DEFAULT CURRENT_TIMESTAMP, h timestamp DEFAULT LOCALTIMESTAMP(3), i date DEFAULT '2020-02-29',
    j integer[] DEFAULT '{1,2}', k text[] DEFAULT ARRAY['a', 'b'], l jsonb DEFAULT '{"a": [1]}', m interval DEFAULT '1 day'::interval,
    n text DEFAULT 'it''s' || E'\n', o double precision DEFAULT random() * 10, p name DEFAULT CURRENT_USER, q uuid DEFAULT gen_random_uuid(),
    r text DEFAULT COALESCE(NULL, 'z'), s integer DEFAULT CASE WHEN 1 > 2 THEN 3 ELSE 4 END, t bytea DEFAULT '\x00ff', u bit(3) DEFAULT B'101',
    v varchar(3)[] DEFAULT ARRAY['p', 'q'], w text DEFAULT (1 + 2)::text, x char(4) DEFAULT 'ab', y timestamptz DEFAULT now() + '1 hour',
    z smallint DEFAULT '7', aa text DEFAULT current_setting('server_version'), ab regclass DEFAULT 'pg_class'::regclass
);
