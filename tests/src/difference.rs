//! The difference of two catalogs, for people to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pgseal_catalog::{Catalog, Fact, FactId};

/// What two catalogs do not have in common, one line per fact and one per property; empty when they have the same facts.
/// Edges and positions do not count, as in the fingerprint.
pub fn difference(left_name: &str, left: &Catalog, right_name: &str, right: &Catalog) -> String {
    let ids: BTreeSet<&FactId> = left.iter().chain(right.iter()).map(|fact| &fact.id).collect();
    let mut text = String::new();
    for id in ids {
        match (left.fact(id), right.fact(id)) {
            (Some(fact), None) => only(&mut text, left_name, fact),
            (None, Some(fact)) => only(&mut text, right_name, fact),
            (Some(one), Some(two)) if one.payload != two.payload => {
                writeln!(text, "{} differs:", id.in_words()).ok();
                let (one, two) = (properties(one), properties(two));
                for line in one.iter().filter(|line| !two.contains(line)) {
                    writeln!(text, "    {left_name}: {line}").ok();
                }
                for line in two.iter().filter(|line| !one.contains(line)) {
                    writeln!(text, "    {right_name}: {line}").ok();
                }
            }
            _ => {}
        }
    }
    text
}

/// Whether two catalogs have the same facts and differ in the spelling of expressions at most. What a dump says is read
/// by the server once more, and some expressions are printed otherwise after that (`IN` over `varchar`, for one).
pub fn only_spellings_differ(left: &Catalog, right: &Catalog) -> bool {
    left.len() == right.len()
        && left.iter().all(|one| {
            right.fact(&one.id).is_some_and(|two| {
                let (one, two) = (leaves(one), leaves(two));
                one.len() == two.len()
                    && one.iter().zip(&two).all(|((path, value), (other_path, other))| {
                        path == other_path && (value == other || is_expression(path))
                    })
            })
        })
}

fn is_expression(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    let last = last.split('[').next().unwrap_or(last);
    ["expression", "predicate", "when", "default", "bound"].contains(&last)
}

fn leaves(fact: &Fact) -> Vec<(String, serde_json::Value)> {
    fn walk(path: String, value: &serde_json::Value, leaves: &mut Vec<(String, serde_json::Value)>) {
        match value {
            serde_json::Value::Object(map) => {
                map.iter().for_each(|(key, value)| walk(format!("{path}.{key}"), value, leaves));
            }
            serde_json::Value::Array(list) => {
                list.iter().enumerate().for_each(|(n, value)| walk(format!("{path}[{n}]"), value, leaves));
            }
            other => leaves.push((path, other.clone())),
        }
    }
    let mut found = Vec::new();
    walk(String::new(), &serde_json::to_value(&fact.payload).unwrap_or_default(), &mut found);
    found
}

fn only(text: &mut String, name: &str, fact: &Fact) {
    writeln!(text, "{} is only in {name}: {}", fact.id.in_words(), properties(fact).join(", ")).ok();
}

fn properties(fact: &Fact) -> Vec<String> {
    let mut lines = Vec::new();
    flatten("", &serde_json::to_value(&fact.payload).unwrap_or_default(), &mut lines);
    lines
}

fn flatten(path: &str, value: &serde_json::Value, lines: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, lines);
            }
        }
        other => lines.push(format!("{path} = {other}")),
    }
}
