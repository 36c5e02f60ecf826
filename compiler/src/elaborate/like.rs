//! LIKE in CREATE TABLE: columns at once; defaults, checks, indexes and comments after the table is there.
//!
//! Follows `transformTableLikeClause`, `expandTableLikeClause` and `generateClonedIndexStmt`, parse_utilcmd.c (PG 14 to 18).

use pg_query::protobuf::{TableLikeClause, TableLikeOption};
use pgseal_catalog::facts::{Comment, Constraint, ConstraintKind, IndexKey, IndexStorage, KeyTarget, Payload};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::column_definition::{Collected, NewColumn, NewDefault, NewNotNull};
use super::error::{Elaborated, Problem};
use super::index::{NewIndex, Owner, distinct_column_names};
use super::names::name;
use super::run::Interpreter;
use crate::analyze;
use crate::analyze::index_column_name;

/// A LIKE clause whose columns are taken over.
#[derive(Debug, Clone)]
pub(super) struct Like {
    source: QualifiedName,
    options: u32,
}

impl Like {
    fn includes(&self, option: TableLikeOption) -> bool {
        // the bits of TableLikeOption in the server; the enum of the grammar's messages only counts them
        let bit = match option {
            TableLikeOption::CreateTableLikeComments => 0,
            TableLikeOption::CreateTableLikeCompression => 1,
            TableLikeOption::CreateTableLikeConstraints => 2,
            TableLikeOption::CreateTableLikeDefaults => 3,
            TableLikeOption::CreateTableLikeGenerated => 4,
            TableLikeOption::CreateTableLikeIdentity => 5,
            TableLikeOption::CreateTableLikeIndexes => 6,
            TableLikeOption::CreateTableLikeStatistics => 7,
            TableLikeOption::CreateTableLikeStorage => 8,
            TableLikeOption::CreateTableLikeAll | TableLikeOption::Undefined => return false,
        };
        self.options & (1 << bit) != 0
    }
}

impl Interpreter<'_> {
    /// Takes over the columns of a table.
    pub(super) fn collect_like(
        &mut self,
        table: &QualifiedName,
        clause: &TableLikeClause,
        collected: &mut Collected,
    ) -> Elaborated<Like> {
        let Some(range) = &clause.relation else { return Err(Problem::internal("LIKE without a table")) };
        let (source, kind) = self.relation(range)?;
        if self.model.table(&source).is_none() {
            self.require_table(&source, kind).map_err(|_| {
                Problem::unsupported(format!("LIKE of \"{}\", which is not a table,", range.relname)).at(range.location)
            })?;
        }
        let like = Like { source: source.clone(), options: clause.options };
        for (column, found) in self.model.columns(&source) {
            let row = self.model.relation_row(&source).and_then(|row| row.column(column.as_str()));
            let Some(row) = row.cloned() else { continue };
            let mut new = NewColumn {
                name: column.clone(),
                type_oid: row.type_oid,
                typmod: row.typmod,
                collation: row.collation,
                not_null: found.not_null,
                default: NewDefault::None,
                generated: None,
                identity: None,
                storage: None,
                compression: None,
                is_local: true,
                inherit_count: 0,
                from_type: false,
                options_only: false,
            };
            if like.includes(TableLikeOption::CreateTableLikeGenerated) {
                new.generated = found.generated.as_ref().map(|g| g.kind);
                if let Some(generated) = &found.generated {
                    new.default = NewDefault::Stored(generated.expression.clone());
                }
            }
            if like.includes(TableLikeOption::CreateTableLikeDefaults)
                && found.generated.is_none()
                && let Some(default) = self.stored_default(&source, &column)
            {
                new.default = NewDefault::Stored(default);
            }
            if let Some(identity) = &found.identity
                && like.includes(TableLikeOption::CreateTableLikeIdentity)
            {
                new.identity = Some(self.identity_like(table, &column, identity, collected)?);
            }
            if like.includes(TableLikeOption::CreateTableLikeStorage) {
                new.storage = found.storage;
            }
            if like.includes(TableLikeOption::CreateTableLikeCompression) {
                new.compression = found.compression.clone();
            }
            collected.columns.push(new);
        }
        for (constraint, found) in self.model.constraints_copied(&source) {
            if let ConstraintKind::NotNull(not_null) = found.is {
                collected.not_nulls.push(NewNotNull {
                    name: Some(constraint),
                    column: not_null.column,
                    no_inherit: not_null.no_inherit,
                    validated: true,
                });
            }
        }
        Ok(like)
    }

    /// Takes over checks and indexes, the new table being there.
    pub(super) fn expand_like(&mut self, table: &QualifiedName, like: &Like) -> Elaborated<()> {
        if like.includes(TableLikeOption::CreateTableLikeConstraints) {
            self.checks_like(table, like)?;
        }
        if like.includes(TableLikeOption::CreateTableLikeIndexes) {
            for (id, new) in self.indexes_to_clone(&like.source)? {
                let made = self.make_index(table, new.clone(), true)?;
                if like.includes(TableLikeOption::CreateTableLikeComments) {
                    match new.owner {
                        Owner::Itself => self.copy_comment(&id, FactId::Index(made)),
                        // the index's own comment, not the constraint's
                        _ => {
                            let comment = self.index_comment(&id);
                            let on = FactId::Constraint(table.clone(), made.name);
                            self.edit_storage(&on, |storage| storage.comment = comment)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn checks_like(&mut self, table: &QualifiedName, like: &Like) -> Elaborated<()> {
        for (constraint, found) in self.model.constraints_copied(&like.source) {
            let ConstraintKind::Check(check) = &found.is else { continue };
            self.constraint_is_free(table, &constraint)?;
            let new = Constraint {
                is: ConstraintKind::Check(check.clone()),
                deferrable: false,
                initially_deferred: false,
                validated: found.enforced,
                enforced: found.enforced,
                is_local: true,
                inherit_count: 0,
                parent: None,
                switched: Vec::new(),
            };
            let id = FactId::Constraint(table.clone(), constraint.clone());
            let mut fact = Fact::new(id.clone(), Payload::Constraint(new));
            fact.needs = self.stored_needs(table, &check.expression)?;
            self.model.put(fact);
            if like.includes(TableLikeOption::CreateTableLikeComments) {
                self.copy_comment(&FactId::Constraint(like.source.clone(), constraint), id);
            }
        }
        Ok(())
    }

    /// Copies the comments of columns and not-nulls.
    pub(super) fn comments_like(&mut self, table: &QualifiedName, like: &Like) {
        if !like.includes(TableLikeOption::CreateTableLikeComments) {
            return;
        }
        for (column, _) in self.model.columns(&like.source) {
            self.copy_comment(
                &FactId::Column(like.source.clone(), column.clone()),
                FactId::Column(table.clone(), column),
            );
        }
        for (constraint, found) in self.model.constraints_copied(&like.source) {
            if matches!(found.is, ConstraintKind::NotNull(_)) {
                self.copy_comment(
                    &FactId::Constraint(like.source.clone(), constraint.clone()),
                    FactId::Constraint(table.clone(), constraint),
                );
            }
        }
    }

    /// What is said of the index of a constraint.
    fn index_comment(&self, constraint: &FactId) -> Option<String> {
        match self.model.fact(constraint).map(|fact| &fact.payload) {
            Some(Payload::Constraint(found)) => found.index()?.comment.clone(),
            _ => None,
        }
    }

    fn copy_comment(&mut self, from: &FactId, to: FactId) {
        let comment = self.model.fact(&FactId::Comment(Box::new(from.clone()))).map(|fact| fact.payload.clone());
        if let Some(Payload::Comment(Comment { text })) = comment
            && self.model.contains(&to)
        {
            let id = FactId::Comment(Box::new(to));
            self.model.put(Fact::new(id, Payload::Comment(Comment { text })));
        }
    }

    /// The indexes of a table as new ones for another table with columns of the same names: those of constraints included, in
    /// the order in which a server lists them as far as facts tell (constraints first, then by name).
    pub(super) fn indexes_to_clone(&self, source: &QualifiedName) -> Elaborated<Vec<(FactId, NewIndex)>> {
        let mut list = Vec::new();
        for (constraint, found) in self.model.constraints_copied(source) {
            if let Some(new) = self.key_clone(&found)? {
                list.push((FactId::Constraint(source.clone(), constraint), new));
            }
        }
        for (index, found) in self.model.indexes(source) {
            let mut new = self.clone_of(&found.method, &found.keys, &found.include, &found.storage)?;
            new.unique = found.unique;
            new.nulls_not_distinct = found.nulls_not_distinct;
            new.predicate = found.predicate.clone();
            list.push((FactId::Index(index), new));
        }
        Ok(list)
    }

    fn key_clone(&self, found: &Constraint) -> Elaborated<Option<NewIndex>> {
        let mut new = match &found.is {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
                let method = name(if key.without_overlaps { "gist" } else { "btree" })?;
                let keys: Vec<IndexKey> = match &key.index_keys {
                    Some(keys) => keys.clone(),
                    None => key.columns.iter().map(|column| plain_key(column.clone())).collect(),
                };
                let mut new = self.clone_of(&method, &keys, &key.include, &key.index)?;
                new.unique = true;
                new.nulls_not_distinct = key.nulls_not_distinct;
                new.without_overlaps = key.without_overlaps;
                new.owner = match found.is {
                    ConstraintKind::PrimaryKey(_) => Owner::PrimaryKey,
                    _ => Owner::Unique,
                };
                new
            }
            ConstraintKind::Exclusion(exclusion) => {
                let keys: Vec<IndexKey> = exclusion.elements.iter().map(|element| element.key.clone()).collect();
                let mut new = self.clone_of(&exclusion.method, &keys, &exclusion.include, &exclusion.index)?;
                new.predicate = exclusion.predicate.clone();
                let operators = exclusion.elements.iter().map(|element| element.operator.clone()).collect();
                new.owner = Owner::Exclusion(operators);
                new
            }
            _ => return Ok(None),
        };
        new.deferrable = found.deferrable;
        new.initially_deferred = found.initially_deferred;
        Ok(Some(new))
    }

    fn clone_of(
        &self,
        method: &Name,
        keys: &[IndexKey],
        include: &[Name],
        storage: &IndexStorage,
    ) -> Elaborated<NewIndex> {
        let mut wanted = Vec::new();
        for key in keys {
            wanted.push(match &key.target {
                KeyTarget::Column(column) => Some(column.as_str().to_owned()),
                KeyTarget::Expression(text) => {
                    let raw = analyze::parse_expr_text(text.as_str()).map_err(Box::<Problem>::from)?;
                    index_column_name(self.env().major(), &raw)
                }
            });
        }
        let included = include.iter().map(|column| Some(column.as_str().to_owned()));
        Ok(NewIndex {
            name: None,
            owner: Owner::Itself,
            method: method.clone(),
            keys: keys.to_vec(),
            column_names: distinct_column_names(wanted.into_iter().chain(included)),
            include: include.to_vec(),
            unique: false,
            nulls_not_distinct: false,
            without_overlaps: false,
            predicate: None,
            options: storage.options.clone(),
            tablespace: storage.tablespace.clone(),
            deferrable: false,
            initially_deferred: false,
            needs: Needs::new(),
            attached: None,
            raw: Vec::new(),
        })
    }
}

/// A key with nothing special about it.
pub(super) fn plain_key(column: Name) -> IndexKey {
    IndexKey {
        target: KeyTarget::Column(column),
        collation: None,
        opclass: None,
        opclass_options: std::collections::BTreeMap::new(),
        order: pgseal_catalog::facts::SortOrder::Ascending,
        nulls: None,
    }
}
