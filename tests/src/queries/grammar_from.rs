//! Items of `FROM` by chance: relations, functions, subqueries, joins.

use super::grammar::{Column, Grammar, Ty};

/// An item of `FROM`.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) columns: Vec<Column>,
    /// Whether rows of it can be locked.
    pub(super) lockable: bool,
    /// `alias.*`, where there is one alias.
    pub(super) star: String,
    pub(super) alias_star: bool,
}

const A: &[(&str, Ty)] = &[
    ("id", Ty::Int),
    ("name", Ty::Text),
    ("n", Ty::Num),
    ("tags", Ty::Texts),
    ("j", Ty::Json),
    ("ts", Ty::Time),
    ("d", Ty::Date),
    ("c", Ty::Text),
    ("flag", Ty::Bool),
];
const TABLES: [(&str, &[(&str, Ty)]); 7] = [
    ("a", A),
    ("b", &[("id", Ty::Int), ("amount", Ty::Num), ("day", Ty::Date), ("x", Ty::Xml)]),
    ("t", &[("k", Ty::Int), ("parent", Ty::Int), ("label", Ty::Text)]),
    ("gone", &[("one", Ty::Int), ("three", Ty::Int), ("four", Ty::Text)]),
    ("\"Odd Table\"", &[("\"Col\"", Ty::Int), ("\"select\"", Ty::Text), ("id", Ty::Int)]),
    ("typed", &[("id", Ty::Int), ("m", Ty::Mood), ("p", Ty::Pair), ("q", Ty::Int), ("nums", Ty::Ints)]),
    ("child", &[("k", Ty::Int), ("label", Ty::Text), ("extra", Ty::Int)]),
];

fn under(alias: &str, columns: &[(&str, Ty)]) -> Vec<Column> {
    columns.iter().map(|(name, ty)| Column { text: format!("{alias}.{name}"), ty: *ty }).collect()
}

impl Item {
    fn named(alias: &str, text: String, columns: &[(&str, Ty)], lockable: bool) -> Item {
        let star = format!("{alias}.*");
        Item { text, columns: under(alias, columns), lockable, star, alias_star: true }
    }
}

impl Grammar {
    /// `FROM`, of one item or several.
    pub(super) fn from(&mut self, depth: usize, outer: &[Column]) -> Item {
        let mut item = self.item(depth, outer);
        if self.chance.one_in(5) {
            let before: Vec<Column> = item.columns.iter().chain(outer).cloned().collect();
            let second = self.lateral(depth, &before, outer);
            item.text = format!("{}, {}", item.text, second.text);
            item.columns.extend(second.columns);
            item.lockable &= second.lockable;
            item.alias_star = false;
        }
        item
    }

    /// An item that may use those before it.
    fn lateral(&mut self, depth: usize, before: &[Column], outer: &[Column]) -> Item {
        match self.chance.below(3) {
            0 if depth > 0 => {
                self.note("LATERAL");
                self.subquery(depth - 1, before, "LATERAL ")
            }
            1 => self.function(depth, before),
            _ => self.item(depth.min(1), outer),
        }
    }

    fn item(&mut self, depth: usize, outer: &[Column]) -> Item {
        if depth > 0 && self.chance.one_in(3) {
            return self.join(depth - 1, outer);
        }
        match self.chance.below(16) {
            0 if depth > 0 => self.subquery(depth - 1, &[], ""),
            1 => {
                self.note("VALUES");
                let alias = self.fresh("v");
                let text =
                    format!("(VALUES (1, 'x'::text), ({}, NULL)) AS {alias}(i, s)", self.expr(Ty::Int, 0, outer));
                Item::named(&alias, text, &[("i", Ty::Int), ("s", Ty::Text)], false)
            }
            2..=4 => self.function(depth, outer),
            5 => {
                self.note("view in FROM");
                let alias = self.fresh("r");
                Item::named(&alias, format!("va AS {alias}"), &[("id", Ty::Int), ("name", Ty::Text)], true)
            }
            6 if !self.ctes.is_empty() => {
                self.note("WITH used");
                let alias = self.fresh("r");
                let ctes = self.ctes.clone();
                let Some((name, columns)) = self.chance.of(&ctes).cloned() else { return self.table() };
                let columns: Vec<(&str, Ty)> = columns.iter().map(|(n, ty)| (n.as_str(), *ty)).collect();
                Item::named(&alias, format!("{name} AS {alias}"), &columns, false)
            }
            _ => self.table(),
        }
    }

    fn table(&mut self) -> Item {
        let alias = self.fresh("r");
        let (table, columns) = self.chance.of(&TABLES).copied().unwrap_or(("a", A));
        let text = match self.chance.below(12) {
            0 => {
                self.note("ONLY");
                format!("ONLY {table} AS {alias}")
            }
            1 => {
                self.note("TABLESAMPLE");
                let method = self.chance.word(&["system (10)", "bernoulli (10 + 1) REPEATABLE (3)"]);
                format!("{table} AS {alias} TABLESAMPLE {method}")
            }
            _ => format!("{table} AS {alias}"),
        };
        Item::named(&alias, text, columns, true)
    }

    fn subquery(&mut self, depth: usize, outer: &[Column], lateral: &str) -> Item {
        self.note("subquery in FROM");
        let alias = self.fresh("s");
        let width = 1 + self.chance.below(3);
        let types: Vec<Ty> = (0..width).map(|_| self.any_type()).collect();
        let query = self.select(&types, depth, outer, false);
        let renamed = self.chance.one_in(3);
        let names: Vec<String> =
            (0..width).map(|at| if renamed { format!("n{at}") } else { format!("c{at}") }).collect();
        let list = if renamed { format!("({})", names.join(", ")) } else { String::new() };
        let columns: Vec<(&str, Ty)> = names.iter().map(String::as_str).zip(types).collect();
        Item::named(&alias, format!("{lateral}({query}) AS {alias}{list}"), &columns, false)
    }

    fn function(&mut self, depth: usize, scope: &[Column]) -> Item {
        self.note("function in FROM");
        let alias = self.fresh("f");
        let depth = depth.min(1);
        let (text, columns): (String, Vec<(&str, Ty)>) = match self.chance.below(if self.major >= 17 { 11 } else { 9 })
        {
            0 => (
                format!("generate_series(1, {}) AS {alias}(g)", self.expr(Ty::Int, depth, scope)),
                vec![("g", Ty::Int)],
            ),
            1 => {
                self.note("WITH ORDINALITY");
                let text = format!("pairs({}) WITH ORDINALITY AS {alias}(x, y, o)", self.expr(Ty::Int, depth, scope));
                (text, vec![("x", Ty::Int), ("y", Ty::Text)])
            }
            2 => (format!("rows_of_a() AS {alias}"), A.to_vec()),
            3 => {
                self.note("column definition list");
                (format!("anon() AS {alias}(x integer, y text)"), vec![("x", Ty::Int), ("y", Ty::Text)])
            }
            4 => {
                self.note("ROWS FROM");
                let text = format!(
                    "ROWS FROM (anon() AS (x integer, y text), generate_series(1, {})) WITH ORDINALITY AS {alias}(x, y, g, o)",
                    self.expr(Ty::Int, depth, scope)
                );
                (text, vec![("x", Ty::Int), ("y", Ty::Text), ("g", Ty::Int)])
            }
            5 => {
                let (one, two) = (self.expr(Ty::Ints, depth, scope), self.expr(Ty::Texts, depth, scope));
                (format!("unnest({one}, {two}) AS {alias}(i, s)"), vec![("i", Ty::Int), ("s", Ty::Text)])
            }
            6 => {
                self.note("polymorphic");
                (
                    format!("both_of({}) AS {alias}", self.expr(Ty::Int, depth, scope)),
                    vec![("one", Ty::Int), ("many", Ty::Ints)],
                )
            }
            7 => {
                self.note("XMLTABLE");
                let document = self.expr(Ty::Xml, 0, scope);
                let text = format!(
                    "XMLTABLE(XMLNAMESPACES('http://x.org' AS z), '/rows' PASSING ({document}) COLUMNS i integer PATH '@i' NOT NULL, \
                     s text DEFAULT 'none', o FOR ORDINALITY) AS {alias}"
                );
                (text, vec![("i", Ty::Int), ("s", Ty::Text), ("o", Ty::Int)])
            }
            8 => {
                self.note("SQL value function in FROM");
                (format!("CURRENT_DATE AS {alias}(d)"), vec![("d", Ty::Date)])
            }
            9 => {
                self.note("JSON_TABLE");
                let document = self.expr(Ty::Json, 0, scope);
                let text = format!(
                    "JSON_TABLE({document}, '$[*]' PASSING 1 AS x COLUMNS (o FOR ORDINALITY, i integer PATH '$.i' DEFAULT 0 ON EMPTY, \
                     s text PATH '$.s' NULL ON ERROR, e boolean EXISTS PATH '$.e')) AS {alias}"
                );
                (text, vec![("o", Ty::Int), ("i", Ty::Int), ("s", Ty::Text), ("e", Ty::Bool)])
            }
            _ => {
                self.note("JSON_TABLE");
                let document = self.expr(Ty::Json, 0, scope);
                let text = format!(
                    "JSON_TABLE({document}, '$' AS root COLUMNS (i integer, q jsonb FORMAT JSON PATH '$.q' WITH WRAPPER, NESTED PATH \
                     '$.n[*]' AS inside COLUMNS (s text PATH '$'))) AS {alias}"
                );
                (text, vec![("i", Ty::Int), ("q", Ty::Json), ("s", Ty::Text)])
            }
        };
        Item::named(&alias, text, &columns, false)
    }

    fn join(&mut self, depth: usize, outer: &[Column]) -> Item {
        let left = self.item(depth.min(1), outer);
        let kind = self.chance.word(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN"]);
        match self.chance.below(6) {
            0 => {
                self.note("USING");
                let (one, two) = (self.fresh("r"), self.fresh("r"));
                let mut columns = under(&one, &[("id", Ty::Int), ("name", Ty::Text), ("flag", Ty::Bool)]);
                columns.extend(under(&two, &[("id", Ty::Int), ("amount", Ty::Num)]));
                let alias = if self.chance.one_in(2) {
                    self.note("USING with an alias");
                    let alias = self.fresh("u");
                    columns.push(Column { text: format!("{alias}.id"), ty: Ty::Int });
                    format!(" AS {alias}")
                } else {
                    String::new()
                };
                let text = format!("(a AS {one} {kind} b AS {two} USING (id){alias})");
                Item { text, columns, lockable: kind == "JOIN", star: String::new(), alias_star: false }
            }
            1 => {
                self.note("NATURAL");
                let (one, two) = (self.fresh("r"), self.fresh("r"));
                let mut columns = under(&one, &[("k", Ty::Int), ("label", Ty::Text)]);
                columns.extend(under(&two, &[("extra", Ty::Int), ("k", Ty::Int)]));
                let text = format!("(t AS {one} NATURAL {kind} child AS {two})");
                Item { text, columns, lockable: kind == "JOIN", star: String::new(), alias_star: false }
            }
            2 => {
                self.note("join with an alias");
                let (one, two, alias) = (self.fresh("r"), self.fresh("r"), self.fresh("j"));
                let text = format!("(t AS {one} {kind} gone AS {two} ON {one}.k = {two}.one) AS {alias}");
                let columns = [("k", Ty::Int), ("label", Ty::Text), ("one", Ty::Int), ("four", Ty::Text)];
                Item::named(&alias, text, &columns, false)
            }
            3 => {
                let right = self.item(depth.min(1), outer);
                let text = format!("({} CROSS JOIN {})", left.text, right.text);
                let columns = left.columns.into_iter().chain(right.columns).collect();
                Item {
                    text,
                    columns,
                    lockable: left.lockable && right.lockable,
                    star: String::new(),
                    alias_star: false,
                }
            }
            _ => {
                self.note("JOIN ON");
                let right = self.item(depth.min(1), outer);
                let columns: Vec<Column> = left.columns.into_iter().chain(right.columns).collect();
                let on =
                    if kind == "FULL JOIN" { "1 = 1".to_owned() } else { self.expr(Ty::Bool, depth.min(1), &columns) };
                let text = format!("({} {kind} {} ON {on})", left.text, right.text);
                let lockable = left.lockable && right.lockable && kind == "JOIN";
                Item { text, columns, lockable, star: String::new(), alias_star: false }
            }
        }
    }
}
