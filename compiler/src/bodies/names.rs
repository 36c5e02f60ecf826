//! The names in a piece of SQL: relations, functions and types, as written.
//!
//! Gone through as plain data, since a name can stand in any of some 250 kinds of nodes: a relation is what has a `relname`, a
//! call what has a `funcname`, a type what has `names` and `typmods`, wherever it stands.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::ParseResult;
use serde_json::{Map, Value};

/// What a name is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameKind {
    Relation,
    Function,
    Type,
}

impl NameKind {
    /// In Postgres's words.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Relation => "relation",
            Self::Function => "function",
            Self::Type => "type",
        }
    }

    /// The server's code when there is none of that name.
    pub(super) fn undefined(self) -> &'static str {
        match self {
            Self::Relation => "42P01",
            Self::Function => "42883",
            Self::Type => "42704",
        }
    }
}

/// A name that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: NameKind,
    pub(super) schema: Option<String>,
    pub(super) name: String,
    /// The byte of the text that was parsed; none where the grammar tells none.
    pub(super) at: Option<usize>,
}

impl Named {
    /// As written.
    pub(super) fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The names in some SQL.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What is used. Queries of a `WITH` are left out.
    pub(super) used: Vec<Named>,
    /// What statements other than queries name: it may be made there, and is not judged.
    pub(super) made: BTreeSet<String>,
}

/// Collects the names.
pub(super) fn names(parsed: &ParseResult) -> Names {
    let mut out = Names::default();
    for statement in &parsed.stmts {
        let Some(node) = statement.stmt.as_deref().and_then(|stmt| stmt.node.as_ref()) else { continue };
        let Ok(tree) = serde_json::to_value(node) else { continue };
        let mut found = Vec::new();
        let mut queries = BTreeSet::new();
        walk(&tree, &mut found, &mut queries);
        if !is_query(node) {
            let relations = found.iter().filter(|named| named.kind == NameKind::Relation);
            out.made.extend(relations.map(|named| named.name.clone()));
            // a type, a function or an operator is made under a list of names
            if !matches!(node, NodeEnum::SelectStmt(_) | NodeEnum::CreateTableAsStmt(_)) {
                strings(&tree, &mut out.made);
            }
        }
        found.retain(|n| !(n.kind == NameKind::Relation && n.schema.is_none() && queries.contains(&n.name)));
        out.used.append(&mut found);
    }
    out
}

/// The strings that names are made of.
fn strings(tree: &Value, found: &mut BTreeSet<String>) {
    let mut waiting = vec![tree];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => {
                found.extend(fields.get("sval").and_then(Value::as_str).map(str::to_owned));
                waiting.extend(fields.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Whether a statement works on rows, so that all its relations have to be there.
pub(super) fn is_query(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::SelectStmt(select) => select.into_clause.is_none(),
        NodeEnum::InsertStmt(_)
        | NodeEnum::UpdateStmt(_)
        | NodeEnum::DeleteStmt(_)
        | NodeEnum::MergeStmt(_)
        | NodeEnum::CallStmt(_) => true,
        _ => false,
    }
}

fn walk(tree: &Value, found: &mut Vec<Named>, queries: &mut BTreeSet<String>) {
    let mut waiting = vec![tree];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.iter().rev()),
            Value::Object(fields) => {
                if let Some(named) = relation(fields).or_else(|| function(fields)).or_else(|| type_name(fields)) {
                    found.push(named);
                }
                if let Some(name) = fields.get("ctename").and_then(Value::as_str) {
                    queries.insert(name.to_owned());
                }
                // FOR UPDATE OF names what is named already
                waiting.extend(fields.iter().filter(|(field, _)| *field != "locked_rels").map(|(_, value)| value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn location(fields: &Map<String, Value>) -> Option<usize> {
    fields.get("location").and_then(Value::as_i64).and_then(|at| usize::try_from(at).ok())
}

fn relation(fields: &Map<String, Value>) -> Option<Named> {
    let name = fields.get("relname")?.as_str()?.to_owned();
    let schema = fields.get("schemaname")?.as_str().filter(|schema| !schema.is_empty()).map(str::to_owned);
    Some(Named { kind: NameKind::Relation, schema, name, at: location(fields) })
}

fn function(fields: &Map<String, Value>) -> Option<Named> {
    fields.get("agg_order")?;
    let (schema, name) = qualified(fields.get("funcname")?)?;
    Some(Named { kind: NameKind::Function, schema, name, at: location(fields) })
}

fn type_name(fields: &Map<String, Value>) -> Option<Named> {
    fields.get("typmods")?;
    let (schema, name) = qualified(fields.get("names")?)?;
    Some(Named { kind: NameKind::Type, schema, name, at: location(fields) })
}

/// A name in at most three parts.
fn qualified(list: &Value) -> Option<(Option<String>, String)> {
    let part = |item: &Value| item.get("node")?.get("String")?.get("sval")?.as_str().map(str::to_owned);
    let parts: Option<Vec<String>> = list.as_array()?.iter().map(part).collect();
    let mut parts = parts?;
    let name = parts.pop()?;
    Some((parts.pop(), name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn used(sql: &str) -> Vec<String> {
        let names = names(&pg_query::parse(sql, 0).unwrap().protobuf);
        let mut shown: Vec<String> =
            names.used.iter().map(|n| format!("{} {}", n.kind.in_words(), n.shown())).collect();
        shown.sort();
        shown
    }

    #[test]
    fn names_are_found_wherever_they_stand() {
        assert_eq!(
            used(
                "WITH q AS (SELECT app.f(x) FROM t) SELECT x::app.mood FROM q JOIN s.u USING (x) WHERE EXISTS (SELECT 1 FROM ONLY v)"
            ),
            ["function app.f", "relation s.u", "relation t", "relation v", "type app.mood"]
        );
        assert_eq!(
            used("UPDATE a SET b = (SELECT max(c) FROM d) FROM e"),
            ["function max", "relation a", "relation d", "relation e"]
        );
        assert_eq!(used("SELECT 1 FROM a x FOR UPDATE OF x"), ["relation a"]);
        assert_eq!(
            used("INSERT INTO a SELECT * FROM f() AS g (x int)"),
            ["function f", "relation a", "type pg_catalog.int4"]
        );
        assert_eq!(used("CALL app.p(1)"), ["function app.p"]);
    }

    #[test]
    fn what_a_statement_makes_is_told_apart() {
        let names = names(&pg_query::parse("CREATE TEMP TABLE x AS SELECT 1", 0).unwrap().protobuf);
        assert_eq!(names.made.into_iter().collect::<Vec<_>>(), ["x"]);
    }
}
