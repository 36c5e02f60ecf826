//! The names that the columns of relations go by.
//!
//! Follows `set_deparse_for_query`, `has_dangerous_join_using`, `set_using_names`, `set_relation_column_names` and
//! `set_join_column_names`, ruleutils.c (PG 18). Invariants:
//!
//! - Within one entry of the range table every column has a name of its own.
//! - The columns that `USING` merges have one name in the join and in both inputs, so that it can be printed.
//! - Where a merged column is neither input's (`FULL JOIN`, or a cast) and the join has no alias, only a bare name can refer to
//!   it: then all merged columns of the query have names that nothing else in it has.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::namespace::{numbered, position};
use crate::env::Env;
use crate::tree::{Expr, FromItem, JoinRte, Query, RangeTblEntry, RelationRte, RteKind};

/// The columns of an entry of the range table.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// By number; none for a dropped column.
    pub(super) names: Vec<Option<Rc<str>>>,
    /// Those that are there now, in the order in which a list of aliases would name them.
    pub(super) current: Vec<Current>,
    /// Whether that list must be printed.
    pub(super) print_aliases: bool,
    /// The names that `USING` is printed with.
    pub(super) using: Vec<Rc<str>>,
    /// What joins further out are `USING`.
    parent_using: Rc<Vec<Rc<str>>>,
    /// The inputs of a join.
    inputs: Option<(usize, usize)>,
}

/// A column that is there now.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) name: Rc<str>,
    /// Whether it came after the query was analysed.
    added: bool,
}

/// The names in the making.
struct Naming<'q> {
    env: &'q Env,
    query: &'q Query,
    columns: Vec<Columns>,
    /// Whether merged columns have names that nothing else has.
    unique_using: bool,
    /// The names of merged columns, in that case.
    merged: BTreeSet<Rc<str>>,
}

/// Names the columns of every entry of a query's range table.
pub(super) fn column_names(env: &Env, query: &Query) -> Vec<Columns> {
    let columns = vec![Columns::default(); query.rtable.len()];
    let mut naming = Naming { env, query, columns, unique_using: false, merged: BTreeSet::new() };
    naming.unique_using = has_dangerous_join_using(query);
    let no_parents = Rc::new(Vec::new());
    for item in &query.jointree.items {
        naming.using_names(item, &no_parents);
    }
    // a join comes after its inputs in the range table
    for (at, entry) in query.rtable.iter().enumerate() {
        match &entry.kind {
            RteKind::Join(join) => naming.join_columns(at, entry, join),
            RteKind::Relation(_)
            | RteKind::NamedRelation(_)
            | RteKind::Subquery(_)
            | RteKind::Function(_)
            | RteKind::TableFunc(_)
            | RteKind::Values(_)
            | RteKind::Cte(_) => naming.relation_columns(at, entry),
        }
    }
    naming.columns
}

fn has_dangerous_join_using(query: &Query) -> bool {
    let mut waiting: Vec<&FromItem> = query.jointree.items.iter().collect();
    while let Some(item) = waiting.pop() {
        let FromItem::Join(join) = item else { continue };
        if join.alias.is_none()
            && join.using.as_ref().is_some_and(|using| !using.is_empty())
            && let Some(RteKind::Join(rte)) = query.rtable.get(position(join.rtindex)).map(|entry| &entry.kind)
            && rte.alias_vars.iter().take(rte.merged_columns).any(|var| !matches!(var, Some(Expr::Var(_))))
        {
            return true;
        }
        waiting.extend([&join.left, &join.right]);
    }
    false
}

fn rtindex(item: &FromItem) -> usize {
    position(match item {
        FromItem::Entry(varno) => *varno,
        FromItem::Join(join) => join.rtindex,
    })
}

/// A name that is not taken, with a number where it must have one.
fn unique(wanted: &str, taken: impl Fn(&str) -> bool) -> Rc<str> {
    if !taken(wanted) {
        return Rc::from(wanted);
    }
    let mut number = 1;
    loop {
        let name = numbered(wanted, number);
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

fn place(number: i16) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

fn at_least(names: &mut Vec<Option<Rc<str>>>, count: usize) {
    if names.len() < count {
        names.resize(count, None);
    }
}

impl Naming<'_> {
    /// Names a column of an input as the join has it.
    fn push_down(&mut self, input: usize, number: Option<i16>, name: &Rc<str>) {
        if let (Some(at), Some(columns)) = (number.and_then(place), self.columns.get_mut(input)) {
            at_least(&mut columns.names, at + 1);
            if let Some(slot) = columns.names.get_mut(at) {
                *slot = Some(Rc::clone(name));
            }
        }
    }

    /// Names the merged columns of a join and of those below it.
    fn using_names(&mut self, item: &FromItem, parents: &Rc<Vec<Rc<str>>>) {
        let FromItem::Join(join) = item else { return };
        let own = position(join.rtindex);
        let query = self.query;
        let Some(entry) = query.rtable.get(own) else { return };
        let RteKind::Join(rte) = &entry.kind else { return };
        let (left, right) = (rtindex(&join.left), rtindex(&join.right));
        let Some(mut columns) = self.columns.get_mut(own).map(std::mem::take) else { return };
        columns.inputs = Some((left, right));
        if entry.alias.is_none() {
            for (i, name) in columns.names.iter().enumerate() {
                if let Some(name) = name {
                    self.push_down(left, rte.left_columns.get(i).copied(), name);
                    self.push_down(right, rte.right_columns.get(i).copied(), name);
                }
            }
        }
        let mut parents = Rc::clone(parents);
        let using = join.using.as_deref().unwrap_or_default();
        if !using.is_empty() {
            at_least(&mut columns.names, using.len());
            let mut more = parents.to_vec();
            for (i, word) in using.iter().enumerate() {
                let name = match columns.names.get(i).cloned().flatten() {
                    Some(name) => name,
                    None => {
                        let alias = entry.alias.as_ref().and_then(|alias| alias.columns.get(i));
                        let name = unique(alias.unwrap_or(word), |name| {
                            columns.names.iter().flatten().any(|before| **before == *name)
                                || columns.parent_using.iter().any(|before| **before == *name)
                                || self.merged.contains(name)
                        });
                        if self.unique_using {
                            self.merged.insert(Rc::clone(&name));
                        }
                        if let Some(slot) = columns.names.get_mut(i) {
                            *slot = Some(Rc::clone(&name));
                        }
                        name
                    }
                };
                self.push_down(left, rte.left_columns.get(i).copied(), &name);
                self.push_down(right, rte.right_columns.get(i).copied(), &name);
                columns.using.push(Rc::clone(&name));
                more.push(name);
            }
            parents = Rc::new(more);
        }
        if let Some(slot) = self.columns.get_mut(own) {
            *slot = columns;
        }
        for input in [left, right] {
            if let Some(columns) = self.columns.get_mut(input) {
                columns.parent_using = Rc::clone(&parents);
            }
        }
        self.using_names(&join.left, &parents);
        self.using_names(&join.right, &parents);
    }

    /// The names that the columns have where the entry comes from.
    fn real_names(&self, entry: &RangeTblEntry) -> Vec<Option<Rc<str>>> {
        if let RteKind::Relation(RelationRte { oid, .. }) | RteKind::NamedRelation(RelationRte { oid, .. }) =
            &entry.kind
            && let Some(row) = self.env.relation_by_oid(*oid)
        {
            let mut names = Vec::with_capacity(row.columns.len());
            for column in &row.columns {
                if let Some(at) = place(column.number) {
                    at_least(&mut names, at + 1);
                    if let Some(slot) = names.get_mut(at) {
                        *slot = Some(Rc::from(column.name.as_str()));
                    }
                }
            }
            return names;
        }
        entry.eref.columns.iter().map(|name| (!name.is_empty()).then(|| Rc::from(name.as_str()))).collect()
    }

    /// Names the columns of anything but a join.
    fn relation_columns(&mut self, at: usize, entry: &RangeTblEntry) {
        let real = self.real_names(entry);
        let Some(mut columns) = self.columns.get_mut(at).map(std::mem::take) else { return };
        at_least(&mut columns.names, real.len());
        let mut taken: BTreeSet<Rc<str>> =
            columns.names.iter().flatten().chain(columns.parent_using.iter()).cloned().collect();
        let given = entry.alias.as_ref().map_or(&[][..], |alias| alias.columns.as_slice());
        let mut changed = false;
        for (i, real) in real.iter().enumerate() {
            let (Some(real), Some(slot)) = (real, columns.names.get_mut(i)) else { continue };
            let name = match slot {
                Some(name) => Rc::clone(name),
                None => {
                    let wanted = given.get(i).map_or(&**real, String::as_str);
                    let name = unique(wanted, |name| taken.contains(name) || self.merged.contains(name));
                    taken.insert(Rc::clone(&name));
                    *slot = Some(Rc::clone(&name));
                    name
                }
            };
            changed = changed || name != *real;
            columns.current.push(Current { name, added: i >= entry.eref.columns.len() });
        }
        columns.print_aliases = match &entry.kind {
            RteKind::Relation(_) | RteKind::NamedRelation(_) => changed,
            // the names that a function gives may change under it
            RteKind::Function(_) => true,
            // its columns are named inside
            RteKind::TableFunc(_) => false,
            RteKind::Subquery(_) | RteKind::Join(_) | RteKind::Values(_) | RteKind::Cte(_) => {
                changed || !given.is_empty()
            }
        };
        if let Some(slot) = self.columns.get_mut(at) {
            *slot = columns;
        }
    }

    /// Names the columns of a join, whose inputs have theirs.
    fn join_columns(&mut self, at: usize, entry: &RangeTblEntry, join: &JoinRte) {
        let Some(mut columns) = self.columns.get_mut(at).map(std::mem::take) else { return };
        if let Some((left, right)) = columns.inputs
            && let (Some(left), Some(right)) = (self.columns.get(left), self.columns.get(right))
        {
            JoinNaming { merged: &self.merged, entry, join, left, right, changed: false }.name(&mut columns);
        }
        if let Some(slot) = self.columns.get_mut(at) {
            *slot = columns;
        }
    }
}

/// One join with its inputs.
struct JoinNaming<'q> {
    merged: &'q BTreeSet<Rc<str>>,
    entry: &'q RangeTblEntry,
    join: &'q JoinRte,
    left: &'q Columns,
    right: &'q Columns,
    changed: bool,
}

impl JoinNaming<'_> {
    fn name(mut self, own: &mut Columns) {
        at_least(&mut own.names, self.entry.eref.columns.len());
        let mut taken: BTreeSet<Rc<str>> = own.names.iter().flatten().chain(own.parent_using.iter()).cloned().collect();
        for i in own.using.len()..self.entry.eref.columns.len() {
            let given = own.names.get(i).cloned().flatten();
            let name = self.column(i, given, &mut taken);
            if let Some(slot) = own.names.get_mut(i) {
                *slot = name;
            }
        }
        self.current_names(own, &mut taken);
        own.print_aliases = self.entry.alias.is_some() && self.changed;
    }

    /// The name of one column that is not merged.
    fn column(&mut self, i: usize, given: Option<Rc<str>>, taken: &mut BTreeSet<Rc<str>>) -> Option<Rc<str>> {
        let side = |numbers: &[i16]| numbers.get(i).copied().and_then(place);
        let real = match (side(&self.join.left_columns), side(&self.join.right_columns)) {
            (Some(number), _) => self.left.names.get(number).cloned().flatten()?,
            (None, Some(number)) => self.right.names.get(number).cloned().flatten()?,
            (None, None) => Rc::from(self.entry.eref.columns.get(i)?.as_str()),
        };
        let Some(alias) = &self.entry.alias else {
            taken.insert(Rc::clone(&real));
            return Some(real);
        };
        let name = given.unwrap_or_else(|| {
            let wanted = alias.columns.get(i).map_or(&*real, String::as_str);
            let name = unique(wanted, |name| taken.contains(name) || self.merged.contains(name));
            taken.insert(Rc::clone(&name));
            name
        });
        self.changed = self.changed || name != real;
        Some(name)
    }

    /// The columns as the join would have them if it were read now: those that inputs got since are among them.
    fn current_names(&mut self, own: &mut Columns, taken: &mut BTreeSet<Rc<str>>) {
        let number = |numbers: &[i16], i: usize| numbers.get(i).copied().unwrap_or_default();
        let mut next = 0;
        let mut merged = [BTreeSet::new(), BTreeSet::new()];
        while next < own.names.len()
            && number(&self.join.left_columns, next) != 0
            && number(&self.join.right_columns, next) != 0
        {
            if let Some(name) = own.names.get(next).cloned().flatten() {
                own.current.push(Current { name, added: false });
            }
            let numbers = [&self.join.left_columns, &self.join.right_columns];
            for (set, numbers) in merged.iter_mut().zip(numbers) {
                set.extend(place(number(numbers, next)));
            }
            next += 1;
        }
        for (input, merged) in [self.left, self.right].into_iter().zip(&merged) {
            let mut known = input.names.iter().enumerate().filter(|(_, name)| name.is_some()).map(|(at, _)| at);
            for column in &input.current {
                if column.added {
                    let name = if self.entry.alias.is_some() {
                        unique(&column.name, |name| taken.contains(name) || self.merged.contains(name))
                    } else {
                        Rc::clone(&column.name)
                    };
                    self.changed = self.changed || name != column.name;
                    taken.insert(Rc::clone(&name));
                    own.current.push(Current { name, added: true });
                    continue;
                }
                if known.next().is_some_and(|at| merged.contains(&at)) {
                    continue;
                }
                while next < own.names.len() && own.names.get(next).is_some_and(Option::is_none) {
                    next += 1;
                }
                if let Some(name) = own.names.get(next).cloned().flatten() {
                    own.current.push(Current { name, added: false });
                }
                next += 1;
            }
        }
    }
}
