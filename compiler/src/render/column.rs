//! Columns, their defaults and properties.

use pgseal_catalog::facts::{Column, ColumnStorage, Default, GeneratedKind, IdentityKind, Payload};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::{Draft, Renderer, Sql, option_list};
use crate::elaborate::Part;

/// Which facts of a column are written with it rather than in statements of their own.
#[derive(Debug, Clone, Default)]
pub struct ColumnClauses {
    /// Its default.
    pub default: bool,
    /// NOT NULL: none; bare; or with the constraint's name (18 and later).
    pub not_null: Option<Option<Name>>,
    /// Its not-null constraint is NO INHERIT.
    pub not_null_no_inherit: bool,
    /// It becomes an identity column with its parent's, when it is attached.
    pub inherits_identity: bool,
}

impl Renderer<'_> {
    /// Appends `name type …` as `CREATE TABLE` and `ADD COLUMN` take it.
    pub(crate) fn column_definition(
        &self,
        draft: &mut Draft<'_>,
        table: &QualifiedName,
        name: &Name,
        column: &Column,
        clauses: &ColumnClauses,
    ) {
        draft.push(format!("{} {}", self.name(name), column.data_type));
        if let Some(storage) = column.storage.filter(|_| self.env.major().number() >= 16) {
            draft.push(format!(" STORAGE {}", storage_word(storage)));
        }
        if let Some(compression) = &column.compression {
            draft.push(format!(" COMPRESSION {}", compression.as_str()));
        }
        draft.push(self.collate(column.collation.as_ref()));
        self.column_constraints(draft, table, name, column, clauses);
    }

    /// Appends the clauses after a column's type: default, generation, identity, not null.
    pub(crate) fn column_constraints(
        &self,
        draft: &mut Draft<'_>,
        table: &QualifiedName,
        name: &Name,
        column: &Column,
        clauses: &ColumnClauses,
    ) {
        if let Some(generated) = &column.generated {
            let id = FactId::Column(table.clone(), name.clone());
            draft.push(" GENERATED ALWAYS AS (").expression(&id, Part::Generated, &generated.expression);
            draft.push(match generated.kind {
                GeneratedKind::Stored => ") STORED",
                GeneratedKind::Virtual => ") VIRTUAL",
            });
        }
        let default = FactId::Default(table.clone(), name.clone());
        if let Some(Payload::Default(Default { expression })) =
            self.catalog.fact(&default).filter(|_| clauses.default).map(|fact| &fact.payload)
        {
            draft.push(" DEFAULT ").restricted_expression(&default, Part::Default, expression);
        }
        if let Some(constraint) = &clauses.not_null {
            if let Some(constraint) = constraint {
                draft.push(format!(" CONSTRAINT {}", self.name(constraint)));
            }
            draft.push(" NOT NULL");
            if clauses.not_null_no_inherit {
                draft.push(" NO INHERIT");
            }
        }
        if let Some(identity) = column.identity.as_ref().filter(|_| !clauses.inherits_identity) {
            draft.push(format!(" GENERATED {} AS IDENTITY (", identity_word(identity.kind)));
            draft.push(format!("SEQUENCE NAME {}", self.qualified(&identity.sequence)));
            draft.push(self.identity_options(column, &identity.options)).push(")");
        }
    }

    /// `ALTER TABLE … ADD COLUMN`.
    #[must_use]
    pub fn add_column(&self, table: &QualifiedName, name: &Name, column: &Column, clauses: &ColumnClauses) -> Sql {
        let mut draft = self.draft(format!("ALTER TABLE {} ADD COLUMN ", self.qualified(table)));
        self.column_definition(&mut draft, table, name, column, clauses);
        draft.done()
    }

    /// `ALTER TABLE … ALTER COLUMN … ` and what follows.
    #[must_use]
    pub fn alter_column(&self, table: &QualifiedName, name: &Name, what: &str) -> Sql {
        self.plain(format!("ALTER TABLE {} ALTER COLUMN {} {what}", self.qualified(table), self.name(name)))
    }

    /// `ALTER COLUMN … SET DEFAULT`.
    #[must_use]
    pub fn set_default(&self, table: &QualifiedName, name: &Name, default: &Default) -> Sql {
        let mut draft =
            self.draft(format!("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT ", self.qualified(table), self.name(name)));
        draft.expression(&FactId::Default(table.clone(), name.clone()), Part::Default, &default.expression);
        draft.done()
    }

    /// `ALTER COLUMN … SET EXPRESSION AS (…)` (17 and later).
    #[must_use]
    pub fn set_expression(&self, table: &QualifiedName, name: &Name, column: &Column) -> Option<Sql> {
        let generated = column.generated.as_ref()?;
        let mut draft = self.draft(format!(
            "ALTER TABLE {} ALTER COLUMN {} SET EXPRESSION AS (",
            self.qualified(table),
            self.name(name)
        ));
        let id = FactId::Column(table.clone(), name.clone());
        draft.expression(&id, Part::Generated, &generated.expression).push(")");
        Some(draft.done())
    }

    /// The statements for properties of a new column that its definition cannot say.
    #[must_use]
    pub fn column_follow_ups(&self, table: &QualifiedName, name: &Name, column: &Column) -> Vec<Sql> {
        let mut out = Vec::new();
        if let Some(storage) = column.storage.filter(|_| self.env.major().number() < 16) {
            out.push(self.alter_column(table, name, &format!("SET STORAGE {}", storage_word(storage))));
        }
        // a partition's identity column has its parent's sequence
        if let Some(identity) = column.identity.as_ref().filter(|_| column.is_local) {
            out.extend(self.identity_retype(column, identity));
        }
        if let Some(target) = column.statistics {
            out.push(self.alter_column(table, name, &format!("SET STATISTICS {target}")));
        }
        if !column.options.is_empty() {
            out.push(self.alter_column(table, name, &format!("SET ({})", option_list(&column.options))));
        }
        out
    }
}

/// `ALWAYS` or `BY DEFAULT`.
pub(crate) fn identity_word(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Always => "ALWAYS",
        IdentityKind::ByDefault => "BY DEFAULT",
    }
}

/// A storage mode as SQL spells it.
pub(crate) fn storage_word(storage: ColumnStorage) -> &'static str {
    match storage {
        ColumnStorage::Plain => "PLAIN",
        ColumnStorage::External => "EXTERNAL",
        ColumnStorage::Extended => "EXTENDED",
        ColumnStorage::Main => "MAIN",
    }
}
