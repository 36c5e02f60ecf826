//! Queries by chance: joins upon joins with names that clash, subqueries, `WITH`, set operations, groups, windows.
//!
//! Not every one is accepted by a server; most are.

use super::chance::Chance;

/// Relations, with the columns that most things are done with.
const RELATIONS: [(&str, &[&str]); 8] = [
    ("a", &["id", "name", "v", "n"]),
    ("b", &["id", "a_id", "name", "amount"]),
    ("t", &["k", "parent", "label"]),
    ("gone", &["one", "three", "four"]),
    ("old", &["id", "note"]),
    ("\"Odd Table\"", &["\"Col\"", "id", "column1"]),
    ("child", &["k", "parent", "label", "weight", "extra"]),
    ("a", &["id", "name"]),
];
/// Few names, so that they clash.
const ALIASES: [&str; 8] = ["a", "x", "y", "b_1", "old", "new", "\"J\"", "a_1"];
const COLUMNS: [&str; 8] = ["id", "name", "k", "x", "name_1", "id_1", "note", "\"C c\""];

/// A column that can be named: with what in front, none where only bare, and its own name.
#[derive(Clone)]
struct Column {
    relation: Option<String>,
    name: String,
}

impl Column {
    fn text(&self, chance: &mut Chance) -> String {
        match &self.relation {
            Some(relation) if !chance.one_in(5) => format!("{relation}.{}", self.name),
            _ => self.name.clone(),
        }
    }
}

/// An item of `FROM`.
struct Item {
    text: String,
    columns: Vec<Column>,
    /// The names of the relations that can be named.
    relations: Vec<String>,
}

fn names(item: &Item) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in &item.columns {
        if !names.contains(&column.name) {
            names.push(column.name.clone());
        }
    }
    names
}

/// An alias with names for some of the columns, and the columns under it.
fn renamed(chance: &mut Chance, text: &str, alias: &str, mut columns: Vec<String>) -> Item {
    let given = if chance.one_in(3) { chance.below(columns.len() + 1) } else { 0 };
    let mut list = Vec::new();
    for slot in columns.iter_mut().take(given) {
        *slot = chance.word(&COLUMNS);
        list.push(slot.clone());
    }
    let list = if list.is_empty() { String::new() } else { format!(" ({})", list.join(", ")) };
    Item {
        text: format!("{text} AS {alias}{list}"),
        columns: columns.into_iter().map(|name| Column { relation: Some(alias.to_owned()), name }).collect(),
        relations: vec![alias.to_owned()],
    }
}

fn leaf(chance: &mut Chance, depth: usize) -> Item {
    let alias = format!("{}{}", chance.word(&["r", "s", "u", ""]), chance.word(&["1", "2", "3", "4"]));
    let alias = if alias.len() == 1 { chance.word(&ALIASES) } else { alias };
    match chance.below(12) {
        0 => renamed(chance, "generate_series(1, 3)", &alias, vec![alias.clone()]),
        1 => renamed(chance, "pairs(1) WITH ORDINALITY", &alias, ["x", "y", "ordinality"].map(str::to_owned).to_vec()),
        2 => {
            renamed(chance, "(VALUES (1, 'x'), (2, NULL))", &alias, ["column1", "column2"].map(str::to_owned).to_vec())
        }
        3 | 4 if depth > 0 => {
            let (query, columns) = select(chance, depth - 1, &[]);
            let lateral = if chance.one_in(6) { "LATERAL " } else { "" };
            renamed(chance, &format!("{lateral}({query})"), &alias, columns)
        }
        _ => {
            let (relation, columns) = chance.of(&RELATIONS).copied().unwrap_or(("a", &["id"]));
            let columns: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
            if chance.one_in(3) {
                let columns = columns.into_iter().map(|name| Column { relation: Some(relation.to_owned()), name });
                return Item {
                    text: relation.to_owned(),
                    columns: columns.collect(),
                    relations: vec![relation.to_owned()],
                };
            }
            let only = if chance.one_in(8) { "ONLY " } else { "" };
            renamed(chance, &format!("{only}{relation}"), &alias, columns)
        }
    }
}

fn item(chance: &mut Chance, depth: usize) -> Item {
    if depth == 0 || chance.one_in(3) {
        return leaf(chance, depth);
    }
    let (left, right) = (item(chance, depth - 1), item(chance, depth - 1));
    let kind = chance.word(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN", "FULL JOIN"]);
    let (left_names, right_names) = (names(&left), names(&right));
    let common: Vec<String> = left_names.iter().filter(|name| right_names.contains(name)).cloned().collect();
    let mut columns: Vec<Column> = Vec::new();
    let mut relations: Vec<String> = left.relations.iter().chain(&right.relations).cloned().collect();
    let mut using = Vec::new();
    let condition = match chance.below(8) {
        0..=4 if !common.is_empty() => {
            for name in &common {
                if using.is_empty() || chance.one_in(2) {
                    using.push(name.clone());
                }
            }
            let alias = if chance.one_in(4) {
                let alias = chance.word(&["uu", "vv", "ww"]);
                relations.push(alias.clone());
                columns.extend(using.iter().map(|n| Column { relation: Some(alias.clone()), name: n.clone() }));
                format!(" AS {alias}")
            } else {
                String::new()
            };
            format!("{kind} {} USING ({}){alias}", right.text, using.join(", "))
        }
        5 => {
            using.clone_from(&common);
            format!("NATURAL {kind} {}", right.text)
        }
        6 => format!("CROSS JOIN {}", right.text),
        _ => {
            let on = match (chance.of(&left.columns).cloned(), chance.of(&right.columns).cloned()) {
                (Some(l), Some(r)) if kind == "FULL JOIN" => {
                    format!("{}::text = {}::text", l.text(chance), r.text(chance))
                }
                (Some(l), Some(r)) => format!("{}::text < {}::text", l.text(chance), r.text(chance)),
                _ => "true".to_owned(),
            };
            format!("{kind} {} ON {on}", right.text)
        }
    };
    columns.extend(using.iter().map(|name| Column { relation: None, name: name.clone() }));
    columns.extend(left.columns);
    columns.extend(right.columns);
    let text = format!("({} {condition})", left.text);
    if chance.one_in(5) {
        let mut all: Vec<String> = using.clone();
        all.extend(left_names.into_iter().filter(|name| !using.contains(name)));
        all.extend(right_names.into_iter().filter(|name| !using.contains(name)));
        let alias = chance.word(&["j1", "j2", "j3", "x", "a"]);
        return renamed(chance, &text, &alias, all);
    }
    Item { text, columns, relations }
}

fn expression(chance: &mut Chance, column: &str, depth: usize, scope: &[Column]) -> String {
    let other = chance.of(scope).cloned().map_or_else(|| "1".to_owned(), |other| other.text(chance));
    match chance.below(24) {
        0 => format!("CASE WHEN {column} IS NULL THEN 1 ELSE 2 END"),
        12 => format!("CASE {column}::text WHEN 'x' THEN {other}::text WHEN {other}::text THEN 'y' END"),
        13 => format!("ROW({column}, {other}) = ROW({other}, {column})"),
        14 => format!("({column}::text, {other}::text) < ('x', 'y')"),
        15 => format!("ARRAY[{column}::text, {other}::text]"),
        16 => format!("greatest({column}::text, {other}::text) COLLATE \"C\""),
        17 => format!("{column}::text IS DISTINCT FROM {other}::text AND NOT {column} IS NULL OR {other} IS NULL"),
        18 => format!("row_number() OVER (ORDER BY {column}, {other} DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"),
        19 if depth > 0 => {
            let (query, _) = select_columns(chance, depth - 1, scope, 1);
            format!("EXISTS ({query})")
        }
        20 if depth > 0 => {
            let (query, _) = select_columns(chance, depth - 1, scope, 2);
            format!("({column}::text, 'x') IN (SELECT y::text, z::text FROM ({query}) AS q (y, z))")
        }
        21 if depth > 0 => {
            let (query, columns) = select_columns(chance, depth - 1, scope, 1);
            let first = columns.first().cloned().unwrap_or_default();
            format!("ARRAY(SELECT q.{first}::text FROM ({query}) AS q ORDER BY q.{first}::text)")
        }
        1 => format!("{column}::text || 'x'"),
        2 => format!("count({column}) OVER (PARTITION BY {column})"),
        3 if depth > 0 => {
            let (query, _) = select_columns(chance, depth - 1, scope, 1);
            format!("(SELECT count(*) FROM ({query}) AS q)")
        }
        4 if depth > 0 => {
            let (query, _) = select_columns(chance, depth - 1, scope, 1);
            format!("{column}::text IN (SELECT z::text FROM ({query}) AS q (z))")
        }
        5 => format!("coalesce({column}::text, 'none')"),
        _ => column.to_owned(),
    }
}

/// A query and the names of its columns. `outer` are columns of queries around it.
fn select(chance: &mut Chance, depth: usize, outer: &[Column]) -> (String, Vec<String>) {
    let width = 1 + chance.below(3);
    select_columns(chance, depth, outer, width)
}

fn select_columns(chance: &mut Chance, depth: usize, outer: &[Column], width: usize) -> (String, Vec<String>) {
    if depth > 0 && chance.one_in(8) {
        let (left, columns) = plain(chance, depth - 1, outer, width);
        let (right, _) = plain(chance, depth - 1, outer, width);
        let op = chance.word(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT ALL"]);
        let cast = |query: &str| {
            let list: Vec<String> = columns.iter().map(|c| format!("{c}::text")).collect();
            let aliases = columns.join(", ");
            format!("SELECT {} FROM ({query}) AS w ({aliases})", list.join(", "))
        };
        let order = if chance.one_in(3) { " ORDER BY 1 LIMIT 2" } else { "" };
        return (format!("{} {op} {}{order}", cast(&left), cast(&right)), columns);
    }
    plain(chance, depth, outer, width)
}

fn plain(chance: &mut Chance, depth: usize, outer: &[Column], width: usize) -> (String, Vec<String>) {
    let mut with = String::new();
    if depth > 0 && chance.one_in(8) {
        let (query, columns) = select(chance, depth - 1, &[]);
        let name = chance.word(&["a", "b", "q", "old"]);
        with = format!("WITH {name} ({}) AS ({query}) ", columns.join(", "));
    }
    let first = item(chance, depth.min(3));
    let mut from = first.text;
    let mut scope: Vec<Column> = first.columns;
    let mut relations = first.relations;
    if chance.one_in(4) {
        let second = item(chance, depth.min(1));
        from = format!("{from}, {}", second.text);
        scope.extend(second.columns);
        relations.extend(second.relations);
    }
    let visible: Vec<Column> = scope.iter().chain(outer).cloned().collect();
    let mut targets = Vec::new();
    let mut columns = Vec::new();
    let mut sort = Vec::new();
    for at in 0..width {
        let Some(column) = chance.of(&scope).cloned() else { continue };
        let reference = column.text(chance);
        let text = match chance.of(&relations) {
            Some(relation) if chance.one_in(12) => format!("{relation} IS NOT NULL"),
            _ => expression(chance, &reference, depth.min(1), &visible),
        };
        let name = format!("{}{at}", chance.word(&["c", "d", "id_", "name_"]));
        columns.push(name.clone());
        if chance.one_in(4) {
            sort.push(chance.of(&[reference, name.clone(), text.clone()]).cloned().unwrap_or_default());
        }
        targets.push(format!("{text} AS {name}"));
    }
    let condition = match chance.of(&visible).cloned() {
        Some(column) if chance.one_in(3) => format!(" WHERE {} IS NOT NULL", column.text(chance)),
        _ => String::new(),
    };
    let group = if chance.one_in(10) {
        if let Some(column) = chance.of(&scope).cloned() {
            let key = column.text(chance);
            let second = chance.of(&scope).cloned().map_or_else(|| key.clone(), |column| column.text(chance));
            let count = match chance.below(4) {
                0 => format!("count({second}) FILTER (WHERE {second} IS NOT NULL) AS c1"),
                1 => format!("string_agg({second}::text, ',' ORDER BY {second} DESC NULLS LAST, {key}) AS c1"),
                2 => format!("count(DISTINCT {second}::text) AS c1"),
                _ => "count(*) AS c1".to_owned(),
            };
            targets = vec![format!("{key} AS key"), count];
            columns = vec!["key".to_owned(), "c1".to_owned()];
            let keys = match chance.below(6) {
                0 => format!("ROLLUP ({key}, {second})"),
                1 => format!("GROUPING SETS (({key}, {second}), ({key}), ())"),
                2 => format!("CUBE ({key}, ({second}, {key}))"),
                3 => format!("{key}, {second}::text || 'x'"),
                _ => key.clone(),
            };
            if let Some(column) = chance.of(&scope).cloned() {
                targets.push(format!("max({}::text) AS c2", column.text(chance)));
                columns.push("c2".to_owned());
            }
            targets.truncate(width.max(1));
            columns.truncate(width.max(1));
            sort.clear();
            format!(" GROUP BY {keys} HAVING count({key}) > 1")
        } else {
            String::new()
        }
    } else {
        String::new()
    };
    let sort = if sort.is_empty() { String::new() } else { format!(" ORDER BY {}", sort.join(", ")) };
    let plain = group.is_empty() && sort.is_empty();
    let (distinct, sort) = match chance.below(20) {
        0 | 1 if plain => ("DISTINCT ".to_owned(), sort),
        2 if plain => match chance.of(&scope).cloned() {
            Some(column) => {
                let key = column.text(chance);
                (format!("DISTINCT ON ({key}) "), format!(" ORDER BY {key} DESC"))
            }
            None => (String::new(), sort),
        },
        _ => (String::new(), sort),
    };
    let tail = match chance.below(24) {
        0 => " LIMIT 3 OFFSET 1",
        1 => " OFFSET 2",
        2 if !sort.is_empty() => " FETCH FIRST 2 ROWS WITH TIES",
        3 => " FOR UPDATE",
        _ => "",
    };
    (format!("{with}SELECT {distinct}{} FROM {from}{condition}{group}{sort}{tail}", targets.join(", ")), columns)
}

/// So many queries from a seed.
#[must_use]
pub fn queries(seed: u64, count: usize) -> Vec<String> {
    let mut chance = Chance::plain(seed);
    (0..count).map(|at| select(&mut chance, 1 + at % 4, &[]).0).collect()
}
