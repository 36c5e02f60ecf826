//! `JSON_TABLE` by chance: paths in paths, columns of every form, what is passed, joins around it.

use super::chance::Chance;

const TYPES: [&str; 12] = [
    "integer",
    "text",
    "character varying(7)",
    "numeric(6,1)",
    "jsonb",
    "json",
    "text[]",
    "b",
    "information_schema.cardinal_number",
    "date",
    "boolean",
    "bytea",
];
const NAMES: [&str; 10] = ["id", "name", "x", "y", "\"Z z\"", "\"order\"", "k", "amount", "json_table_path_1", "label"];
const PATHS: [&str; 7] =
    ["$", "$.a[*]", "strict $.\"b c\"", "$.x ? (@ > $p)", "$[0 to last].**", "$.a.type()", "$.\"it''s\""];

/// Names that are given once.
struct Names(Vec<String>);

impl Names {
    fn next(&mut self, chance: &mut Chance) -> String {
        let name = chance.word(&NAMES);
        // now and then one that is taken already
        let name = if self.0.contains(&name) && !chance.one_in(40) { format!("n{}", self.0.len()) } else { name };
        self.0.push(name.clone());
        name
    }
}

fn behaviour(chance: &mut Chance, choices: &[&str]) -> String {
    let mut text = String::new();
    for event in ["ON EMPTY", "ON ERROR"] {
        if chance.one_in(3) {
            text.push_str(&format!(" {} {event}", chance.word(choices)));
        }
    }
    text
}

fn path(chance: &mut Chance) -> String {
    if chance.one_in(3) { String::new() } else { format!(" PATH '{}'", chance.word(&PATHS)) }
}

fn column(chance: &mut Chance, names: &mut Names, numbered: &mut bool) -> String {
    let name = names.next(chance);
    let ty = chance.word(&TYPES);
    match chance.below(9) {
        0 if !*numbered => {
            *numbered = true;
            format!("{name} FOR ORDINALITY")
        }
        1 => {
            let error = chance.word(&["", " TRUE ON ERROR", " FALSE ON ERROR", " UNKNOWN ON ERROR", " ERROR ON ERROR"]);
            format!("{name} {ty} EXISTS{}{error}", path(chance))
        }
        2 | 3 => {
            let format = if chance.one_in(2) { " FORMAT JSON" } else { "" };
            let wrapper = chance.word(&["", " WITHOUT WRAPPER", " WITH WRAPPER", " WITH CONDITIONAL WRAPPER"]);
            let quotes = if wrapper.starts_with(" WITH ") { "" } else { " OMIT QUOTES" };
            let path = path(chance);
            let then = behaviour(chance, &["NULL", "ERROR", "EMPTY ARRAY", "EMPTY OBJECT", "EMPTY", "DEFAULT NULL"]);
            format!("{name} {ty}{format}{path}{wrapper}{quotes}{then}")
        }
        _ => {
            let path = path(chance);
            let default = match ty.as_str() {
                "integer" | "numeric(6,1)" => "DEFAULT 1 + 2",
                "text" => "DEFAULT upper('x')",
                "character varying(7)" => "DEFAULT 'long enough to be cut'",
                "date" => "DEFAULT '2020-01-01'",
                "boolean" => "DEFAULT true",
                _ => "DEFAULT NULL",
            };
            format!("{name} {ty}{path}{}", behaviour(chance, &["NULL", "ERROR", default]))
        }
    }
}

fn columns(chance: &mut Chance, names: &mut Names, depth: usize) -> String {
    let mut list = Vec::new();
    let mut numbered = false;
    for _ in 0..=chance.below(4) {
        if depth > 0 && chance.one_in(3) {
            let named = if chance.one_in(3) { format!(" AS {}", names.next(chance)) } else { String::new() };
            let word = if chance.one_in(2) { "PATH " } else { "" };
            let path = chance.word(&PATHS);
            list.push(format!("NESTED {word}'{path}'{named} COLUMNS ({})", columns(chance, names, depth - 1)));
        } else {
            list.push(column(chance, names, &mut numbered));
        }
    }
    list.join(", ")
}

fn table(chance: &mut Chance, outer: Option<&str>) -> String {
    let mut names = Names(Vec::new());
    let document = match outer {
        Some(relation) => chance.word(&[&format!("{relation}.j"), &format!("{relation}.name"), "'{}'"]),
        None => chance.word(&["'[1]'", "jsonb '{}'", "'{}' FORMAT JSON", "json '[]'"]),
    };
    let passed = match outer {
        Some(relation) if chance.one_in(2) => format!(" PASSING {relation}.id AS p, {relation}.tags AS \"T t\""),
        _ => " PASSING 1 + 1 AS p".to_owned(),
    };
    let named = if chance.one_in(3) { format!(" AS {}", names.next(chance)) } else { String::new() };
    let path = chance.word(&PATHS);
    let columns = columns(chance, &mut names, 3);
    let error = chance.word(&["", "", " ERROR ON ERROR", " EMPTY ARRAY ON ERROR"]);
    format!("JSON_TABLE({document}, '{path}'{named}{passed} COLUMNS ({columns}){error})")
}

/// So many queries from a seed.
#[must_use]
pub fn queries(seed: u64, count: usize) -> Vec<String> {
    let mut chance = Chance::plain(seed);
    let query = |chance: &mut Chance| {
        let alias = chance.word(&["", " AS jt", " AS jt (first)", " AS jt (\"First f\", second)"]);
        match chance.below(5) {
            0 => format!("SELECT * FROM {}{alias}", table(chance, None)),
            1 => format!("SELECT q.id AS outer_id, jt.* FROM a q, {} AS jt (id)", table(chance, Some("q"))),
            2 => {
                let kind = chance.word(&["JOIN", "LEFT JOIN"]);
                format!("SELECT jt.*, jt AS \"whole row\" FROM a x {kind} {} AS jt ON x.flag", table(chance, Some("x")))
            }
            3 => {
                let (left, right) = (table(chance, None), table(chance, None));
                format!(
                    "SELECT jt.*, 1 AS one FROM {left} AS jt (n1) JOIN {right} AS other (n2) ON n1::text = n2::text"
                )
            }
            _ => format!("SELECT x.id, (SELECT count(*) FROM {}{alias}) AS c FROM a x", table(chance, Some("x"))),
        }
    };
    (0..count).map(|_| query(&mut chance)).collect()
}
