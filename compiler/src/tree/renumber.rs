//! A query over tables whose columns stand at other places: the numbers of columns, and the lists that name columns by place.
//!
//! What the query means stays the same. A whole row stays whole; a row that is written out as one of a table has its values
//! at the new places too.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Alias, Expr, FromItem, OnConflictAction, Query, RangeTblEntry, RteKind, Syntactic, TargetEntry, Var, expr_type,
    on_stack_for, on_stack_for_query,
};
use crate::env::Oid;

/// For each column in the old order its new number; none for one that is gone.
pub type Places = Vec<Option<i16>>;

/// Tables whose columns get other numbers.
#[derive(Debug, Clone, Default)]
pub struct Renumbering {
    by_relation: BTreeMap<Oid, Arc<Places>>,
    by_type: BTreeMap<Oid, Arc<Places>>,
}

/// The entries of the range tables around an expression, the innermost last: where their columns are now.
type Scopes = Vec<Vec<Option<Arc<Places>>>>;

impl Renumbering {
    /// Says where the columns of a table with that row type are now.
    pub fn insert(&mut self, relation: Oid, row_type: Oid, places: Places) {
        let places = Arc::new(places);
        self.by_type.insert(row_type, Arc::clone(&places));
        self.by_relation.insert(relation, places);
    }

    /// Whether nothing gets another number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_relation.is_empty()
    }

    /// Renumbers a query that stands for itself; `None` when the system has no room for the walk.
    #[must_use]
    pub fn query(&self, mut query: Query) -> Option<Query> {
        let probe = query.clone();
        on_stack_for_query(&probe, move || {
            self.change_query(&mut query, &mut Vec::new());
            query
        })
    }

    /// Renumbers an expression over one relation, or the old and the new row of it; `None` when the system has no room for the
    /// walk.
    #[must_use]
    pub fn expression(&self, relation: Oid, mut expr: Expr) -> Option<Expr> {
        let own = self.by_relation.get(&relation).cloned();
        let probe = expr.clone();
        on_stack_for(&probe, move || {
            self.change(&mut expr, &mut vec![vec![own.clone(), own]]);
            expr
        })
    }

    fn change_query(&self, query: &mut Query, scopes: &mut Scopes) {
        let entries = self.entries(query);
        if entries.iter().any(Option::is_some) {
            let inputs = inputs(query);
            for (at, (entry, places)) in query.rtable.iter_mut().zip(&entries).enumerate() {
                if let Some(places) = places {
                    change_entry(entry, places);
                }
                if let (RteKind::Join(join), Some((left, right))) = (&mut entry.kind, inputs.get(&at)) {
                    change_inputs(&mut join.left_columns, entries.get(*left));
                    change_inputs(&mut join.right_columns, entries.get(*right));
                }
            }
            change_joins(&mut query.jointree.items, &query.rtable);
        }
        self.change_functions(query);
        let target = usize::try_from(query.result_relation).ok().and_then(|number| number.checked_sub(1));
        if let Some(places) = target.and_then(|at| entries.get(at)).cloned().flatten() {
            change_targets(query, &places);
        }
        self.change_origins(query);
        scopes.push(entries);
        query.change_expressions(&mut |expr| self.change(expr, scopes));
        for entry in &mut query.rtable {
            if let RteKind::Join(join) = &mut entry.kind {
                join.alias_vars.iter_mut().flatten().for_each(|var| self.change(var, scopes));
            }
        }
        for inner in query.subqueries_mut() {
            self.change_query(inner, scopes);
        }
        scopes.pop();
    }

    fn change(&self, expr: &mut Expr, scopes: &mut Scopes) {
        let mut waiting = vec![expr];
        while let Some(at) = waiting.pop() {
            match at {
                Expr::Var(var) => change_var(var, scopes),
                Expr::FieldSelect(node) => {
                    if let Some(new) = self.by_type.get(&expr_type(&node.arg)).and_then(|p| moved(p, node.fieldnum)) {
                        node.fieldnum = new;
                    }
                }
                Expr::FieldStore(node) => {
                    if let Some(places) = self.by_type.get(&node.result_type) {
                        for (number, _) in &mut node.fields {
                            *number = moved(places, *number).unwrap_or(*number);
                        }
                    }
                }
                Expr::RowExpr(node) => {
                    if let Some(places) = self.by_type.get(&node.row_type).filter(|p| p.len() == node.args.len()) {
                        permute(&mut node.args, places);
                    }
                }
                Expr::SubLink(link) => self.change_query(&mut link.query, scopes),
                _ => {}
            }
            waiting.extend(at.children_mut());
        }
    }

    /// Where the columns of each entry of a range table are now; none for an entry whose columns stay.
    fn entries(&self, query: &Query) -> Vec<Option<Arc<Places>>> {
        let inputs = inputs(query);
        let mut out: Vec<Option<Arc<Places>>> = Vec::with_capacity(query.rtable.len());
        for (at, entry) in query.rtable.iter().enumerate() {
            let places = match &entry.kind {
                RteKind::Relation(relation) | RteKind::NamedRelation(relation) => {
                    self.by_relation.get(&relation.oid).cloned()
                }
                RteKind::Function(function) => {
                    let of = |f: &super::RangeTblFunction| {
                        self.by_type.get(&expr_type(&f.expr)).filter(|_| f.definitions.is_empty())
                    };
                    function.functions.iter().any(|f| of(f).is_some()).then(|| {
                        let mut places = Places::new();
                        let mut next = 0;
                        for f in &function.functions {
                            let count = i16::try_from(f.column_count).unwrap_or(i16::MAX);
                            let own = (1..=count).map(|number| match of(f) {
                                Some(of) => moved(of, number),
                                None => Some(number),
                            });
                            let own: Places = own.collect();
                            let kept = i16::try_from(own.iter().flatten().count()).unwrap_or(i16::MAX);
                            places.extend(own.into_iter().map(|number| number.map(|number| next + number)));
                            next += kept;
                        }
                        if function.ordinality {
                            places.push(Some(next + 1));
                        }
                        Arc::new(places)
                    })
                }
                RteKind::Join(join) => inputs.get(&at).and_then(|&(left, right)| {
                    let side = |input: usize| out.get(input).cloned().flatten();
                    join_places(join, side(left), side(right)).map(Arc::new)
                }),
                RteKind::Subquery(_) | RteKind::TableFunc(_) | RteKind::Values(_) | RteKind::Cte(_) => None,
            };
            out.push(places);
        }
        out
    }

    /// Functions that return rows of a table give as many columns as are left.
    fn change_functions(&self, query: &mut Query) {
        for entry in &mut query.rtable {
            let RteKind::Function(function) = &mut entry.kind else { continue };
            for f in &mut function.functions {
                if let Some(places) = self.by_type.get(&expr_type(&f.expr)).filter(|_| f.definitions.is_empty()) {
                    f.column_count = places.iter().take(f.column_count).flatten().count();
                }
            }
        }
    }

    /// The columns that outputs come from.
    fn change_origins(&self, query: &mut Query) {
        for target in query.target_list.iter_mut().chain(&mut query.returning) {
            if let Some((relation, number)) = &mut target.origin
                && let Some(new) = self.by_relation.get(relation).and_then(|places| moved(places, *number))
            {
                *number = new;
            }
        }
    }
}

fn position(number: i16) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

/// The new number of a column; none for one that is gone, or that is no column of the table.
fn moved(places: &Places, number: i16) -> Option<i16> {
    places.get(position(number)?).copied().flatten()
}

/// The entries that joins have for inputs.
fn inputs(query: &Query) -> BTreeMap<usize, (usize, usize)> {
    let number = |item: &FromItem| {
        let number = match item {
            FromItem::Entry(number) => *number,
            FromItem::Join(join) => join.rtindex,
        };
        usize::try_from(number).unwrap_or_default().wrapping_sub(1)
    };
    let mut out = BTreeMap::new();
    let mut waiting: Vec<&FromItem> = query.jointree.items.iter().collect();
    while let Some(item) = waiting.pop() {
        if let FromItem::Join(join) = item {
            out.insert(number(item), (number(&join.left), number(&join.right)));
            waiting.extend([&join.left, &join.right]);
        }
    }
    out
}

/// A join has the merged columns first, then those of its left input, then those of its right one.
fn join_places(join: &super::JoinRte, left: Option<Arc<Places>>, right: Option<Arc<Places>>) -> Option<Places> {
    if left.is_none() && right.is_none() {
        return None;
    }
    let new = |places: &Option<Arc<Places>>, number: i16| match places {
        Some(places) => moved(places, number),
        None => Some(number),
    };
    // side, place on that side, old position
    let mut order: Vec<(u8, i16, usize)> = Vec::new();
    for at in 0..join.alias_vars.len() {
        let number = |numbers: &[i16]| numbers.get(at).copied().unwrap_or_default();
        let key = match (number(&join.left_columns), number(&join.right_columns)) {
            _ if at < join.merged_columns => Some((0, i16::try_from(at).unwrap_or(i16::MAX))),
            (0, 0) => None,
            (0, number) => new(&right, number).map(|number| (2, number)),
            (number, _) => new(&left, number).map(|number| (1, number)),
        };
        order.extend(key.map(|(side, place)| (side, place, at)));
    }
    order.sort_unstable();
    let mut places: Places = vec![None; join.alias_vars.len()];
    for ((_, _, old), number) in order.into_iter().zip(1..) {
        if let Some(slot) = places.get_mut(old) {
            *slot = Some(number);
        }
    }
    Some(places)
}

/// Puts what stands at old places at the new ones.
fn permute<T>(list: &mut Vec<T>, places: &Places) {
    let old = std::mem::take(list);
    let mut new: Vec<(i16, T)> =
        old.into_iter().zip(places).filter_map(|(item, place)| place.map(|place| (place, item))).collect();
    new.sort_by_key(|(place, _)| *place);
    list.extend(new.into_iter().map(|(_, item)| item));
}

fn change_entry(entry: &mut RangeTblEntry, places: &Places) {
    if let Some(alias) = &mut entry.alias
        && !alias.columns.is_empty()
    {
        // a list that names the first columns only has to name all that may come before them now
        alias.columns.extend(entry.eref.columns.iter().skip(alias.columns.len()).cloned());
        permute(&mut alias.columns, places);
    }
    permute(&mut entry.eref.columns, places);
    if let RteKind::Join(join) = &mut entry.kind {
        permute(&mut join.alias_vars, places);
        permute(&mut join.left_columns, places);
        permute(&mut join.right_columns, places);
    }
}

/// The numbers that a join's columns have in an input.
fn change_inputs(numbers: &mut [i16], input: Option<&Option<Arc<Places>>>) {
    if let Some(Some(places)) = input {
        for number in numbers {
            *number = moved(places, *number).unwrap_or(*number);
        }
    }
}

/// The lists of names that joins carry in `FROM` are those of their entries; their inputs' columns have other numbers.
fn change_joins(items: &mut [FromItem], rtable: &[RangeTblEntry]) {
    let mut waiting: Vec<&mut FromItem> = items.iter_mut().collect();
    while let Some(item) = waiting.pop() {
        if let FromItem::Join(join) = item {
            let entry = usize::try_from(join.rtindex).ok().and_then(|n| n.checked_sub(1)).and_then(|at| rtable.get(at));
            if let (Some(Alias { columns, .. }), Some(Some(new))) = (&mut join.alias, entry.map(|entry| &entry.alias)) {
                columns.clone_from(&new.columns);
            }
            waiting.extend([&mut join.left, &mut join.right]);
        }
    }
}

/// The columns that a statement writes.
fn change_targets(query: &mut Query, places: &Places) {
    let change = |list: &mut Vec<TargetEntry>| {
        for target in list.iter_mut().filter(|target| !target.junk) {
            target.resno = moved(places, target.resno).unwrap_or(target.resno);
        }
    };
    change(&mut query.target_list);
    for action in &mut query.merge_actions {
        change(&mut action.target_list);
    }
    if let Some(conflict) = &mut query.on_conflict
        && let OnConflictAction::Update(list, _) = &mut conflict.action
    {
        change(list);
    }
}

fn change_var(var: &mut Var, scopes: &Scopes) {
    let entries = usize::try_from(var.levels_up)
        .ok()
        .and_then(|up| scopes.len().checked_sub(up + 1))
        .and_then(|at| scopes.get(at));
    let places = |varno: u32| {
        let at = usize::try_from(varno).ok()?.checked_sub(1)?;
        entries?.get(at)?.as_ref()
    };
    if let Some(new) = places(var.varno).and_then(|places| moved(places, var.attno)) {
        var.attno = new;
    }
    if let Syntactic(Some((varno, number))) = &mut var.syntactic
        && let Some(new) = places(*varno).and_then(|places| moved(places, *number))
    {
        *number = new;
    }
}

/// Gives the columns that an expression over one relation names, in subqueries too, the names of these numbers; `None` when the
/// system has no room for the walk.
#[must_use]
pub fn with_column_names(mut expr: Expr, name: &(dyn Fn(i16) -> Option<String> + Sync)) -> Option<Expr> {
    let probe = expr.clone();
    on_stack_for(&probe, move || {
        name_columns(&mut expr, 0, name);
        expr
    })
}

fn name_columns(expr: &mut Expr, depth: u32, name: &(dyn Fn(i16) -> Option<String> + Sync)) {
    let mut waiting = vec![expr];
    while let Some(at) = waiting.pop() {
        match at {
            Expr::Var(var) if var.levels_up == depth && var.attno > 0 => {
                if let Some(name) = name(var.attno) {
                    var.name = name;
                }
            }
            Expr::SubLink(link) => name_columns_in(&mut link.query, depth + 1, name),
            _ => {}
        }
        waiting.extend(at.children_mut());
    }
}

fn name_columns_in(query: &mut Query, depth: u32, name: &(dyn Fn(i16) -> Option<String> + Sync)) {
    query.change_expressions(&mut |expr| name_columns(expr, depth, name));
    for inner in query.subqueries_mut() {
        name_columns_in(inner, depth + 1, name);
    }
}
