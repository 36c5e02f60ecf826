//! Where rows are kept: built-in rows in one table per major and process, user rows in a layer above it.
//!
//! Invariants: a built-in table is sorted by name, rows of one name by identifier; a user row's identifier is at least [`Oid::FIRST_USER`];
//! what a lookup by name returns is in the order of the identifiers, built-in rows first.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::rows::{
    AccessMethodRow, CollationRow, LanguageRow, OpclassRow, OperatorRow, OpfamilyRow, ProcRow, RelationRow, TypeRow,
};
use super::{Oid, Sym};

/// What every named row has.
pub(super) trait Row {
    fn oid(&self) -> Oid;
    fn name(&self) -> &Sym;
}

macro_rules! rows {
    ($($row:ident),*) => {
        $(impl Row for $row {
            fn oid(&self) -> Oid { self.oid }
            fn name(&self) -> &Sym { &self.name }
        })*
    };
}
rows!(AccessMethodRow, CollationRow, LanguageRow, OpclassRow, OperatorRow, OpfamilyRow, ProcRow, RelationRow, TypeRow);

/// The built-in rows of one catalog.
#[derive(Debug)]
pub(super) struct BuiltinTable<R> {
    rows: Vec<R>,
    by_oid: Vec<(Oid, u32)>,
    /// Where the rows of a name are; looked into and never gone through.
    by_name: HashMap<Sym, Range<usize>, FixedState>,
}

impl<R: Row> BuiltinTable<R> {
    pub(super) fn new(mut rows: Vec<R>) -> Self {
        if !rows.is_sorted_by(|a, b| a.name() <= b.name()) {
            rows.sort_by(|a, b| a.name().cmp(b.name()).then(a.oid().cmp(&b.oid())));
        }
        let mut by_oid: Vec<(Oid, u32)> = (0u32..).zip(&rows).map(|(at, row)| (row.oid(), at)).collect();
        by_oid.sort_unstable();
        let mut by_name: HashMap<Sym, Range<usize>, FixedState> =
            HashMap::with_capacity_and_hasher(rows.len(), FixedState::default());
        for (at, row) in rows.iter().enumerate() {
            by_name.entry(row.name().clone()).or_insert(at..at).end = at + 1;
        }
        Self { rows, by_oid, by_name }
    }

    pub(super) fn by_oid(&self, oid: Oid) -> Option<&R> {
        let at = self.by_oid.binary_search_by_key(&oid, |entry| entry.0).ok()?;
        let (_, row) = self.by_oid.get(at)?;
        self.rows.get(usize::try_from(*row).ok()?)
    }

    pub(super) fn named(&self, name: &str) -> &[R] {
        self.by_name.get(name).and_then(|range| self.rows.get(range.clone())).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.iter()
    }
}

/// The user rows of one catalog.
#[derive(Clone, Debug)]
pub(super) struct UserTable<R> {
    rows: BTreeMap<Oid, Arc<R>>,
    // looked into and never gone through
    by_name: HashMap<Sym, Vec<Oid>, FixedState>,
}

impl<R> Default for UserTable<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), by_name: HashMap::default() }
    }
}

impl<R: Row> UserTable<R> {
    pub(super) fn put(&mut self, row: R) {
        let oid = row.oid();
        if let Some(old) = self.rows.get(&oid) {
            if old.name() == row.name() {
                self.rows.insert(oid, Arc::new(row));
                return;
            }
            self.remove(oid);
        }
        let named = self.by_name.entry(row.name().clone()).or_default();
        let at = named.partition_point(|other| *other < oid);
        named.insert(at, oid);
        self.rows.insert(oid, Arc::new(row));
    }

    /// Changes a row where it is; its identifier and its name must stay.
    pub(super) fn edit(&mut self, oid: Oid, edit: impl FnOnce(&mut R))
    where
        R: Clone,
    {
        if let Some(row) = self.rows.get_mut(&oid) {
            edit(Arc::make_mut(row));
        }
    }

    /// Changes the rows that a condition holds for where they are; identifiers and names must stay.
    pub(super) fn edit_all(&mut self, wanted: impl Fn(&R) -> bool, edit: impl Fn(&mut R))
    where
        R: Clone,
    {
        for row in self.rows.values_mut().filter(|row| wanted(row)) {
            edit(Arc::make_mut(row));
        }
    }

    pub(super) fn remove(&mut self, oid: Oid) -> Option<Arc<R>> {
        let row = self.rows.remove(&oid)?;
        if let Some(named) = self.by_name.get_mut(row.name().as_str()) {
            named.retain(|other| *other != oid);
            if named.is_empty() {
                self.by_name.remove(row.name().as_str());
            }
        }
        Some(row)
    }

    pub(super) fn by_oid(&self, oid: Oid) -> Option<&R> {
        self.rows.get(&oid).map(Arc::as_ref)
    }

    pub(super) fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a R> + use<'a, R> {
        self.by_name.get(name).into_iter().flatten().filter_map(|oid| self.by_oid(*oid))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.values().map(Arc::as_ref)
    }
}
