//! Tables whose columns stand at other places, and what servers print of the queries over them.
//!
//! Some of what a query is printed with names columns by place: a list of names behind a table, a join or a function that returns
//! rows of a table. A server keeps the columns apart by number, so such a list follows the table: it has the columns that were
//! added since, and not those that are gone. And where a schema's text says of its own tables what it says, a database whose
//! columns stand in another order prints the same query otherwise.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::facts::Payload;
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::{Model, Part, Written};
use super::retext::names_by_place;
use super::run::Interpreter;
use super::stored_query::{StoredQuery, Texts, holds_query, set_texts, stored_texts};
use crate::analyze;
use crate::deparse::{Scope, deparse_expression, deparse_view};
use crate::env::{Env, Oid, SearchPath};
use crate::tree::{Places, Renumbering};

/// The orders of columns, by table.
pub type Orders = BTreeMap<QualifiedName, Layout>;

/// The order that the columns of a table will be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Its columns.
    pub columns: Vec<Name>,
    /// Columns that have to go: as long as they are there, the others are at other places.
    pub gone: Vec<Name>,
}

/// A query of a schema that cannot be said of a database where the columns of a table stand in another order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// What holds the query.
    pub query: Box<FactId>,
    /// A table that it uses.
    pub table: Box<FactId>,
}

/// What becomes of a fact that holds queries.
struct Laid {
    id: FactId,
    texts: Texts,
    /// Whether what the user wrote says the same.
    is_written_so: bool,
}

impl Model {
    /// The same database with the columns of some tables in other orders, and the queries over them saying what they say here; none
    /// when nothing else is different.
    ///
    /// # Errors
    /// A query whose text does not tell.
    pub fn laid_out(&self, orders: &Orders) -> Result<Option<Model>, Misplaced> {
        if orders.is_empty() {
            return Ok(None);
        }
        let (renumbering, env) = self.reordered(orders);
        let mut laid = Vec::new();
        let tables = self.queries_over(orders.keys());
        for (id, over) in &tables {
            let (Some(fact), Some(table)) = (self.fact(id), over.first()) else { continue };
            let before = stored_texts(&fact.payload);
            let after = self
                .stored_query(fact)
                .and_then(|stored| stored.renumbered(&renumbering))
                .and_then(|stored| stored.texts(&env, id, &fact.payload))
                .ok_or_else(|| Misplaced {
                    query: Box::new(id.clone()),
                    table: Box::new(FactId::Table(table.clone())),
                })?;
            let is_written_so = self.is_written_so(&env, id, &after);
            // as long as there are more columns, others are at the places that are named
            let waits = over.iter().any(|table| orders.get(table).is_some_and(|layout| !layout.gone.is_empty()))
                && after.iter().any(|(_, text)| names_by_place(text));
            if after != before || !is_written_so || waits {
                laid.push(Laid { id: id.clone(), texts: after, is_written_so });
            }
        }
        if laid.is_empty() {
            return Ok(None);
        }
        let mut out = self.clone();
        for (table, order) in orders {
            out.reorder(table, &order.columns);
        }
        for laid in laid {
            let Some(mut fact) = out.fact(&laid.id).cloned() else { continue };
            set_texts(&mut fact.payload, &laid.texts);
            // what names columns by place can only come when all are where they will be
            for (table, order) in tables.get(&laid.id).into_iter().flatten().filter_map(|t| orders.get_key_value(t)) {
                let columns = order.columns.iter().chain(&order.gone);
                fact.needs.extend(columns.map(|column| FactId::Column(table.clone(), column.clone())));
            }
            if !laid.is_written_so {
                out.forget_queries(&laid.id);
            }
            out.put(fact);
        }
        out.commit();
        Ok(Some(out))
    }

    /// Where the columns of tables are then, and what names mean.
    fn reordered(&self, orders: &Orders) -> (Renumbering, Env) {
        let mut renumbering = Renumbering::default();
        let mut env = self.env.clone();
        for (table, order) in orders {
            let Some(row) = self.relation_row(table) else { continue };
            let number =
                |name: &str| order.columns.iter().zip(1_i16..).find(|(own, _)| *own.as_str() == *name).map(|(_, n)| n);
            let places: Places = row.columns.iter().map(|column| number(&column.name)).collect();
            let key = |old: i16| places.get(usize::try_from(old).ok()?.checked_sub(1)?).copied().flatten();
            env.edit_relation(row.oid, |row| {
                for column in &mut row.columns {
                    column.number = key(column.number).unwrap_or(column.number);
                }
                row.columns.sort_by_key(|column| column.number);
                for column in row.primary_key.iter_mut().flat_map(|primary| &mut primary.columns) {
                    *column = key(*column).unwrap_or(*column);
                }
            });
            renumbering.insert(row.oid, row.row_type, places);
        }
        (renumbering, env)
    }

    fn reorder(&mut self, table: &QualifiedName, order: &[Name]) {
        for (column, position) in order.iter().zip(1_u32..) {
            let id = FactId::Column(table.clone(), column.clone());
            if let Some(mut fact) = self.fact(&id).filter(|fact| fact.position != Some(position)).cloned() {
                fact.position = Some(position);
                self.put(fact);
            }
        }
        self.renumber_primary_key(table);
    }

    /// The facts with queries over tables, over columns of theirs, or over functions that have to do with them; each with those
    /// tables.
    fn queries_over<'t>(
        &self,
        tables: impl Iterator<Item = &'t QualifiedName>,
    ) -> BTreeMap<FactId, BTreeSet<QualifiedName>> {
        let mut out: BTreeMap<FactId, BTreeSet<QualifiedName>> = BTreeMap::new();
        for table in tables {
            let mut waiting = vec![FactId::Table(table.clone())];
            waiting.extend(
                self.catalog().columns(table).into_iter().map(|(name, _)| FactId::Column(table.clone(), name.clone())),
            );
            let mut seen: BTreeSet<FactId> = waiting.iter().cloned().collect();
            while let Some(id) = waiting.pop() {
                for dependent in self.dependents(&id) {
                    let Some(fact) = self.fact(dependent) else { continue };
                    if holds_query(&fact.payload) {
                        out.entry(dependent.clone()).or_default().insert(table.clone());
                    }
                    let passes_on = matches!(fact.payload, Payload::Function(_) | Payload::Composite(_));
                    if passes_on && seen.insert(dependent.clone()) {
                        waiting.push(dependent.clone());
                    }
                }
            }
        }
        out
    }

    /// Whether what the user wrote for the queries of a fact means these texts, where names mean that.
    fn is_written_so(&self, env: &Env, id: &FactId, texts: &Texts) -> bool {
        texts.iter().all(|(part, wanted)| {
            let Some(written) = self.written(id, *part) else { return true };
            self.printed_again(env, id, *part, written).is_some_and(|text| text == *wanted)
        })
    }

    /// What is printed of what the user wrote; none where that does not stand for itself.
    fn printed_again(&self, env: &Env, id: &FactId, part: Part, written: &Written) -> Option<String> {
        let path = SearchPath::new(written.search_path.iter().map(|name| name.as_str().to_owned()));
        match (id, part) {
            (FactId::View(view) | FactId::MaterializedView(view), Part::Query) => {
                let raw = analyze::parse_statement_text(&written.sql()?).ok()?;
                let query = analyze::analyze_view_query(env, &path, &raw, &self.aliases_of_view(view)).ok()?;
                let text = deparse_view(env, &query).ok()?;
                Some(text.strip_suffix(';').unwrap_or(&text).to_owned())
            }
            (FactId::Policy(table, _), Part::Using | Part::WithCheck) => {
                let raw = analyze::parse_expr_text(&written.sql()?).ok()?;
                let row = env.relation_by_oid(self.relation_row(table)?.oid)?;
                let expr = analyze::cook_policy(env, &path, row, &raw).ok()?;
                deparse_expression(env, Scope::Relation(table.name.as_str()), &expr).ok()
            }
            _ => None,
        }
    }

    fn forget_queries(&mut self, id: &FactId) {
        for (part, _) in self.fact(id).map(|fact| stored_texts(&fact.payload)).unwrap_or_default() {
            self.forget_written(id, part);
        }
        self.forget_written(id, Part::ViewColumns);
    }
}

/// The queries over tables whose columns are about to change, and the numbers of the columns.
pub(super) struct Before {
    /// None for one that cannot be read back.
    queries: Vec<(FactId, Option<StoredQuery>)>,
    tables: Vec<(QualifiedName, Oid, Oid, Vec<Name>)>,
}

impl Interpreter<'_> {
    /// A table, its children, and theirs.
    pub(super) fn with_descendants(&self, table: &QualifiedName) -> BTreeSet<QualifiedName> {
        let mut out = BTreeSet::from([table.clone()]);
        let mut waiting = vec![table.clone()];
        while let Some(parent) = waiting.pop() {
            waiting.extend(self.model.children(&parent).into_iter().filter(|child| out.insert(child.clone())));
        }
        out
    }

    /// Reads the queries over tables that get or lose columns.
    pub(super) fn queries_before(&self, tables: &BTreeSet<QualifiedName>) -> Before {
        let queries = self.model.queries_over(tables.iter()).into_keys();
        let queries: Vec<(FactId, Option<StoredQuery>)> = queries
            .map(|id| (id.clone(), self.model.fact(&id).and_then(|fact| self.model.stored_query(fact))))
            .collect();
        let tables = tables.iter().filter(|_| !queries.is_empty()).filter_map(|table| {
            let row = self.model.relation_row(table)?;
            let columns = self.model.catalog().columns(table).into_iter().map(|(name, _)| name.clone()).collect();
            Some((table.clone(), row.oid, row.row_type, columns))
        });
        Before { tables: tables.collect(), queries }
    }

    /// Prints the queries again after the tables got or lost columns. Refused where a text cannot be read back that may name
    /// columns by place.
    pub(super) fn queries_after(&mut self, before: Before) -> Elaborated<()> {
        let mut renumbering = Renumbering::default();
        let changed = before.tables.first().map(|(table, ..)| FactId::Table(table.clone()));
        for (table, relation, row_type, columns) in before.tables {
            let Some(row) = self.model.relation_row(&table) else { continue };
            let places: Places =
                columns.iter().map(|name| row.column(name.as_str()).map(|column| column.number)).collect();
            if places.iter().zip(1..).any(|(place, number)| *place != Some(number)) {
                renumbering.insert(relation, row_type, places);
            }
        }
        for (id, query) in before.queries {
            let Some(fact) = self.model.fact(&id) else { continue };
            let Some(query) = query else {
                let by_place = stored_texts(&fact.payload).iter().any(|(_, text)| names_by_place(text));
                match &changed {
                    Some(table) if by_place => {
                        return Err(Problem::unsupported(format!(
                            "another column of {}, which {} may name by its place,",
                            table.in_words(),
                            id.in_words()
                        ))
                        .hint("Create it anew after the change."));
                    }
                    _ => continue,
                }
            };
            let query = if renumbering.is_empty() { Some(query) } else { query.renumbered(&renumbering) };
            let texts = query.and_then(|query| query.texts(&self.model.env, &id, &fact.payload));
            if let Some(texts) = texts.filter(|texts| *texts != stored_texts(&fact.payload)) {
                let mut fact = fact.clone();
                set_texts(&mut fact.payload, &texts);
                self.model.put(fact);
            }
        }
        Ok(())
    }
}
