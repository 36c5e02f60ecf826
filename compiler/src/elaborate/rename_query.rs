//! The query of a view under other names.
//!
//! A server keeps the tree of the query, and prints it with the names of the moment. So the stored text is analysed as things were
//! called when it was printed, and printed again where the same things are called otherwise. That tree is the server's as far as
//! the text tells it; where it does not, the rename is refused: a name with a number may be one that the printer made
//! up, a list of names for columns too, and some expressions are not read as they were printed. Owns views and materialized
//! views; rules, policies and bodies of functions are refused by the caller.

use pgseal_catalog::facts::{Expression, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::bind::Slot;
use super::model::Model;
use super::rewrite::Rewrite;
use crate::analyze;
use crate::deparse::deparse_view;
use crate::env::{Env, RelationRow, SearchPath, Sym};
use crate::tree::{Query, RteKind};

/// Longer names may have been cut where a number was put behind them.
const LONGEST: usize = 55;

/// What becomes of the query of a view.
pub(super) enum Requeried {
    /// It is printed as before.
    Same,
    /// It is printed like this.
    Other(Expression),
    /// Its text does not tell.
    Unknown,
}

impl Model {
    /// What a server prints of a view after the rename of something that it uses, with what names mean then; none where the text
    /// does not tell.
    pub(super) fn query_under_other_names(&self, fact: &Fact, rewrite: &Rewrite, after: &Env) -> Option<Expression> {
        let (text, query) = self.query_of_fact(fact)?;
        if printed(&self.env, &query)? != text || !is_told(&self.env, &query, rewrite) {
            return None;
        }
        printed(after, &query).map(Expression)
    }

    /// What a server prints of a view after columns were renamed that it does not use, of tables that it does: the columns of a
    /// join go by names of their own.
    pub(super) fn query_beside_other_names(&self, fact: &Fact, rewrite: &Rewrite, after: Option<&Env>) -> Requeried {
        let (Some((text, query)), Some(after)) = (self.query_of_fact(fact), after) else { return Requeried::Unknown };
        let told = is_told(&self.env, &query, rewrite);
        match (printed(&self.env, &query), printed(after, &query)) {
            (Some(before), Some(after)) if told && before == after => Requeried::Same,
            (Some(before), Some(after)) if told && before == text => Requeried::Other(Expression(after)),
            _ => Requeried::Unknown,
        }
    }

    /// The text of a view's query, and the query as things are called now.
    fn query_of_fact<'f>(&self, fact: &'f Fact) -> Option<(&'f str, Query)> {
        let (text, columns): (&str, Vec<&Name>) = match &fact.payload {
            Payload::View(view) => (view.query.as_str(), view.columns.iter().map(|column| &column.name).collect()),
            Payload::MaterializedView(view) => {
                (view.query.as_str(), view.columns.iter().map(|column| &column.name).collect())
            }
            _ => return None,
        };
        let aliases: Vec<String> = columns.into_iter().map(|column| column.as_str().to_owned()).collect();
        let raw = analyze::parse_statement_text(text).ok()?;
        let query = analyze::analyze_view_query(&self.env, &SearchPath::empty(), &raw, &aliases).ok()?;
        Some((text, query))
    }

    /// What names mean after the rename, with the identifiers of before; none for what is not covered.
    pub(super) fn under_other_names(&self, rewrite: &Rewrite) -> Option<Env> {
        let covered = rewrite.schema.is_none() && rewrite.opclasses.is_empty() && rewrite.operators.is_none();
        if !covered {
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
        Some(env)
    }
}

fn sym(name: &Name) -> Sym {
    Sym::from(name.as_str())
}

fn relation<'e>(env: &'e Env, name: &QualifiedName) -> Option<&'e RelationRow> {
    env.lookup_relation(&SearchPath::empty(), Some(name.schema.as_str()), name.name.as_str())
}

fn printed(env: &Env, query: &Query) -> Option<String> {
    let text = deparse_view(env, query).ok()?;
    Some(text.strip_suffix(';').unwrap_or(&text).to_owned())
}

/// Whether the names in the text are those that the query was written with.
fn is_told(env: &Env, query: &Query, rewrite: &Rewrite) -> bool {
    let renamed: Vec<&Name> = rewrite.relations.iter().flat_map(|(from, to)| [&from.name, &to.name]).collect();
    let mut told = renamed.iter().all(|name| name.as_str().len() <= LONGEST);
    query.visit_queries(&mut |query, _| {
        for entry in &query.rtable {
            let Some(alias) = &entry.alias else {
                // a name of its own that another one gets too is told apart by a number, in an order that the text hides
                if let RteKind::Relation(relation) = &entry.kind {
                    let own = env.relation_by_oid(relation.oid).map(|row| row.name.clone());
                    told = told && !rewrite.relations.values().any(|to| own.as_deref() == Some(to.name.as_str()));
                }
                continue;
            };
            let base =
                alias.name.rsplit_once('_').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
            let numbered = base.is_some_and(|(base, _)| renamed.iter().any(|name| name.as_str() == base));
            let taken = rewrite.relations.values().any(|to| to.name.as_str() == alias.name);
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
            told = told && !numbered && !taken && !listed;
        }
    });
    told
}
