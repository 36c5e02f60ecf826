//! What differs between the database and what a plan or a snapshot says, object by object and, where the facts are known,
//! property by property.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pgseal_catalog::{Catalog, Digest, Fact, FactId, Plan, Recorded, RecordedFact, Snapshot, fingerprint};
use serde_json::Value;

/// The most objects whose differences are told, and the most differences of one object.
const MOST: usize = 200;
const MOST_OF_ONE: usize = 20;
/// How much of a value is told, in characters, and how much of what is alike stands in front of where two begin to differ.
const LONGEST: usize = 200;
const LEAD: usize = 40;
/// How many facts are hashed at most to find out in which fact an object is not what was promised.
const MOST_HASHED: usize = 50_000;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The object that differs.
    pub object: FactId,
    /// In what.
    pub detail: String,
}

/// What is said of an object of which the plan has only a digest.
const OPAQUE: &str = "differs from what the plan expects";

/// Whether some object is not told in full.
pub(crate) fn is_opaque(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| difference.detail == OPAQUE)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object.in_words(), self.detail)
    }
}

/// The digests of objects that a plan expects before its first phase and after each.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    plan: &'a Plan,
    /// The database as it was read, and when.
    known: Option<(&'a Catalog, &'static str)>,
}

/// What the facts of one object were, and when.
struct Before<'a> {
    facts: Vec<&'a RecordedFact>,
    when: &'static str,
}

impl<'a> Expected<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, known: None }
    }

    /// The same, for a database whose facts were read before, in whatever state of the plan it was then.
    pub fn knowing(self, catalog: &'a Catalog, when: &'static str) -> Self {
        Self { known: Some((catalog, when)), ..self }
    }

    /// The fingerprint after so many phases.
    pub fn fingerprint(&self, phases: usize) -> Digest {
        match phases.checked_sub(1).and_then(|last| self.plan.phases.get(last)) {
            Some(phase) => phase.checkpoint.fingerprint,
            None => self.plan.source.fingerprint,
        }
    }

    /// The objects after so many phases.
    pub fn objects(&self, phases: usize) -> BTreeMap<&'a FactId, Digest> {
        let mut objects = BTreeMap::new();
        objects.extend(self.plan.source.objects.iter().map(|(id, digest)| (id, *digest)));
        for phase in self.plan.phases.iter().take(phases) {
            for (id, digest) in &phase.checkpoint.objects {
                match digest {
                    Some(digest) => objects.insert(id, *digest),
                    None => objects.remove(id),
                };
            }
        }
        objects
    }

    /// The number of phases that a database with this fingerprint has behind it.
    pub fn position(&self, found: Digest) -> Option<usize> {
        (0..=self.plan.phases.len()).find(|&phases| self.fingerprint(phases) == found)
    }

    /// What differs from the state that the database is closest to.
    pub fn explain_nearest(&self, live: &Catalog) -> Vec<Difference> {
        let digests = fingerprint::object_digests(live);
        let distance = |phases: usize| differing(&self.objects(phases), &digests).len();
        let distances: Vec<usize> = (0..=self.plan.phases.len()).map(distance).collect();
        let least = distances.iter().min().copied().unwrap_or_default();
        let near = |phases: &usize| distances.get(*phases) == Some(&least);
        let mut all = 0..=self.plan.phases.len();
        let (first, last) = (all.clone().find(near), all.rfind(near));
        // what one state of the plan changes may differ by something else in every one: then that which takes the fewest words
        let explained = first.into_iter().chain(last).map(|phases| self.explain(live, phases));
        let words = |differences: &Vec<Difference>| (is_opaque(differences), differences.len());
        explained.min_by_key(words).unwrap_or_default()
    }

    /// What differs from the state after so many phases.
    pub fn explain(&self, live: &Catalog, phases: usize) -> Vec<Difference> {
        let digests = fingerprint::object_digests(live);
        let expected = self.objects(phases);
        let found = by_object(live.iter());
        let known = self.known.map(|(catalog, when)| (by_object(catalog.iter()), when));
        let planned = by_object(&self.plan.source.facts);
        let (mut differences, mut hashed) = (Vec::new(), 0);
        for object in differing(&expected, &digests).into_iter().take(MOST) {
            let difference = |detail: String| Difference { object: object.clone(), detail };
            match (expected.get(object), digests.get(object)) {
                (Some(_), None) => differences.push(difference("is missing".to_owned())),
                (None, Some(_)) => differences.push(difference("should not be there".to_owned())),
                (None, None) => {}
                (Some(promised), Some(_)) => {
                    let found = recorded(members(&found, object));
                    let found: Vec<&RecordedFact> = found.iter().collect();
                    let known = known.as_ref().map(|(known, when)| (recorded(members(known, object)), *when));
                    // the facts in the plan say what the object was before the first phase
                    let planned = Before { facts: members(&planned, object).to_vec(), when: "the plan was made" };
                    let known = known.as_ref().map(|(facts, when)| Before { facts: facts.iter().collect(), when });
                    let before: Vec<Before<'_>> = [Some(planned), known]
                        .into_iter()
                        .flatten()
                        .filter(|before| !before.facts.is_empty())
                        .collect();
                    let as_promised = before
                        .iter()
                        .find(|before| fingerprint::object_digest(object, before.facts.iter().copied()) == *promised);
                    let details = match as_promised {
                        Some(before) => explain_object(object, &before.facts, &found, before.when),
                        None => the_one_fact(object, *promised, &before, &found, &mut hashed),
                    };
                    if details.is_empty() {
                        differences.push(difference(OPAQUE.to_owned()));
                    }
                    differences.extend(details.into_iter().map(difference));
                }
            }
        }
        differences
    }
}

/// The one fact in which an object is not what was promised. Of the promise there is only a digest; but leaving out a fact that is there,
/// or putting one in that was there before, leads to it exactly where that is all that differs.
fn the_one_fact(
    object: &FactId,
    promised: Digest,
    before: &[Before<'_>],
    found: &[&RecordedFact],
    hashed: &mut usize,
) -> Vec<String> {
    let mut leads_there = |facts: &[&RecordedFact]| {
        *hashed += facts.len();
        *hashed <= MOST_HASHED && fingerprint::object_digest(object, facts.iter().copied()) == promised
    };
    for (at, extra) in found.iter().enumerate() {
        let without: Vec<&RecordedFact> =
            found.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, fact)| *fact).collect();
        if leads_there(&without) {
            return vec![format!("{}should not be there", member(&extra.id, object))];
        }
    }
    for earlier in before.iter().flat_map(|before| &before.facts) {
        let mut with: Vec<&RecordedFact> = found.to_vec();
        match found.binary_search_by(|fact| fact.id.cmp(&earlier.id)) {
            Err(at) => {
                with.insert(at, earlier);
                if leads_there(&with) {
                    return vec![format!("{}is missing", member(&earlier.id, object))];
                }
            }
            Ok(at) => {
                let Some(place) = with.get_mut(at).filter(|fact| fact.payload != earlier.payload) else { continue };
                let is = std::mem::replace(place, earlier);
                if leads_there(&with) {
                    let name = member(&earlier.id, object);
                    return bounded(properties(earlier, is, |property, was, is| {
                        format!("{name}{property} should be {was} and is {is}")
                    }));
                }
            }
        }
    }
    Vec::new()
}

/// The state of a plan that a database is expected to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Its source, a checkpoint or its target.
    AnyState,
    /// As before its first phase.
    Source,
    /// As after its last phase.
    Target,
}

/// How many phases of a plan a database has behind it.
///
/// # Errors
/// What differs, where it is not in the state that is expected.
pub fn compare_with_plan(plan: &Plan, live: &Snapshot, expectation: Expectation) -> Result<usize, Vec<Difference>> {
    let expected = Expected::new(plan);
    let phases = match expectation {
        Expectation::AnyState => {
            return expected.position(live.fingerprint()).ok_or_else(|| expected.explain_nearest(&live.catalog));
        }
        Expectation::Source => 0,
        Expectation::Target => plan.phases.len(),
    };
    if live.fingerprint() == expected.fingerprint(phases) {
        return Ok(phases);
    }
    Err(expected.explain(&live.catalog, phases))
}

/// What differs between a database as it was captured once and as it is.
#[must_use]
pub fn compare(captured: &Recorded, live: &Catalog) -> Vec<Difference> {
    let is = fingerprint::object_digests(live);
    let (planned, found) = (by_object(captured.objects.values().flatten()), by_object(live.iter()));
    let mut was = BTreeMap::new();
    was.extend(captured.digests.iter().map(|(id, digest)| (id, *digest)));
    let mut differences = Vec::new();
    for object in differing(&was, &is) {
        let difference = |detail: String| Difference { object: object.clone(), detail };
        match (was.contains_key(object), is.contains_key(object)) {
            (true, false) => differences.push(difference("is missing".to_owned())),
            (false, true) => differences.push(difference("was not there when the snapshot was taken".to_owned())),
            _ => {
                let found = recorded(members(&found, object));
                let found: Vec<&RecordedFact> = found.iter().collect();
                let details = explain_object(object, members(&planned, object), &found, "the snapshot was taken");
                differences.extend(details.into_iter().map(difference));
            }
        }
    }
    differences
}

/// Facts by the object that they belong to, in the order of their ids.
fn by_object<'f, P>(facts: impl IntoIterator<Item = &'f Fact<P>>) -> BTreeMap<FactId, Vec<&'f Fact<P>>> {
    let mut objects: BTreeMap<FactId, Vec<&Fact<P>>> = BTreeMap::new();
    for fact in facts {
        objects.entry(fact.id.object()).or_default().push(fact);
    }
    objects.values_mut().for_each(|facts| facts.sort_by(|a, z| a.id.cmp(&z.id)));
    objects
}

fn members<'m, 'f, P>(objects: &'m BTreeMap<FactId, Vec<&'f Fact<P>>>, object: &FactId) -> &'m [&'f Fact<P>] {
    objects.get(object).map(Vec::as_slice).unwrap_or_default()
}

/// Facts as those of documents are.
fn recorded(facts: &[&Fact]) -> Vec<RecordedFact> {
    facts.iter().map(|fact| fact.recorded()).collect()
}

/// The objects with other digests, in order.
fn differing<'a>(expected: &BTreeMap<&'a FactId, Digest>, live: &'a BTreeMap<FactId, Digest>) -> Vec<&'a FactId> {
    let ids: BTreeSet<&FactId> = expected.keys().copied().chain(live.keys()).collect();
    ids.into_iter().filter(|id| expected.get(*id) != live.get(*id)).collect()
}

/// What differs in one object whose facts are known.
fn explain_object(object: &FactId, planned: &[&RecordedFact], found: &[&RecordedFact], when: &str) -> Vec<String> {
    let ids: BTreeSet<&FactId> = planned.iter().chain(found).map(|fact| &fact.id).collect();
    let mut details = Vec::new();
    for id in ids {
        let name = member(id, object);
        match (of(planned, id), of(found, id)) {
            (Some(_), None) => details.push(format!("{name}is missing")),
            (None, Some(_)) => details.push(format!("{name}was not there when {when}")),
            (Some(planned), Some(found)) => {
                details.extend(properties(planned, found, |property, was, is| {
                    format!("{name}{property} was {was} when {when} and is {is}")
                }));
            }
            (None, None) => {}
        }
    }
    bounded(details)
}

/// The properties in which two facts of one id differ, each with both values.
fn properties(was: &RecordedFact, is: &RecordedFact, told: impl Fn(&str, String, String) -> String) -> Vec<String> {
    let (was, is) = (leaves(was), leaves(is));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let values = names.into_iter().map(|name| (name, was.get(name), is.get(name))).filter(|(_, was, is)| was != is);
    values.map(|(name, was, is)| told(name, said(was, is), said(is, was))).collect()
}

/// No more of one object than anybody reads.
fn bounded(mut details: Vec<String>) -> Vec<String> {
    let more = details.len().saturating_sub(MOST_OF_ONE);
    if more > 0 {
        details.truncate(MOST_OF_ONE);
        details.push(format!("and {more} more"));
    }
    details
}

/// The fact with an id among those of an object, which are in the order of their ids.
fn of<'f, P>(facts: &[&'f Fact<P>], id: &FactId) -> Option<&'f Fact<P>> {
    let at = facts.binary_search_by(|fact| fact.id.cmp(id)).ok()?;
    facts.get(at).copied()
}

/// A member of an object in words, with a space behind it; empty for the object itself.
fn member(id: &FactId, object: &FactId) -> String {
    if id == object {
        return String::new();
    }
    let name = match id {
        FactId::DomainConstraint(_, name)
        | FactId::Column(_, name)
        | FactId::Default(_, name)
        | FactId::Constraint(_, name)
        | FactId::Trigger(_, name)
        | FactId::Policy(_, name)
        | FactId::Rule(_, name)
        | FactId::ViewTrigger(_, name)
        | FactId::ViewRule(_, name)
        | FactId::ViewColumn(_, name)
        | FactId::MaterializedViewColumn(_, name) => format!("{} {name}", id.kind().words()),
        FactId::Comment(on) if on.as_ref() == object => "comment".to_owned(),
        FactId::Comment(on) => format!("comment on {}", member(on, object).trim_end()),
        other => other.in_words(),
    };
    format!("{name} ")
}

fn leaves(fact: &RecordedFact) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    flatten("", fact.payload.value(), &mut leaves);
    leaves
}

/// The leaves of a value by their paths; the outermost key is the kind and left out.
fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                flatten(&path, inner, out);
            }
        }
        Value::String(text) => {
            out.insert(without_kind(path), text.clone());
        }
        other => {
            out.insert(without_kind(path), other.to_string());
        }
    }
}

fn without_kind(path: &str) -> String {
    path.split_once('.').map_or(path, |(_, rest)| rest).to_owned()
}

/// A value; of a long one what is around where it begins to differ from the other.
fn said(value: Option<&String>, other: Option<&String>) -> String {
    let Some(value) = value else { return "not set".to_owned() };
    if value.chars().nth(LONGEST).is_none() {
        return format!("\"{value}\"");
    }
    let alike = other.map_or(0, |other| value.chars().zip(other.chars()).take_while(|(a, z)| a == z).count());
    let from = alike.saturating_sub(LEAD);
    let mut rest = value.chars().skip(from);
    let part: String = rest.by_ref().take(LONGEST).collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if rest.next().is_some() { "…" } else { "" });
    format!("\"{before}{part}{after}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_told_where_they_differ() {
        let (old, new) = (format!("{}old{}", "x".repeat(5_000), "y".repeat(5_000)), "x".repeat(5_001));
        let told = said(Some(&old), Some(&new));
        assert!(told.starts_with("\"…xxx") && told.contains("xold") && told.ends_with("y…\""), "{told}");
        assert_eq!(told.chars().count(), LONGEST + 4);
        assert_eq!(said(Some(&new), Some(&old)), format!("\"…{}\"", "x".repeat(LEAD + 1)));
        assert_eq!(said(Some(&"short".to_owned()), Some(&old)), "\"short\"");
        assert_eq!(said(None, Some(&old)), "not set");
        assert_eq!(bounded(vec![String::new(); MOST_OF_ONE + 5]).last().map(String::as_str), Some("and 5 more"));
        assert_eq!(bounded(vec![String::new(); MOST_OF_ONE]).len(), MOST_OF_ONE);
    }
}
