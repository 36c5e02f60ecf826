//! Tables.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::facts::{KeyTarget, PartitionKey, PartitionStrategy, Payload, Persistence, ReplicaIdentity, Table};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::{ColumnClauses, Renderer, Sql, with_options};
use crate::elaborate::Part;

/// Which facts of a table are written with it, in `CREATE TABLE`, rather than in statements of their own.
#[derive(Debug, Clone, Default)]
pub struct TableFold {
    /// Columns, in order, with what is written with each. Inherited ones that are not local are left out by the caller.
    pub columns: Vec<(Name, ColumnClauses)>,
    /// Constraints, in order.
    pub constraints: Vec<Name>,
    /// `PARTITION OF`, which brings the parent's columns, rather than to be attached later.
    pub as_partition: bool,
    /// Only these parents are named in `INHERITS`.
    pub inherits: BTreeSet<QualifiedName>,
}

impl Renderer<'_> {
    /// `CREATE TABLE` with what `fold` names.
    #[must_use]
    pub fn create_table(&self, name: &QualifiedName, table: &Table, fold: &TableFold) -> Sql {
        let id = FactId::Table(name.clone());
        let unlogged = if table.persistence == Persistence::Unlogged { "UNLOGGED " } else { "" };
        let mut draft = self.draft(format!("CREATE {unlogged}TABLE {}", self.qualified(name)));
        let partition = table.partition_of.as_ref().filter(|_| fold.as_partition);
        if let Some(partition) = partition {
            draft.push(format!(" PARTITION OF {}", self.qualified(&partition.parent)));
        }
        if let Some(of_type) = &table.of_type {
            draft.push(format!(" OF {}", self.qualified(of_type)));
        }
        let overlays = partition.is_some() || table.of_type.is_some();
        let mut separator = " (\n    ";
        for (column_name, clauses) in &fold.columns {
            let column_id = FactId::Column(name.clone(), column_name.clone());
            let Some(Payload::Column(column)) = self.catalog.fact(&column_id).map(|fact| &fact.payload) else {
                continue;
            };
            draft.push(separator);
            if overlays {
                draft.push(self.name(column_name));
                self.column_constraints(&mut draft, name, column_name, column, clauses);
            } else {
                self.column_definition(&mut draft, name, column_name, column, clauses);
            }
            separator = ",\n    ";
        }
        for constraint_name in &fold.constraints {
            let constraint_id = FactId::Constraint(name.clone(), constraint_name.clone());
            let Some(Payload::Constraint(constraint)) = self.catalog.fact(&constraint_id).map(|fact| &fact.payload)
            else {
                continue;
            };
            draft.push(separator);
            self.constraint_definition(&mut draft, name, constraint_name, constraint);
            separator = ",\n    ";
        }
        if separator == ",\n    " {
            draft.push("\n)");
        } else if !overlays {
            draft.push(" (\n)");
        }
        if let Some(partition) = partition {
            draft.push(" ").expression(&id, Part::PartitionBound, &partition.bound);
        }
        let parents: Vec<String> =
            table.inherits.iter().filter(|parent| fold.inherits.contains(parent)).map(|p| self.qualified(p)).collect();
        if !parents.is_empty() {
            draft.push(format!(" INHERITS ({})", parents.join(", ")));
        }
        if let Some(key) = &table.partition_key {
            self.partition_by(&mut draft, &id, key);
        }
        if let Some(method) = &table.access_method {
            draft.push(format!(" USING {}", self.name(method)));
        }
        draft.push(with_options(&table.options));
        if let Some(tablespace) = &table.tablespace {
            draft.push(format!(" TABLESPACE {}", self.name(tablespace)));
        }
        draft.done()
    }

    fn partition_by(&self, draft: &mut super::Draft<'_>, id: &FactId, key: &PartitionKey) {
        draft.push(match key.strategy {
            PartitionStrategy::List => " PARTITION BY LIST (",
            PartitionStrategy::Range => " PARTITION BY RANGE (",
            PartitionStrategy::Hash => " PARTITION BY HASH (",
        });
        for (n, part) in (0_u16..).zip(&key.parts) {
            draft.push(if n > 0 { ", " } else { "" });
            match &part.target {
                KeyTarget::Column(name) => {
                    draft.push(self.name(name));
                }
                KeyTarget::Expression(expression) => {
                    draft.push("(").expression(id, Part::PartitionKey(n), expression).push(")");
                }
            }
            draft.push(self.collate(part.collation.as_ref()));
            if let Some(opclass) = &part.opclass {
                draft.push(format!(" {}", self.qualified(opclass)));
            }
        }
        draft.push(")");
    }

    /// `ALTER TABLE … ` and what follows.
    #[must_use]
    pub fn alter_table(&self, name: &QualifiedName, what: &str) -> Sql {
        self.alter_table_only(name, false, what)
    }

    /// `ALTER TABLE … ` and what follows; with `only` it does not reach the table's children.
    #[must_use]
    pub fn alter_table_only(&self, name: &QualifiedName, only: bool, what: &str) -> Sql {
        self.plain(format!("ALTER TABLE {}{} {what}", if only { "ONLY " } else { "" }, self.qualified(name)))
    }

    /// `ALTER TABLE parent ATTACH PARTITION`.
    #[must_use]
    pub fn attach_partition(&self, name: &QualifiedName, table: &Table) -> Option<Sql> {
        let partition = table.partition_of.as_ref()?;
        let mut draft = self.draft(format!(
            "ALTER TABLE {} ATTACH PARTITION {} ",
            self.qualified(&partition.parent),
            self.qualified(name)
        ));
        draft.expression(&FactId::Table(name.clone()), Part::PartitionBound, &partition.bound);
        Some(draft.done())
    }

    /// `REPLICA IDENTITY …`.
    #[must_use]
    pub fn replica_identity(&self, name: &QualifiedName, identity: &ReplicaIdentity) -> Sql {
        let what = match identity {
            ReplicaIdentity::Default => "DEFAULT".to_owned(),
            ReplicaIdentity::Full => "FULL".to_owned(),
            ReplicaIdentity::Nothing => "NOTHING".to_owned(),
            ReplicaIdentity::Index(index) => format!("USING INDEX {}", self.name(index)),
        };
        self.alter_table(name, &format!("REPLICA IDENTITY {what}"))
    }

    /// The statements that bring storage options from one set to another: `SET (…)`, `RESET (…)`.
    #[must_use]
    pub fn option_changes(
        &self,
        object: &str,
        from: &BTreeMap<String, String>,
        to: &BTreeMap<String, String>,
    ) -> Vec<Sql> {
        let set: BTreeMap<String, String> = to
            .iter()
            .filter(|(name, value)| from.get(*name) != Some(value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        let reset: Vec<String> = from.keys().filter(|name| !to.contains_key(*name)).cloned().collect();
        let mut out = Vec::new();
        if !set.is_empty() {
            out.push(self.plain(format!("ALTER {object} SET ({})", super::option_list(&set))));
        }
        if !reset.is_empty() {
            out.push(self.plain(format!("ALTER {object} RESET ({})", reset.join(", "))));
        }
        out
    }
}
