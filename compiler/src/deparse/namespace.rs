//! The queries around what is printed, and the names that their relations go by.
//!
//! Follows `set_rtable_names`, `generate_relation_name` and `get_rtable_name`, ruleutils.c (PG 18). A relation's name is unique
//! among those of its query and of all queries around it; what would not be gets a number. The names in scope are counted
//! in one map that queries add to and take from, so that nesting costs nothing.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::columns::{Columns, column_names};
use super::names::EMPTY_PATH;
use super::{DeparseError, Printer, Scope};
use crate::env::{Env, Oid, clip_name};
use crate::tree::{Query, RangeTblEntry, RteKind};

/// The longest name, in bytes.
const MAX_NAME: usize = 63;

/// What columns and parameters are looked up in.
pub(super) enum Namespace<'a> {
    /// The relation, or the two rows of a trigger, that an expression is about.
    Scope(Scope<'a>),
    /// The arguments of a function by position, empty where they have no name.
    Function(&'a str, &'a [String]),
    /// A query.
    Query(QueryNamespace<'a>),
}

/// A query with the names of its relations and their columns.
pub(super) struct QueryNamespace<'a> {
    pub(super) query: &'a Query,
    /// By position; none for a join without an alias.
    pub(super) relations: Vec<Option<Rc<str>>>,
    pub(super) columns: Vec<Rc<Columns>>,
    /// Names that entries have which are not in the query any more.
    reserved: &'static [&'static str],
    /// The numbers of names as they were before this query.
    numbers: Vec<(Rc<str>, Option<usize>)>,
}

/// The names given to the relations of a query, with the numbers of names as they were before.
struct Given {
    relations: Vec<Option<Rc<str>>>,
    numbers: Vec<(Rc<str>, Option<usize>)>,
}

/// The position in a list that a number of the range table is.
pub(super) fn position(rtindex: u32) -> usize {
    usize::try_from(rtindex).ok().and_then(|n| n.checked_sub(1)).unwrap_or(usize::MAX)
}

/// A name with a number behind it, shortened so that it stays a name.
pub(super) fn numbered(name: &str, number: usize) -> Rc<str> {
    let suffix = format!("_{number}");
    Rc::from(format!("{}{suffix}", clip_name(name, MAX_NAME - suffix.len().min(MAX_NAME))))
}

/// The name that an entry would like to have.
fn wanted_name(env: &Env, entry: &RangeTblEntry) -> Option<Rc<str>> {
    match (&entry.alias, &entry.kind) {
        (Some(alias), _) => Some(Rc::from(alias.name.as_str())),
        (None, RteKind::Relation(relation)) => {
            Some(Rc::from(env.relation_by_oid(relation.oid).map_or(entry.eref.name.as_str(), |row| row.name.as_str())))
        }
        (None, RteKind::Join(_)) => None,
        (
            None,
            RteKind::Subquery(_)
            | RteKind::Function(_)
            | RteKind::TableFunc(_)
            | RteKind::Values(_)
            | RteKind::Cte(_)
            | RteKind::NamedRelation(_),
        ) => Some(Rc::from(entry.eref.name.as_str())),
    }
}

impl<'a> Printer<'a> {
    /// Puts a query around what is printed next. `reserved` are names that its relations must not have.
    pub(super) fn enter(&mut self, query: &'a Query, reserved: &'static [&'static str]) {
        let Given { relations, numbers } = self.relation_names(query, reserved);
        for name in relations.iter().flatten().cloned().chain(reserved.iter().map(|name| Rc::from(*name))) {
            *self.names_in_scope.entry(name).or_default() += 1;
        }
        for cte in &query.ctes {
            *self.ctes_in_scope.entry(&cte.name).or_default() += 1;
        }
        let columns = column_names(self.env, query).into_iter().map(Rc::new).collect();
        self.namespaces.push(Namespace::Query(QueryNamespace { query, relations, columns, reserved, numbers }));
    }

    /// Takes the innermost query off again.
    pub(super) fn leave(&mut self) {
        let Some(Namespace::Query(left)) = self.namespaces.pop() else { return };
        for name in left.relations.iter().flatten().map(|name| &**name).chain(left.reserved.iter().copied()) {
            if let Some(count) = self.names_in_scope.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.names_in_scope.remove(name);
                }
            }
        }
        for (name, before) in left.numbers.into_iter().rev() {
            match before {
                Some(number) => self.numbers_in_scope.insert(name, number),
                None => self.numbers_in_scope.remove(&name),
            };
        }
        for cte in &left.query.ctes {
            if let Some(count) = self.ctes_in_scope.get_mut(cte.name.as_str()) {
                *count -= 1;
                if *count == 0 {
                    self.ctes_in_scope.remove(cte.name.as_str());
                }
            }
        }
    }

    fn relation_names(&mut self, query: &Query, reserved: &[&str]) -> Given {
        let mut own: BTreeSet<Rc<str>> = reserved.iter().map(|name| Rc::from(*name)).collect();
        let mut found = Vec::with_capacity(query.rtable.len());
        let mut numbers = Vec::new();
        for entry in &query.rtable {
            let Some(wanted) = wanted_name(self.env, entry) else {
                found.push(None);
                continue;
            };
            let taken =
                |own: &BTreeSet<Rc<str>>, name: &Rc<str>| own.contains(name) || self.names_in_scope.contains_key(name);
            let mut name = Rc::clone(&wanted);
            if taken(&own, &wanted) {
                // those up to the last number given are all taken
                let before = self.numbers_in_scope.get(&wanted).copied();
                let mut number = before.unwrap_or(0);
                while taken(&own, &name) {
                    number += 1;
                    name = numbered(&wanted, number);
                }
                numbers.push((Rc::clone(&wanted), before));
                self.numbers_in_scope.insert(wanted, number);
            }
            own.insert(Rc::clone(&name));
            found.push(Some(name));
        }
        Given { relations: found, numbers }
    }

    /// The innermost query.
    pub(super) fn innermost(&self) -> Result<&QueryNamespace<'a>, DeparseError> {
        match self.namespaces.last() {
            Some(Namespace::Query(namespace)) => Ok(namespace),
            _ => Err(DeparseError::Malformed { node: "query" }),
        }
    }

    /// An entry of the innermost query's range table.
    pub(super) fn entry(&self, rtindex: u32) -> Result<&'a RangeTblEntry, DeparseError> {
        let query: &'a Query = self.innermost()?.query;
        query.rtable.get(position(rtindex)).ok_or(DeparseError::Malformed { node: "range table" })
    }

    /// The names of the columns of an entry of the innermost query.
    pub(super) fn columns(&self, rtindex: u32) -> Result<Rc<Columns>, DeparseError> {
        let found = self.innermost()?.columns.get(position(rtindex)).cloned();
        found.ok_or(DeparseError::Malformed { node: "range table" })
    }

    /// The name of an entry of the innermost query.
    pub(super) fn relation_alias(&self, rtindex: u32) -> Result<Rc<str>, DeparseError> {
        let found = self.innermost()?.relations.get(position(rtindex)).cloned().flatten();
        found.ok_or(DeparseError::Malformed { node: "range table" })
    }

    /// Prints the name of a relation, with its schema where it would mean something else without it. Where queries of a
    /// `WITH` can be named, one of the same name is in the way too.
    pub(super) fn relation_name(&mut self, oid: Oid, beside_ctes: bool) -> Result<(), DeparseError> {
        let Some(row) = self.env.relation_by_oid(oid) else {
            return Err(DeparseError::Missing { kind: "relation", oid });
        };
        let hidden = (beside_ctes && self.ctes_in_scope.contains_key(row.name.as_str()))
            || !self.env.relation_is_visible(&EMPTY_PATH, oid);
        let text = self.env.quote_qualified(hidden.then_some(row.schema.as_str()), &row.name);
        self.push(&text);
        Ok(())
    }
}
