CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE EXTENSION cube;
CREATE EXTENSION seg;
CREATE EXTENSION isn;
CREATE EXTENSION lo;
CREATE EXTENSION intarray;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gin;
CREATE EXTENSION btree_gist;
CREATE EXTENSION bloom;
CREATE EXTENSION unaccent;
CREATE EXTENSION fuzzystrmatch;
CREATE EXTENSION pgcrypto;
CREATE EXTENSION "uuid-ossp";
CREATE EXTENSION earthdistance;
CREATE TABLE catalogued (
    id uuid DEFAULT uuid_generate_v4() PRIMARY KEY,
    name citext NOT NULL UNIQUE,
    tags hstore DEFAULT ''::hstore NOT NULL,
    place ltree,
    box cube,
    range_of seg,
    book isbn13,
    file lo,
    numbers integer[],
    digest bytea DEFAULT digest('x', 'sha256'),
    token text DEFAULT encode(gen_random_bytes(12), 'hex'),
    during tstzrange,
    room integer,
    CONSTRAINT tags_known CHECK (tags ? 'kind' AND NOT tags ?| ARRAY['a', 'b']),
    CONSTRAINT name_short CHECK (name <> 'none' AND length(name::text) < 200),
    CONSTRAINT below CHECK (place <@ 'top'::ltree OR nlevel(place) > 2),
    CONSTRAINT near CHECK (cube_distance(box, box) < 5),
    CONSTRAINT few CHECK (icount(numbers) < 10),
    CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&)
);
CREATE INDEX catalogued_name_trgm ON catalogued USING gin ((name::text) gin_trgm_ops);
CREATE INDEX catalogued_name_gist ON catalogued USING gist ((name::text) gist_trgm_ops (siglen = 32));
CREATE INDEX catalogued_tags ON catalogued USING gin (tags);
CREATE INDEX catalogued_place ON catalogued USING gist (place);
CREATE INDEX catalogued_box ON catalogued USING gist (box);
CREATE INDEX catalogued_numbers ON catalogued USING gin (numbers gin__int_ops);
CREATE INDEX catalogued_room_tags ON catalogued USING gin (room, tags);
CREATE INDEX catalogued_bloom ON catalogued USING bloom (room) WITH (length = 80, col1 = 4);
CREATE INDEX catalogued_sound ON catalogued (soundex(name::text));
CREATE DOMAIN nick AS citext CHECK (VALUE ~ '^[a-z]+$');
CREATE FUNCTION slug(t citext, h hstore DEFAULT 'a=>1') RETURNS citext LANGUAGE sql AS 'SELECT t';
