//! Makes the compiler's tables of built-in objects from real servers, one of each major.
//!
//! A table is text, described in `compiler/src/env/builtins.rs`. Rows that are the same on several majors are
//! written once. Servers number the objects from 10000 upwards as they please, differently on each major, so these get
//! numbers of the generator's own, by kind and name; what is below 10000 keeps its number. Every statement reads
//! a fresh database, so that nothing of a user can slip in; collations that `initdb` imports from the operating
//! system are left out, since each machine has its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use postgres::{Client, SimpleQueryMessage};

/// The first number that servers give out as they please (`FirstGenbkiObjectId`).
const FIRST_UNSTABLE: u32 = 10_000;

/// The tables: file name and the statement that gives its rows. `{t23}` in a field stands for object 23 of kind `t`.
const TABLES: [(&str, &str); 12] = [
    ("types.tsv", TYPES),
    (
        "ranges.tsv",
        "SELECT ref('t', rngtypid), ref('t', rngsubtype), ref('t', rngmultitypid), ref('c', rngcollation),
                ref('k', rngsubopc)
         FROM pg_range WHERE rngtypid < 16384",
    ),
    ("procs.tsv", PROCS),
    (
        "operators.tsv",
        "SELECT oprname, ref('o', oid), ref('t', oprleft), ref('t', oprright), ref('t', oprresult),
                ref('p', oprcode::oid), ref('o', oprcom), ref('o', oprnegate),
                CASE WHEN oprcanmerge THEN 'm' ELSE '' END || CASE WHEN oprcanhash THEN 'h' ELSE '' END
         FROM pg_operator WHERE oid < 16384",
    ),
    (
        "casts.tsv",
        "SELECT ref('t', castsource), ref('t', casttarget), ref('p', castfunc), nullif(castcontext::text, 'e'),
                nullif(castmethod::text, 'f')
         FROM pg_cast WHERE oid < 16384",
    ),
    (
        "collations.tsv",
        "SELECT collname, ref('c', oid), collprovider::text, CASE WHEN collisdeterministic THEN '' ELSE 'n' END,
                nullif(collencoding, -1)
         FROM pg_collation
         WHERE collname IN ('default', 'C', 'POSIX', 'ucs_basic', 'unicode', 'pg_c_utf8', 'pg_unicode_fast')",
    ),
    (
        "access_methods.tsv",
        "SELECT amname, ref('m', oid),
                CASE WHEN amtype = 'i' THEN 'i' ELSE '' END
                || CASE WHEN pg_indexam_has_property(oid, 'can_order') THEN 'o' ELSE '' END
                || CASE WHEN pg_indexam_has_property(oid, 'can_unique') THEN 'u' ELSE '' END
                || CASE WHEN pg_indexam_has_property(oid, 'can_multi_col') THEN 'm' ELSE '' END
                || CASE WHEN pg_indexam_has_property(oid, 'can_exclude') THEN 'x' ELSE '' END
                || CASE WHEN pg_indexam_has_property(oid, 'can_include') THEN 'n' ELSE '' END
         FROM pg_am WHERE oid < 16384",
    ),
    (
        "opclasses.tsv",
        "SELECT opcname, ref('k', oid), ref('m', opcmethod), ref('f', opcfamily), ref('t', opcintype),
                ref('t', opckeytype), CASE WHEN opcdefault THEN 'd' ELSE '' END
         FROM pg_opclass WHERE oid < 16384",
    ),
    (
        "opfamilies.tsv",
        "SELECT opfname, ref('f', f.oid), ref('m', opfmethod),
                (SELECT string_agg(concat_ws(' ', ref('t', amoplefttype), ref('t', amoprighttype), amopstrategy,
                                   ref('o', amopopr), ref('f', amopsortfamily)), ';'
                                   ORDER BY amoplefttype, amoprighttype, amopstrategy, amoppurpose)
                 FROM pg_amop WHERE amopfamily = f.oid),
                (SELECT string_agg(concat_ws(' ', ref('t', amproclefttype), ref('t', amprocrighttype), amprocnum,
                                   ref('p', amproc::oid)), ';' ORDER BY amproclefttype, amprocrighttype, amprocnum)
                 FROM pg_amproc WHERE amprocfamily = f.oid)
         FROM pg_opfamily f WHERE f.oid < 16384",
    ),
    ("relations.tsv", RELATIONS),
    (
        "languages.tsv",
        "SELECT lanname, ref('l', l.oid), CASE WHEN lanpltrusted THEN 't' ELSE '' END,
                (SELECT extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
                   AND d.classid = 'pg_language'::regclass AND d.objid = l.oid)
         FROM pg_language l WHERE l.oid < 16384",
    ),
    (
        "keywords.tsv",
        "SELECT word, nullif(catcode::text, 'U'), CASE WHEN barelabel THEN '' ELSE 'n' END FROM pg_get_keywords()",
    ),
];

const TYPES: &str = "
SELECT typname, ref('t', t.oid), nullif(nspname, 'pg_catalog'), nullif(typtype::text, 'b'),
       nullif(typcategory::text, 'A'),
       CASE WHEN typisdefined THEN '' ELSE 'u' END || CASE WHEN typispreferred THEN 'p' ELSE '' END
       || CASE WHEN typnotnull THEN 'n' ELSE '' END || CASE WHEN typbyval THEN 'v' ELSE '' END,
       nullif(typdelim::text, ','), ref('r', typrelid), ref('t', typelem), ref('t', typarray),
       CASE typsubscript::text WHEN '-' THEN '' WHEN 'array_subscript_handler' THEN 'a'
            WHEN 'raw_array_subscript_handler' THEN 'r' WHEN 'jsonb_subscript_handler' THEN 'j' ELSE 'o' END,
       ref('t', typbasetype), nullif(typtypmod, -1), ref('c', typcollation),
       nullif(typmodin::text, '-'), nullif(typmodout::text, '-'), nullif(typlen, -1),
       nullif(typalign::text, 'i'), nullif(typstorage::text, 'x')
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
WHERE t.oid < 16384 AND nspname IN ('pg_catalog', 'information_schema')";

const PROCS: &str = "
SELECT proname, ref('p', p.oid), nullif(nspname, 'pg_catalog'), nullif(prokind::text, 'f'),
       (SELECT string_agg(ref('t', a), ' ' ORDER BY at) FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS x(a, at)),
       ref('t', prorettype),
       CASE WHEN proretset THEN 'r' ELSE '' END || CASE WHEN proisstrict THEN 't' ELSE '' END
       || CASE WHEN proleakproof THEN 'l' ELSE '' END || CASE provolatile WHEN 'i' THEN '' ELSE provolatile::text END,
       CASE WHEN proargnames IS NOT NULL OR proargmodes IS NOT NULL THEN
         (SELECT string_agg(coalesce(proargmodes[at]::text, 'i') || ref('t', a) || '=' || coalesce(proargnames[at], ''),
                            ',' ORDER BY at)
          FROM unnest(coalesce(proallargtypes, proargtypes::oid[])) WITH ORDINALITY AS x(a, at)) END,
       nullif(pronargdefaults, 0), ref('t', provariadic), CASE WHEN prolang <> 12 THEN ref('l', prolang) END,
       (SELECT aggkind::text || aggnumdirectargs FROM pg_aggregate WHERE aggfnoid = p.oid),
       (SELECT extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
          AND d.classid = 'pg_proc'::regclass AND d.objid = p.oid)
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
WHERE p.oid < 16384 AND nspname IN ('pg_catalog', 'information_schema')";

const RELATIONS: &str = "
SELECT relname, ref('r', c.oid), nullif(nspname, 'pg_catalog'), nullif(relkind::text, 'r'), ref('t', reltype),
       (SELECT string_agg(attname || ' ' || ref('t', atttypid) || CASE WHEN attnotnull THEN '!' ELSE '' END
                          || CASE WHEN atttypmod >= 0 THEN ':' || atttypmod ELSE '' END
                          || CASE WHEN attcollation <> typcollation THEN '@' || ref('c', attcollation) ELSE '' END,
                          ',' ORDER BY attnum)
        FROM pg_attribute JOIN pg_type y ON y.oid = atttypid WHERE attrelid = c.oid AND attnum > 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE c.oid < 16384 AND nspname IN ('pg_catalog', 'information_schema') AND relkind IN ('r', 'v', 'p')";

/// What each object that a server numbers as it pleases is called: kind, number, and a name that is its own.
const IDENTITIES: &str = "
SELECT 't', oid, typnamespace::regnamespace::text || ' ' || typname FROM pg_type WHERE oid BETWEEN 10000 AND 16383
UNION ALL SELECT 'r', oid, relnamespace::regnamespace::text || ' ' || relname FROM pg_class
  WHERE oid BETWEEN 10000 AND 16383
UNION ALL SELECT 'p', oid, pronamespace::regnamespace::text || ' ' || proname || ' ' || proargtypes::text FROM pg_proc
  WHERE oid BETWEEN 10000 AND 16383
UNION ALL SELECT 'k', oid, opcmethod::text || ' ' || opcname FROM pg_opclass WHERE oid BETWEEN 10000 AND 16383
UNION ALL SELECT 'f', oid, opfmethod::text || ' ' || opfname FROM pg_opfamily WHERE oid BETWEEN 10000 AND 16383
UNION ALL SELECT 'c', oid, collname || ' ' || collencoding::text FROM pg_collation WHERE oid BETWEEN 10000 AND 16383
  AND collname = 'ucs_basic'
UNION ALL SELECT 'l', oid, lanname FROM pg_language WHERE oid BETWEEN 10000 AND 16383";

/// Numbers the objects that servers number as they please: by kind and number on one server.
type Numbers = BTreeMap<(char, u32), u32>;

/// Makes every table from one session per major, oldest first: file name and text.
///
/// # Panics
/// When a statement fails, or a server has what the tables cannot hold.
pub fn generate(sessions: &mut [Client]) -> BTreeMap<&'static str, String> {
    let numbers = canonical_numbers(sessions);
    let mut files = BTreeMap::new();
    for (file, statement) in TABLES {
        let mut rows: BTreeMap<String, u8> = BTreeMap::new();
        for (bit, session) in sessions.iter_mut().enumerate() {
            let statement = expand_refs(statement);
            for row in texts(session, &statement) {
                let line = renumber(row.join("\t").trim_end_matches('\t'), &numbers[bit]);
                let mask = rows.entry(line).or_default();
                assert!(*mask & (1 << bit) == 0, "{file} has the same row twice");
                *mask |= 1 << bit;
            }
        }
        let mut text =
            format!("# Built-in objects of Postgres 14 to 18, made by `make generate`: {} rows.\n", rows.len());
        for (line, mask) in rows {
            writeln!(text, "{mask:02x}\t{line}").unwrap();
        }
        files.insert(file, text);
    }
    files
}

/// Writes `ref(kind, oid)` out: empty for none, else the token that is renumbered later.
fn expand_refs(statement: &str) -> String {
    let mut out = String::new();
    let mut rest = statement;
    while let Some((before, after)) = rest.split_once("ref('") {
        let (kind, after) = after.split_at(1);
        let after = after.strip_prefix("', ").expect("ref has a kind and a column");
        let end = after.find(')').expect("ref is closed");
        let (column, after) = after.split_at(end);
        write!(out, "{before}CASE WHEN {column} <> 0 THEN '{{{kind}' || {column} || '}}' END").unwrap();
        rest = &after[1..];
    }
    out + rest
}

/// Replaces `{t23}` by the number that object has in the tables; nothing for no object.
fn renumber(line: &str, numbers: &Numbers) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        let (token, after) = after.split_once('}').expect("tokens are closed");
        let (kind, number) = token.split_at(1);
        let number: u32 = number.parse().expect("tokens hold a number");
        out.push_str(before);
        let stable = number < FIRST_UNSTABLE;
        let number = if stable { number } else { numbers[&(kind.chars().next().expect("a kind"), number)] };
        write!(out, "{number}").unwrap();
        rest = after;
    }
    out + rest
}

/// Gives each object that servers number as they please one number for all majors, by kind and name.
fn canonical_numbers(sessions: &mut [Client]) -> Vec<Numbers> {
    let mut identities: Vec<Vec<(char, u32, String)>> = Vec::new();
    let mut all: BTreeSet<(char, String)> = BTreeSet::new();
    for session in sessions {
        let rows = texts(session, IDENTITIES);
        let rows =
            rows.iter().map(|row| (row[0].chars().next().expect("a kind"), row[1].parse().unwrap(), row[2].clone()));
        let rows: Vec<(char, u32, String)> = rows.collect();
        all.extend(rows.iter().map(|(kind, _, name)| (*kind, name.clone())));
        identities.push(rows);
    }
    let by_name: BTreeMap<(char, String), u32> = all.into_iter().zip(FIRST_UNSTABLE..16_384).collect();
    identities
        .into_iter()
        .map(|rows| rows.into_iter().map(|(kind, oid, name)| ((kind, oid), by_name[&(kind, name)])).collect())
        .collect()
}

fn texts(session: &mut Client, statement: &str) -> Vec<Vec<String>> {
    let messages = session.simple_query(statement).unwrap_or_else(|error| panic!("{error:?}\nin: {statement}"));
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
            }
            _ => None,
        })
        .collect()
}
