//! Indexes.

use pgseal_catalog::facts::{Index, IndexKey, KeyTarget, NullsOrder, SortOrder};
use pgseal_catalog::{FactId, QualifiedName};

use super::{Renderer, Sql, option_list, with_options};
use crate::elaborate::Part;

impl Renderer<'_> {
    /// `CREATE INDEX`; with `only` it does not reach the table's partitions.
    #[must_use]
    pub fn create_index(&self, name: &QualifiedName, index: &Index, only: bool) -> Sql {
        let id = FactId::Index(name.clone());
        let mut draft = self.draft(format!(
            "CREATE {}INDEX {} ON {}{} USING {} (",
            if index.unique { "UNIQUE " } else { "" },
            self.name(&name.name),
            if only { "ONLY " } else { "" },
            self.qualified(&index.table),
            self.name(&index.method),
        ));
        for (n, key) in (0_u16..).zip(&index.keys) {
            draft.push(if n > 0 { ", " } else { "" });
            match &key.target {
                KeyTarget::Column(name) => {
                    draft.push(self.name(name));
                }
                KeyTarget::Expression(expression) => {
                    draft.push("(").expression(&id, Part::IndexKey(n), expression).push(")");
                }
            }
            draft.push(self.key_suffix(key));
        }
        draft.push(")");
        if !index.include.is_empty() {
            draft.push(format!(" INCLUDE ({})", self.names(&index.include)));
        }
        if index.nulls_not_distinct {
            draft.push(" NULLS NOT DISTINCT");
        }
        draft.push(with_options(&index.storage.options));
        if let Some(tablespace) = &index.storage.tablespace {
            draft.push(format!(" TABLESPACE {}", self.name(tablespace)));
        }
        if let Some(predicate) = &index.predicate {
            draft.push(" WHERE (").expression(&id, Part::Predicate, predicate).push(")");
        }
        draft.done()
    }

    /// Collation, operator class and order of a key, each with a leading blank.
    pub(crate) fn key_suffix(&self, key: &IndexKey) -> String {
        let mut out = self.collate(key.collation.as_ref());
        if let Some(opclass) = &key.opclass {
            out.push_str(&format!(" {}", self.qualified(opclass)));
            if !key.opclass_options.is_empty() {
                out.push_str(&format!(" ({})", option_list(&key.opclass_options)));
            }
        }
        if key.order == SortOrder::Descending {
            out.push_str(" DESC");
        }
        match key.nulls {
            Some(NullsOrder::First) => out.push_str(" NULLS FIRST"),
            Some(NullsOrder::Last) => out.push_str(" NULLS LAST"),
            None => {}
        }
        out
    }

    /// The statements for properties of a new index that `CREATE INDEX` cannot say, but for its attachment.
    #[must_use]
    pub fn index_follow_ups(&self, name: &QualifiedName, index: &Index) -> Vec<Sql> {
        let mut out: Vec<Sql> = index
            .storage
            .statistics
            .iter()
            .map(|(key, target)| {
                self.plain(format!("ALTER INDEX {} ALTER COLUMN {key} SET STATISTICS {target}", self.qualified(name)))
            })
            .collect();
        if index.storage.clustered {
            out.push(self.cluster_on(&index.table, Some(name)));
        }
        out
    }

    /// `ALTER TABLE … CLUSTER ON` or `SET WITHOUT CLUSTER`.
    #[must_use]
    pub fn cluster_on(&self, table: &QualifiedName, index: Option<&QualifiedName>) -> Sql {
        let what = index
            .map_or_else(|| "SET WITHOUT CLUSTER".to_owned(), |index| format!("CLUSTER ON {}", self.name(&index.name)));
        self.plain(format!("ALTER TABLE {} {what}", self.qualified(table)))
    }

    /// `ALTER INDEX … ATTACH PARTITION`.
    #[must_use]
    pub fn attach_index(&self, parent: &QualifiedName, index: &QualifiedName) -> Sql {
        self.plain(format!("ALTER INDEX {} ATTACH PARTITION {}", self.qualified(parent), self.qualified(index)))
    }
}
