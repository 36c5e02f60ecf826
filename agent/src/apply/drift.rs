//! What differs between the database and what a plan or a snapshot says, object by object and, where the facts are known,
//! property by property.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pgseal_catalog::{Catalog, Digest, Fact, FactId, Plan, Recorded, RecordedFact, Snapshot, canonical, fingerprint};
use serde_json::Value;

/// The most differences that are told.
const MOST: usize = 200;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The object that differs.
    pub object: FactId,
    /// In what.
    pub detail: String,
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
}

impl<'a> Expected<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan }
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
        let distance = |phases: &usize| differing(&self.objects(*phases), &digests).len();
        let nearest = (0..=self.plan.phases.len()).min_by_key(distance).unwrap_or_default();
        self.explain(live, nearest)
    }

    /// What differs from the state after so many phases.
    pub fn explain(&self, live: &Catalog, phases: usize) -> Vec<Difference> {
        let digests = fingerprint::object_digests(live);
        let expected = self.objects(phases);
        let (recorded, found) = (by_object(&self.plan.source.facts), by_object(live.iter()));
        let mut differences = Vec::new();
        for object in differing(&expected, &digests).into_iter().take(MOST) {
            let difference = |detail: String| Difference { object: object.clone(), detail };
            match (expected.get(object), digests.get(object)) {
                (Some(_), None) => differences.push(difference("is missing".to_owned())),
                (None, Some(_)) => differences.push(difference("should not be there".to_owned())),
                _ => {
                    let planned = members(&recorded, object);
                    // the facts in the plan say what the object was before the first phase
                    let known = !planned.is_empty()
                        && Some(&fingerprint::object_digest(object, planned.iter().copied())) == expected.get(object);
                    let details = if known {
                        explain_object(object, planned, members(&found, object), "the plan was made")
                    } else {
                        Vec::new()
                    };
                    if details.is_empty() {
                        differences.push(difference("differs from what the plan expects".to_owned()));
                    }
                    differences.extend(details.into_iter().map(difference));
                }
            }
        }
        differences
    }
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
                let (planned, found) = (members(&planned, object), members(&found, object));
                let details = explain_object(object, planned, found, "the snapshot was taken");
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
    for facts in objects.values_mut() {
        facts.sort_unstable_by(|a, z| a.id.cmp(&z.id));
    }
    objects
}

fn members<'m, 'f, P>(objects: &'m BTreeMap<FactId, Vec<&'f Fact<P>>>, object: &FactId) -> &'m [&'f Fact<P>] {
    objects.get(object).map(Vec::as_slice).unwrap_or_default()
}

/// The objects with other digests, in order.
fn differing<'a>(expected: &BTreeMap<&'a FactId, Digest>, live: &'a BTreeMap<FactId, Digest>) -> Vec<&'a FactId> {
    let ids: BTreeSet<&FactId> = expected.keys().copied().chain(live.keys()).collect();
    ids.into_iter().filter(|id| expected.get(*id) != live.get(*id)).collect()
}

/// What differs in one object whose facts are known.
fn explain_object(object: &FactId, planned: &[&RecordedFact], found: &[&Fact], when: &str) -> Vec<String> {
    let ids: BTreeSet<&FactId> = planned.iter().map(|fact| &fact.id).chain(found.iter().map(|fact| &fact.id)).collect();
    let mut details = Vec::new();
    for id in ids {
        let name = member(id, object);
        match (of(planned, id), of(found, id)) {
            (Some(_), None) => details.push(format!("{name}is missing")),
            (None, Some(_)) => details.push(format!("{name}was not there when {when}")),
            (Some(planned), Some(found)) => {
                let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
                flatten("", planned.payload.value(), &mut was);
                flatten("", &canonical::to_value(&found.payload), &mut is);
                let properties: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
                for property in properties {
                    let (was, is) = (was.get(property), is.get(property));
                    if was != is {
                        let (was, is) = (said(was), said(is));
                        details.push(format!("{name}{property} was {was} when {when} and is {is}"));
                    }
                }
            }
            (None, None) => {}
        }
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

fn said(value: Option<&String>) -> String {
    value.map_or_else(|| "not set".to_owned(), |text| format!("\"{text}\""))
}
