//! Constraints of tables.

use pgseal_catalog::facts::{
    Constraint, ConstraintKind, Exclusion, ExclusionElement, ForeignKey, ForeignKeyAction, Index, IndexStorage,
    KeyConstraint, KeyTarget, MatchType,
};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::{Draft, Renderer, Sql, with_options};
use crate::elaborate::Part;

impl Renderer<'_> {
    /// `ALTER TABLE … ADD CONSTRAINT …`; with `only` it does not reach the table's children.
    #[must_use]
    pub fn add_constraint(&self, table: &QualifiedName, name: &Name, constraint: &Constraint, only: bool) -> Sql {
        let only = if only { "ONLY " } else { "" };
        let mut draft = self.draft(format!("ALTER TABLE {only}{} ADD ", self.qualified(table)));
        self.constraint_definition(&mut draft, table, name, constraint);
        draft.done()
    }

    /// A key whose index has keys that no constraint clause can say: `CREATE UNIQUE INDEX`, then `ADD … USING INDEX`. None for
    /// every other constraint.
    #[must_use]
    pub fn constraint_using_index(
        &self,
        table: &QualifiedName,
        name: &Name,
        constraint: &Constraint,
    ) -> Option<(Sql, Sql)> {
        let (word, key) = match &constraint.is {
            ConstraintKind::PrimaryKey(key) => ("PRIMARY KEY", key),
            ConstraintKind::Unique(key) => ("UNIQUE", key),
            ConstraintKind::ForeignKey(_)
            | ConstraintKind::Check(_)
            | ConstraintKind::Exclusion(_)
            | ConstraintKind::NotNull(_) => return None,
        };
        let index = Index {
            table: table.clone(),
            method: Name::new("btree").ok()?,
            keys: key.index_keys.clone()?,
            include: key.include.clone(),
            unique: true,
            nulls_not_distinct: key.nulls_not_distinct,
            predicate: None,
            storage: key.index.clone(),
            attached_to: None,
        };
        let index_name = QualifiedName::new(table.schema.clone(), name.clone());
        let create = self.create_index(&index_name, &index, false);
        let mut using = format!(
            "ALTER TABLE {} ADD CONSTRAINT {name} {word} USING INDEX {name}",
            self.qualified(table),
            name = self.name(name)
        );
        using.push_str(if constraint.deferrable { " DEFERRABLE" } else { "" });
        using.push_str(if constraint.initially_deferred { " INITIALLY DEFERRED" } else { "" });
        Some((create, self.plain(using)))
    }

    /// Appends `CONSTRAINT name …` as `CREATE TABLE` and `ADD` take it.
    pub(crate) fn constraint_definition(
        &self,
        draft: &mut Draft<'_>,
        table: &QualifiedName,
        name: &Name,
        constraint: &Constraint,
    ) {
        let id = FactId::Constraint(table.clone(), name.clone());
        draft.push(format!("CONSTRAINT {} ", self.name(name)));
        match &constraint.is {
            ConstraintKind::PrimaryKey(key) => {
                draft.push("PRIMARY KEY ");
                self.key(draft, key);
            }
            ConstraintKind::Unique(key) => {
                draft.push("UNIQUE ").push(if key.nulls_not_distinct { "NULLS NOT DISTINCT " } else { "" });
                self.key(draft, key);
            }
            ConstraintKind::ForeignKey(key) => self.foreign_key(draft, key),
            ConstraintKind::Check(check) => {
                draft.push("CHECK (").expression(&id, Part::Check, &check.expression).push(")");
                draft.push(if check.no_inherit { " NO INHERIT" } else { "" });
            }
            ConstraintKind::Exclusion(exclusion) => self.exclusion(draft, &id, exclusion),
            ConstraintKind::NotNull(not_null) => {
                draft.push(format!("NOT NULL {}", self.name(&not_null.column)));
                draft.push(if not_null.no_inherit { " NO INHERIT" } else { "" });
            }
        }
        if constraint.deferrable {
            draft.push(" DEFERRABLE");
        }
        if constraint.initially_deferred {
            draft.push(" INITIALLY DEFERRED");
        }
        if !constraint.enforced {
            draft.push(" NOT ENFORCED");
        } else if !constraint.validated {
            draft.push(" NOT VALID");
        }
    }

    fn key(&self, draft: &mut Draft<'_>, key: &KeyConstraint) {
        let overlaps = if key.without_overlaps { " WITHOUT OVERLAPS" } else { "" };
        draft.push(format!("({}{overlaps})", self.names(&key.columns)));
        self.include(draft, &key.include);
        self.index_storage(draft, &key.index);
    }

    fn include(&self, draft: &mut Draft<'_>, include: &[Name]) {
        if !include.is_empty() {
            draft.push(format!(" INCLUDE ({})", self.names(include)));
        }
    }

    fn index_storage(&self, draft: &mut Draft<'_>, storage: &IndexStorage) {
        draft.push(with_options(&storage.options));
        if let Some(tablespace) = &storage.tablespace {
            draft.push(format!(" USING INDEX TABLESPACE {}", self.name(tablespace)));
        }
    }

    fn foreign_key(&self, draft: &mut Draft<'_>, key: &ForeignKey) {
        let list = |names: &[Name]| match names.split_last() {
            Some((last, [])) if key.period => format!("PERIOD {}", self.name(last)),
            Some((last, rest)) if key.period => format!("{}, PERIOD {}", self.names(rest), self.name(last)),
            _ => self.names(names),
        };
        draft.push(format!(
            "FOREIGN KEY ({}) REFERENCES {}({})",
            list(&key.columns),
            self.qualified(&key.references),
            list(&key.referenced_columns)
        ));
        draft.push(match key.match_type {
            MatchType::Simple => "",
            MatchType::Full => " MATCH FULL",
            MatchType::Partial => " MATCH PARTIAL",
        });
        if let Some(action) = action_words(key.on_update) {
            draft.push(format!(" ON UPDATE {action}"));
        }
        if let Some(action) = action_words(key.on_delete) {
            draft.push(format!(" ON DELETE {action}"));
            if !key.on_delete_columns.is_empty() {
                draft.push(format!(" ({})", self.names(&key.on_delete_columns)));
            }
        }
    }

    fn exclusion(&self, draft: &mut Draft<'_>, id: &FactId, exclusion: &Exclusion) {
        draft.push(format!("EXCLUDE USING {} (", self.name(&exclusion.method)));
        for (n, ExclusionElement { key, operator }) in (0_u16..).zip(&exclusion.elements) {
            draft.push(if n > 0 { ", " } else { "" });
            match &key.target {
                KeyTarget::Column(name) => {
                    draft.push(self.name(name));
                }
                KeyTarget::Expression(expression) => {
                    draft.push("(").expression(id, Part::ExclusionKey(n), expression).push(")");
                }
            }
            draft.push(self.key_suffix(key)).push(" WITH ").push(operator);
        }
        draft.push(")");
        self.include(draft, &exclusion.include);
        self.index_storage(draft, &exclusion.index);
        if let Some(predicate) = &exclusion.predicate {
            draft.push(" WHERE (").expression(id, Part::Predicate, predicate).push(")");
        }
    }
}

fn action_words(action: ForeignKeyAction) -> Option<&'static str> {
    match action {
        ForeignKeyAction::NoAction => None,
        ForeignKeyAction::Restrict => Some("RESTRICT"),
        ForeignKeyAction::Cascade => Some("CASCADE"),
        ForeignKeyAction::SetNull => Some("SET NULL"),
        ForeignKeyAction::SetDefault => Some("SET DEFAULT"),
    }
}
