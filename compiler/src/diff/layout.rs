//! The order of columns: no fact, and nothing that a statement could change, but what queries are printed with goes by it.

use std::collections::BTreeSet;

use pgseal_catalog::{Catalog, FactId, Name, QualifiedName};

use crate::elaborate::{Layout, Misplaced, Model, Orders};

/// What a database shall be, said of one where columns stand in other orders; none where that makes no difference.
///
/// # Errors
/// A query whose text does not tell what it would be.
pub fn laid_out_like(from: &Model, to: &Model) -> Result<Option<Model>, Misplaced> {
    to.laid_out(&orders(from.catalog(), to.catalog()))
}

/// The orders that the columns of tables will be in that both databases have, where that is not the second's own or columns in
/// between have to go first: those that are there stay where they are, others come behind them by name.
fn orders(from: &Catalog, to: &Catalog) -> Orders {
    let mut out = Orders::new();
    for table in moved(from, to) {
        let names = |catalog: &Catalog| -> Vec<Name> {
            catalog.columns(table).into_iter().map(|(name, _)| name.clone()).collect()
        };
        let (there, wanted) = (names(from), names(to));
        if there.is_empty() {
            continue;
        }
        let wanted_set: BTreeSet<&Name> = wanted.iter().collect();
        let there_set: BTreeSet<&Name> = there.iter().collect();
        let mut order: Vec<Name> = there.iter().filter(|name| wanted_set.contains(name)).cloned().collect();
        order.extend(wanted_set.iter().filter(|name| !there_set.contains(*name)).map(|name| (*name).clone()));
        let gone: Vec<Name> = there.iter().filter(|name| !wanted_set.contains(name)).cloned().collect();
        if order != wanted || !gone.is_empty() {
            out.insert(table.clone(), Layout { columns: order, gone });
        }
    }
    out
}

/// The tables of which a column stands at another place, or is new.
fn moved<'c>(from: &'c Catalog, to: &'c Catalog) -> BTreeSet<&'c QualifiedName> {
    let mut out = BTreeSet::new();
    let mut ours = from.iter().filter(|fact| matches!(fact.id, FactId::Column(..))).peekable();
    for fact in to.iter() {
        let FactId::Column(table, _) = &fact.id else { continue };
        while ours.next_if(|other| other.id < fact.id).is_some() {}
        if ours.peek().is_none_or(|other| other.id != fact.id || other.position != fact.position) {
            out.insert(table);
        }
    }
    out
}
