//! Queries under other names: of views, rules, policies, and bodies in the syntax of the standard.
//!
//! A server keeps the tree of the query, and prints it with the names of the moment. So the stored text is analysed as things were
//! called when it was printed, and printed again where the same things are called otherwise. That tree is the server's as far as
//! the text tells it; where it does not, the rename is refused: a name with a number may be one that the printer made
//! up, a list of names for columns too, and some expressions are not read as they were printed.

use pgseal_catalog::facts::Payload;
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::bind::Slot;
use super::model::Model;
use super::rewrite::Rewrite;
use super::stored_query::{StoredQuery, Texts, stored_texts};
use crate::env::{Env, RelationRow, SearchPath, Sym};
use crate::tree::{Query, RteKind};

/// Longer names may have been cut where a number was put behind them.
const LONGEST: usize = 55;

/// What becomes of the queries of a fact.
pub(super) enum Requeried {
    /// They are printed as before.
    Same,
    /// They are printed like this.
    Other(Texts),
    /// Their texts do not tell.
    Unknown,
}

impl Model {
    /// What a server prints of a fact's queries after the rename of something that it uses, with what names mean then; none where
    /// the text does not tell. `id` and `payload` are those of the fact under the new names.
    pub(super) fn queries_under_other_names(
        &self,
        fact: &Fact,
        (id, payload): (&FactId, &Payload),
        rewrite: &Rewrite,
        after: &Env,
    ) -> Option<Texts> {
        let mut stored = self.stored_query(fact)?;
        if !stored.is_told(&self.env, rewrite) {
            return None;
        }
        self.rename_arbiters(&mut stored, rewrite);
        let mut texts = stored.texts(after, id, payload)?;
        for (_, text) in &mut texts {
            let followed = rewrite.literals(&self.env, fact, text);
            if followed != *text && rewrite.one_of_several(fact).is_some() {
                return None;
            }
            *text = followed;
        }
        Some(texts)
    }

    /// What a server prints of a fact's queries after columns were renamed that they do not use, of tables that they do: the columns
    /// of a join go by names of their own.
    pub(super) fn queries_beside_other_names(&self, fact: &Fact, rewrite: &Rewrite, after: Option<&Env>) -> Requeried {
        let (Some(stored), Some(after)) = (self.stored_query(fact), after) else { return Requeried::Unknown };
        let told = stored.is_told(&self.env, rewrite);
        match stored.texts(after, &fact.id, &fact.payload) {
            Some(after) if told && after == stored_texts(&fact.payload) => Requeried::Same,
            Some(after) if told => Requeried::Other(after),
            _ => Requeried::Unknown,
        }
    }

    /// `ON CONFLICT ON CONSTRAINT` names the constraint that the tree holds.
    fn rename_arbiters(&self, stored: &mut StoredQuery, rewrite: &Rewrite) {
        if rewrite.constraints.is_empty() {
            return;
        }
        let renamed = |query: &Query, constraint: &str| {
            let target = query.rtable.get(usize::try_from(query.result_relation).ok()?.checked_sub(1)?)?;
            let RteKind::Relation(relation) = &target.kind else { return None };
            let row = self.env.relation_by_oid(relation.oid)?;
            let of = |table: &QualifiedName| *table.schema.as_str() == *row.schema && *table.name.as_str() == *row.name;
            let found = rewrite.constraints.iter().find(|(table, old, _)| of(table) && old.as_str() == constraint);
            found.map(|(_, _, new)| new.as_str().to_owned())
        };
        let mut waiting = stored.statements_mut();
        while let Some(query) = waiting.pop() {
            let new = query.on_conflict.as_ref().and_then(|conflict| conflict.constraint.as_deref());
            let new = new.and_then(|constraint| renamed(query, constraint));
            if let (Some(new), Some(conflict)) = (new, &mut query.on_conflict) {
                conflict.constraint = Some(new);
            }
            waiting.extend(query.subqueries_mut());
        }
    }

    /// What names mean after the rename, with the identifiers of before; none for what is not covered.
    pub(super) fn under_other_names(&self, rewrite: &Rewrite) -> Option<Env> {
        if !rewrite.opclasses.is_empty() || rewrite.operators.is_some() {
            return None;
        }
        let mut env = self.env.clone();
        for (from, to) in &rewrite.relations {
            if let Some(row) = relation(&env, from).cloned() {
                env.remove_relation(row.oid);
                env.put_relation(RelationRow { schema: sym(&to.schema), name: sym(&to.name), ..row });
            }
        }
        for (from, to) in &rewrite.types {
            let found = env.lookup_type(&SearchPath::empty(), Some(from.schema.as_str()), from.name.as_str());
            if let Some(mut row) = found.cloned() {
                env.remove_type(row.oid);
                (row.schema, row.name) = (sym(&to.schema), sym(&to.name));
                env.put_type(row);
            }
        }
        for (from, to) in &rewrite.routines {
            for make in [FactId::Function, FactId::Procedure, FactId::Aggregate] {
                let oid = self.bindings.oid(&make(from.clone()), Slot::Routine(0));
                if let Some(mut row) = oid.and_then(|oid| env.proc_by_oid(oid)).cloned() {
                    env.remove_proc(row.oid);
                    (row.schema, row.name) = (sym(&to.name.schema), sym(&to.name.name));
                    env.put_proc(row);
                }
            }
        }
        for (owner, from, to) in rewrite.columns.iter().chain(&rewrite.attributes) {
            let oid = relation(&self.env, owner)?.oid;
            env.edit_relation(oid, |row| {
                for column in row.columns.iter_mut().filter(|column| column.name == *from.as_str()) {
                    column.name = sym(to);
                }
            });
        }
        if let Some((from, to)) = &rewrite.schema {
            env.rename_schema(from.as_str(), &sym(to));
        }
        Some(env)
    }
}

fn sym(name: &Name) -> Sym {
    Sym::from(name.as_str())
}

fn relation<'e>(env: &'e Env, name: &QualifiedName) -> Option<&'e RelationRow> {
    env.lookup_relation(&SearchPath::empty(), Some(name.schema.as_str()), name.name.as_str())
}

impl StoredQuery {
    /// Whether the names in the texts are those that the queries were written with.
    fn is_told(&self, env: &Env, rewrite: &Rewrite) -> bool {
        let renamed: Vec<&Name> = rewrite.relations.iter().flat_map(|(from, to)| [&from.name, &to.name]).collect();
        let mut told = renamed.iter().all(|name| name.as_str().len() <= LONGEST);
        for query in self.queries() {
            query.visit_queries(&mut |query, _| told = told && names_are_told(env, query, &renamed, rewrite));
        }
        told
    }
}

fn names_are_told(env: &Env, query: &Query, renamed: &[&Name], rewrite: &Rewrite) -> bool {
    query.rtable.iter().all(|entry| {
        let Some(alias) = &entry.alias else {
            // a name of its own that another one gets too is told apart by a number, in an order that the text hides
            let RteKind::Relation(relation) = &entry.kind else { return true };
            let own = env.relation_by_oid(relation.oid).map(|row| row.name.clone());
            return !rewrite
                .relations
                .iter()
                .any(|(from, to)| from.name != to.name && own.as_deref() == Some(to.name.as_str()));
        };
        let base = alias.name.rsplit_once('_').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
        let numbered = base.is_some_and(|(base, _)| renamed.iter().any(|name| name.as_str() == base));
        let taken = rewrite.relations.iter().any(|(from, to)| from.name != to.name && to.name.as_str() == alias.name);
        let listed = !alias.columns.is_empty()
            && match &entry.kind {
                // a list that the printer made up stands behind the relation's own name
                RteKind::Relation(relation) => {
                    let own = env.relation_by_oid(relation.oid).map(|row| row.name.as_str());
                    let moved = renamed.iter().any(|name| name.as_str() == alias.name);
                    !rewrite.columns.is_empty() || moved && own == Some(alias.name.as_str())
                }
                RteKind::Join(_) => !rewrite.columns.is_empty(),
                RteKind::NamedRelation(_)
                | RteKind::Subquery(_)
                | RteKind::Function(_)
                | RteKind::TableFunc(_)
                | RteKind::Values(_)
                | RteKind::Cte(_) => false,
            };
        !numbered && !taken && !listed
    })
}
