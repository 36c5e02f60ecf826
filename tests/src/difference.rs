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
