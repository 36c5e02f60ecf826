//! Queries by chance that are well typed: a grammar over everything that the query of a view can hold, nested.
//!
//! Names never clash here (`random` is for that), so that nearly every query is accepted. Each notes the constructs that it is made
//! of, so that a refusal can be counted by construct.

use std::collections::BTreeSet;

use super::chance::Chance;
use super::grammar_from::Item;

/// What is there beside the tables of the small schema.
pub const SCHEMA: &str = include_str!("grammar.sql");

/// The types that expressions are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    /// `integer`
    Int,
    /// `text`
    Text,
    /// `numeric`
    Num,
    /// `boolean`
    Bool,
    /// `date`
    Date,
    /// `timestamp with time zone`
    Time,
    /// `integer[]`
    Ints,
    /// `text[]`
    Texts,
    /// `jsonb`
    Json,
    /// `xml`
    Xml,
    /// `pair`
    Pair,
    /// `mood`
    Mood,
}

/// The types that can be compared and sorted.
const SORTED: [Ty; 8] = [Ty::Int, Ty::Text, Ty::Num, Ty::Bool, Ty::Date, Ty::Time, Ty::Ints, Ty::Mood];

impl Ty {
    fn name(self) -> &'static str {
        match self {
            Ty::Int => "integer",
            Ty::Text => "text",
            Ty::Num => "numeric",
            Ty::Bool => "boolean",
            Ty::Date => "date",
            Ty::Time => "timestamp with time zone",
            Ty::Ints => "integer[]",
            Ty::Texts => "text[]",
            Ty::Json => "jsonb",
            Ty::Xml => "xml",
            Ty::Pair => "pair",
            Ty::Mood => "mood",
        }
    }

    fn literal(self) -> &'static str {
        match self {
            Ty::Int => "7",
            Ty::Text => "'it''s'::text",
            Ty::Num => "1.50",
            Ty::Bool => "true",
            Ty::Date => "'2001-02-03'::date",
            Ty::Time => "'2001-02-03 04:05+00'::timestamptz",
            Ty::Ints => "'{1,2}'::integer[]",
            Ty::Texts => "ARRAY['x', 'y']",
            Ty::Json => "'{\"k\": [1, 2]}'::jsonb",
            Ty::Xml => "'<x/>'::xml",
            Ty::Pair => "ROW(1, 'x')::pair",
            Ty::Mood => "'ok'::mood",
        }
    }
}

/// A column that can be named.
#[derive(Debug, Clone)]
pub struct Column {
    /// As it is named, with its relation.
    pub text: String,
    /// Its type.
    pub ty: Ty,
}

/// A query in the making.
#[derive(Debug)]
pub struct Grammar {
    pub(super) chance: Chance,
    pub(super) major: u16,
    pub(super) used: BTreeSet<&'static str>,
    pub(super) names: usize,
    /// The queries of `WITH` at hand: name and columns.
    pub(super) ctes: Vec<(String, Vec<(String, Ty)>)>,
}

/// A generated query.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Makes the same again.
    pub seed: u64,
    /// The query.
    pub text: String,
    /// What it is made of.
    pub constructs: BTreeSet<&'static str>,
}

/// The query of a seed.
#[must_use]
pub fn query(seed: u64, major: u16) -> Generated {
    let mut grammar = Grammar { chance: Chance::new(seed), major, used: BTreeSet::new(), names: 0, ctes: Vec::new() };
    let width = 1 + grammar.chance.below(4);
    let types: Vec<Ty> = (0..width).map(|_| grammar.any_type()).collect();
    let depth = 1 + grammar.chance.below(3);
    let text = grammar.select(&types, depth, &[], true);
    Generated { seed, text, constructs: grammar.used }
}

impl Grammar {
    pub(super) fn note(&mut self, construct: &'static str) {
        self.used.insert(construct);
    }

    pub(super) fn fresh(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    pub(super) fn any_type(&mut self) -> Ty {
        const ALL: [Ty; 18] = [
            Ty::Int,
            Ty::Int,
            Ty::Int,
            Ty::Text,
            Ty::Text,
            Ty::Text,
            Ty::Num,
            Ty::Num,
            Ty::Bool,
            Ty::Bool,
            Ty::Date,
            Ty::Time,
            Ty::Ints,
            Ty::Texts,
            Ty::Json,
            Ty::Xml,
            Ty::Pair,
            Ty::Mood,
        ];
        self.chance.of(&ALL).copied().unwrap_or(Ty::Int)
    }

    fn sorted_type(&mut self) -> Ty {
        self.chance.of(&SORTED).copied().unwrap_or(Ty::Int)
    }

    /// A query whose columns `c0`, `c1` … have these types.
    pub(super) fn select(&mut self, types: &[Ty], depth: usize, outer: &[Column], top: bool) -> String {
        let sortable = types.iter().all(|ty| !matches!(ty, Ty::Xml));
        if depth > 0 && sortable && self.chance.one_in(8) {
            return self.set_operation(types, depth, outer);
        }
        let known = self.ctes.len();
        let with = if depth > 0 && self.chance.one_in(5) { self.with(depth) } else { String::new() };
        let text = format!("{with}{}", self.plain(types, depth, outer, top));
        self.ctes.truncate(known);
        text
    }

    fn set_operation(&mut self, types: &[Ty], depth: usize, outer: &[Column]) -> String {
        self.note("set operation");
        let all = ["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"];
        let op = self.chance.word(&all);
        let (left, right) = (self.plain(types, depth - 1, outer, false), self.plain(types, depth - 1, outer, false));
        let order = if self.chance.one_in(3) { " ORDER BY 1 DESC LIMIT 3" } else { "" };
        if self.chance.one_in(3) {
            let third = self.plain(types, 0, outer, false);
            return format!("({left}) {op} (({right}) UNION ALL ({third})){order}");
        }
        format!("({left}) {op} ({right}){order}")
    }

    fn with(&mut self, depth: usize) -> String {
        let name = self.fresh("w");
        if self.chance.one_in(3) {
            self.note("WITH RECURSIVE");
            let union = self.chance.word(&["UNION", "UNION ALL"]);
            let mut columns = vec![("n".to_owned(), Ty::Int), ("s".to_owned(), Ty::Text)];
            let mut extra = String::new();
            if self.chance.one_in(3) {
                self.note("SEARCH");
                extra += &format!(" SEARCH {} FIRST BY n SET o", self.chance.word(&["DEPTH", "BREADTH"]));
            }
            if self.chance.one_in(3) {
                self.note("CYCLE");
                if self.chance.one_in(2) {
                    extra += " CYCLE n SET cyc USING path";
                    columns.push(("cyc".to_owned(), Ty::Bool));
                } else {
                    extra += " CYCLE n, s SET cyc TO 'y'::text DEFAULT 'n' USING path";
                    columns.push(("cyc".to_owned(), Ty::Text));
                }
            }
            let text = format!(
                "WITH RECURSIVE {name}(n, s) AS (SELECT 1, 'x'::text {union} SELECT r.n + 1, r.s || 'y' FROM {name} AS r WHERE \
                 r.n < 5){extra} "
            );
            self.ctes.push((name, columns));
            return text;
        }
        self.note("WITH");
        let width = 1 + self.chance.below(3);
        let types: Vec<Ty> = (0..width).map(|_| self.any_type()).collect();
        let inner = self.select(&types, depth - 1, &[], false);
        let how = self.chance.word(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
        let columns: Vec<(String, Ty)> = types.iter().enumerate().map(|(at, ty)| (format!("c{at}"), *ty)).collect();
        self.ctes.push((name.clone(), columns));
        format!("WITH {name} AS {how}({inner}) ")
    }

    fn plain(&mut self, types: &[Ty], depth: usize, outer: &[Column], top: bool) -> String {
        let item = self.from(depth, outer);
        let scope: Vec<Column> = item.columns.iter().chain(outer).cloned().collect();
        let condition = if self.chance.one_in(2) {
            format!(" WHERE {}", self.expr(Ty::Bool, depth, &scope))
        } else {
            String::new()
        };
        if depth > 0 && self.chance.one_in(5) {
            return self.grouped(types, depth, &item, &scope, &condition);
        }
        if top && self.chance.one_in(12) && types.len() == 1 && item.alias_star {
            self.note("star");
            let star = self.chance.word(&["*", &item.star]);
            return format!("SELECT {star} FROM {}{condition}", item.text);
        }
        let mut windows = String::new();
        let mut targets = Vec::new();
        let mut windowed = false;
        for (at, ty) in types.iter().enumerate() {
            let text = if *ty == Ty::Int && self.chance.one_in(5) {
                windowed = true;
                self.window(depth, &scope, &mut windows)
            } else {
                self.expr(*ty, depth, &scope)
            };
            targets.push(format!("{text} AS c{at}"));
        }
        let sortable: Vec<usize> =
            types.iter().enumerate().filter(|(_, ty)| SORTED.contains(ty)).map(|(at, _)| at).collect();
        let mut distinct = String::new();
        let mut sort = String::new();
        if let Some(at) = self.chance.of(&sortable).copied()
            && self.chance.one_in(3)
        {
            let way = self.chance.word(&["", " DESC", " NULLS FIRST", " DESC NULLS LAST", " USING <", " USING >"]);
            let key = match self.chance.below(3) {
                0 => format!("c{at}"),
                1 => format!("{}", at + 1),
                _ if windowed => format!("c{at}"),
                _ => {
                    let ty = self.sorted_type();
                    self.expr(ty, 0, &scope)
                }
            };
            // a bare number would be a position
            let key = if key.chars().all(|c| c.is_ascii_digit()) { format!("{}", at + 1) } else { key };
            let key = if key.parse::<f64>().is_ok() && !key.chars().all(|c| c.is_ascii_digit()) {
                format!("c{at}")
            } else {
                key
            };
            self.note("ORDER BY");
            sort = format!(" ORDER BY {key}{way}");
            if self.chance.one_in(4) && key == format!("c{at}") {
                self.note("DISTINCT ON");
                distinct = format!("DISTINCT ON (c{at}) ");
            }
        } else if sortable.len() == types.len() && self.chance.one_in(8) {
            self.note("DISTINCT");
            distinct = "DISTINCT ".to_owned();
        }
        let mut tail = match self.chance.below(14) {
            0 => " LIMIT 3 OFFSET 1",
            1 => " OFFSET (1 + 1) ROWS",
            2 if !sort.is_empty() => " FETCH FIRST 2 ROWS WITH TIES",
            3 => " FETCH FIRST 3 ROWS ONLY",
            4 => " LIMIT ALL",
            _ => "",
        }
        .to_owned();
        if !tail.is_empty() {
            self.note("LIMIT");
        }
        if distinct.is_empty() && !windowed && windows.is_empty() && item.lockable && self.chance.one_in(8) {
            self.note("FOR UPDATE");
            let strength = self.chance.word(&["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"]);
            let wait = self.chance.word(&["", " NOWAIT"]);
            tail += &format!(" FOR {strength}{wait}");
        }
        format!("SELECT {distinct}{} FROM {}{condition}{windows}{sort}{tail}", targets.join(", "), item.text)
    }

    fn grouped(&mut self, types: &[Ty], depth: usize, item: &Item, scope: &[Column], condition: &str) -> String {
        self.note("GROUP BY");
        let groupable: Vec<Column> = item.columns.iter().filter(|c| SORTED.contains(&c.ty)).cloned().collect();
        let keys: Vec<Column> = (0..2).filter_map(|_| self.chance.of(&groupable).cloned()).collect();
        let mut targets = Vec::new();
        for (at, ty) in types.iter().enumerate() {
            let key = keys.iter().find(|key| key.ty == *ty).cloned();
            let text = match key {
                Some(key) if self.chance.one_in(2) => {
                    if self.chance.one_in(3) {
                        format!("coalesce({0}, {0})", key.text)
                    } else {
                        key.text
                    }
                }
                _ => self.aggregate(*ty, depth, scope),
            };
            targets.push(format!("{text} AS c{at}"));
        }
        let names: Vec<&str> = keys.iter().map(|key| key.text.as_str()).collect();
        let by = match (names.as_slice(), self.chance.below(7)) {
            ([], _) => "()".to_owned(),
            (_, 0) => {
                self.note("ROLLUP");
                format!("ROLLUP ({})", names.join(", "))
            }
            (_, 1) => {
                self.note("CUBE");
                format!("CUBE ({})", names.join(", "))
            }
            ([one, ..], 2) => {
                self.note("GROUPING SETS");
                format!("GROUPING SETS (({}), {one}, ())", names.join(", "))
            }
            ([one, ..], 3) => {
                self.note("GROUPING SETS");
                format!("{one}, ROLLUP ({})", names.join(", "))
            }
            ([_, ..], 4) => {
                self.note("GROUP BY DISTINCT");
                format!("DISTINCT {}", names.join(", "))
            }
            _ => names.join(", "),
        };
        let having = if self.chance.one_in(3) {
            self.note("HAVING");
            format!(" HAVING {} > 1", self.aggregate(Ty::Int, 0, scope))
        } else {
            String::new()
        };
        if let (Some(key), true) = (names.first(), self.chance.one_in(4)) {
            self.note("GROUPING");
            if let Some(at) = types.iter().position(|ty| *ty == Ty::Int) {
                targets[at] = format!("GROUPING({key}) AS c{at}");
            }
        }
        format!("SELECT {} FROM {}{condition} GROUP BY {by}{having}", targets.join(", "), item.text)
    }

    /// An aggregate of a type.
    fn aggregate(&mut self, ty: Ty, depth: usize, scope: &[Column]) -> String {
        let depth = depth.min(1);
        self.note("aggregate");
        let filter = if self.chance.one_in(4) {
            self.note("FILTER");
            format!(" FILTER (WHERE {})", self.expr(Ty::Bool, 0, scope))
        } else {
            String::new()
        };
        let sorted = self.sorted_type();
        let order = if self.chance.one_in(3) {
            self.note("aggregate ORDER BY");
            let way = self.chance.word(&["", " DESC", " NULLS FIRST"]);
            format!(" ORDER BY {}{way}", self.expr(sorted, 0, scope))
        } else {
            String::new()
        };
        match (ty, self.chance.below(4)) {
            (Ty::Int, 0) => format!("(count(*){filter})::integer"),
            (Ty::Int, 1) => {
                self.note("aggregate DISTINCT");
                format!("(count(DISTINCT {}){filter})::integer", self.expr(sorted, depth, scope))
            }
            (Ty::Int, 2) => {
                self.note("WITHIN GROUP");
                format!("(rank(1) WITHIN GROUP (ORDER BY {}){filter})::integer", self.expr(Ty::Int, 0, scope))
            }
            (Ty::Int, _) => format!("total({}{order}){filter}", self.expr(Ty::Int, depth, scope)),
            (Ty::Text, 0 | 1) => {
                format!("string_agg({}, ', '::text{order}){filter}", self.expr(Ty::Text, depth, scope))
            }
            (Ty::Num, 0) => {
                self.note("WITHIN GROUP");
                let order = self.expr(Ty::Num, 0, scope);
                format!("(percentile_cont(0.5) WITHIN GROUP (ORDER BY ({order})::double precision){filter})::numeric")
            }
            (Ty::Num, 1) => format!("sum({}){filter}", self.expr(Ty::Num, depth, scope)),
            (Ty::Bool, _) => format!("bool_and({}){filter}", self.expr(Ty::Bool, depth, scope)),
            (Ty::Ints, _) => format!("array_agg({}{order}){filter}", self.expr(Ty::Int, depth, scope)),
            (Ty::Texts, _) => format!("array_agg({}{order}){filter}", self.expr(Ty::Text, depth, scope)),
            (Ty::Json, 0) if self.major >= 16 => {
                self.note("JSON_ARRAYAGG");
                format!("JSON_ARRAYAGG({}{order} NULL ON NULL RETURNING jsonb){filter}", self.expr(Ty::Text, 0, scope))
            }
            (Ty::Json, 1) if self.major >= 16 => {
                self.note("JSON_OBJECTAGG");
                let value = self.expr(Ty::Int, 0, scope);
                format!("JSON_OBJECTAGG({}: {value} RETURNING jsonb){filter}", self.expr(Ty::Text, 0, scope))
            }
            (Ty::Json, _) => format!("jsonb_agg({}{order}){filter}", self.expr(Ty::Int, depth, scope)),
            (Ty::Xml, _) => format!("xmlagg({}{order}){filter}", self.expr(Ty::Xml, 0, scope)),
            (Ty::Pair, _) => format!("(array_agg({}{order}){filter})[1]", self.expr(Ty::Pair, 0, scope)),
            (_, 0) => {
                self.note("WITHIN GROUP");
                format!("mode() WITHIN GROUP (ORDER BY {}){filter}", self.expr(ty, 0, scope))
            }
            _ => format!("max({}){filter}", self.expr(ty, depth, scope))
                .replace("max(", if ty == Ty::Bool { "bool_or(" } else { "max(" }),
        }
    }

    /// A window function of type `integer`.
    fn window(&mut self, depth: usize, scope: &[Column], windows: &mut String) -> String {
        self.note("window");
        let depth = depth.min(1);
        let sorted = self.sorted_type();
        let key = self.expr(sorted, 0, scope);
        let partition = if self.chance.one_in(2) { format!("PARTITION BY {key} ") } else { String::new() };
        let order = format!("ORDER BY {}", self.expr(Ty::Int, depth, scope));
        let frame = match self.chance.below(6) {
            0 => " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
            1 => " RANGE BETWEEN UNBOUNDED PRECEDING AND 2 FOLLOWING EXCLUDE TIES",
            2 => " GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW",
            3 => " ROWS UNBOUNDED PRECEDING",
            _ => "",
        };
        if !frame.is_empty() {
            self.note("window frame");
        }
        let call = match self.chance.below(5) {
            0 => "row_number()".to_owned(),
            1 => "rank()".to_owned(),
            2 => format!("lag({}, 1, 0)", self.expr(Ty::Int, depth, scope)),
            3 => format!("sum({}) FILTER (WHERE {})", self.expr(Ty::Int, depth, scope), self.expr(Ty::Bool, 0, scope)),
            _ => format!("first_value({})", self.expr(Ty::Int, depth, scope)),
        };
        if windows.is_empty() && self.chance.one_in(3) {
            self.note("WINDOW");
            let name = self.fresh("win");
            *windows = format!(" WINDOW {name} AS ({partition}{order}{frame})");
            return format!("({call} OVER {name})::integer");
        }
        format!("({call} OVER ({partition}{order}{frame}))::integer")
    }

    /// A leaf of a type.
    pub(super) fn leaf(&mut self, ty: Ty, scope: &[Column]) -> String {
        let fitting: Vec<&Column> = scope.iter().filter(|column| column.ty == ty).collect();
        match self.chance.of(&fitting) {
            Some(column) if !self.chance.one_in(5) => column.text.clone(),
            _ => ty.literal().to_owned(),
        }
    }

    /// An expression of a type.
    pub(super) fn expr(&mut self, ty: Ty, depth: usize, scope: &[Column]) -> String {
        if depth == 0 || self.chance.one_in(4) {
            return self.leaf(ty, scope);
        }
        let inner = depth - 1;
        match self.chance.below(12) {
            0 => {
                self.note("CASE");
                let (yes, no) = (self.expr(ty, inner, scope), self.expr(ty, inner, scope));
                if self.chance.one_in(2) {
                    format!("CASE WHEN {} THEN {yes} ELSE {no} END", self.expr(Ty::Bool, inner, scope))
                } else {
                    let of = self.expr(Ty::Int, inner, scope);
                    format!("CASE {of} WHEN 1 THEN {yes} WHEN {} THEN {no} END", self.expr(Ty::Int, 0, scope))
                }
            }
            1 => {
                self.note("COALESCE");
                format!("COALESCE({}, {})", self.expr(ty, inner, scope), self.expr(ty, inner, scope))
            }
            2 if SORTED.contains(&ty) => {
                self.note("GREATEST");
                let which = self.chance.word(&["GREATEST", "LEAST"]);
                format!("{which}({}, {})", self.expr(ty, inner, scope), self.expr(ty, inner, scope))
            }
            3 if SORTED.contains(&ty) => {
                self.note("NULLIF");
                format!("NULLIF({}, {})", self.expr(ty, inner, scope), self.expr(ty, inner, scope))
            }
            4 => {
                self.note("scalar subquery");
                format!("({})", self.scalar(ty, inner, scope))
            }
            5 => {
                self.note("cast");
                format!("({})::{}", self.expr(ty, inner, scope), ty.name())
            }
            6 if !matches!(ty, Ty::Pair | Ty::Xml) => {
                self.note("polymorphic");
                format!("either({}, {})", self.expr(ty, inner, scope), self.expr(ty, inner, scope))
            }
            _ => format!("({})", self.expr_of(ty, inner, scope)),
        }
    }

    /// A query of one value.
    pub(super) fn scalar(&mut self, ty: Ty, depth: usize, scope: &[Column]) -> String {
        let query = self.select(&[ty], depth, scope, false);
        let alias = self.fresh("q");
        format!("SELECT {alias}.c0 FROM ({query}) AS {alias} LIMIT 1")
    }
}
