//! Schemas, extensions and user-defined types.

use pgseal_catalog::facts::{Attribute, Composite, Domain, DomainConstraint, Enum, Extension, Range};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::{Renderer, Sql, literal};
use crate::elaborate::Part;

impl Renderer<'_> {
    /// `CREATE SCHEMA`.
    #[must_use]
    pub fn create_schema(&self, name: &Name) -> Sql {
        self.plain(format!("CREATE SCHEMA {}", self.name(name)))
    }

    /// `CREATE EXTENSION` with its schema and version.
    #[must_use]
    pub fn create_extension(&self, name: &Name, extension: &Extension) -> Sql {
        self.plain(format!(
            "CREATE EXTENSION {} WITH SCHEMA {} VERSION {}",
            self.name(name),
            self.name(&extension.schema),
            literal(&extension.version)
        ))
    }

    /// `CREATE TYPE … AS ENUM`.
    #[must_use]
    pub fn create_enum(&self, name: &QualifiedName, payload: &Enum) -> Sql {
        let labels =
            payload.labels.iter().map(|label| format!("\n    {}", literal(label))).collect::<Vec<_>>().join(",");
        let end = if payload.labels.is_empty() { "" } else { "\n" };
        self.plain(format!("CREATE TYPE {} AS ENUM ({labels}{end})", self.qualified(name)))
    }

    /// `CREATE TYPE … AS (…)`.
    #[must_use]
    pub fn create_composite(&self, name: &QualifiedName, payload: &Composite) -> Sql {
        let attributes =
            payload.attributes.iter().map(|a| format!("\n    {}", self.attribute(a))).collect::<Vec<_>>().join(",");
        let end = if payload.attributes.is_empty() { "" } else { "\n" };
        self.plain(format!("CREATE TYPE {} AS ({attributes}{end})", self.qualified(name)))
    }

    /// `name type [COLLATE …]`.
    #[must_use]
    pub fn attribute(&self, attribute: &Attribute) -> String {
        let collate = self.collate(attribute.collation.as_ref());
        format!("{} {}{collate}", self.name(&attribute.name), attribute.data_type)
    }

    /// `CREATE TYPE … AS RANGE`.
    #[must_use]
    pub fn create_range(&self, name: &QualifiedName, payload: &Range) -> Sql {
        let mut options = vec![
            format!("subtype = {}", payload.subtype),
            format!("subtype_opclass = {}", self.qualified(&payload.subtype_opclass)),
        ];
        if let Some(collation) = &payload.collation {
            options.push(format!("collation = {}", self.qualified(collation)));
        }
        if let Some(routine) = &payload.canonical {
            options.push(format!("canonical = {}", self.qualified(&routine.name)));
        }
        if let Some(routine) = &payload.subtype_diff {
            options.push(format!("subtype_diff = {}", self.qualified(&routine.name)));
        }
        options.push(format!("multirange_type_name = {}", self.qualified(&payload.multirange)));
        self.plain(format!("CREATE TYPE {} AS RANGE (\n    {}\n)", self.qualified(name), options.join(",\n    ")))
    }

    /// `CREATE DOMAIN`, with those of its check constraints that `constraints` names.
    #[must_use]
    pub fn create_domain<'n>(
        &self,
        name: &QualifiedName,
        payload: &Domain,
        constraints: impl IntoIterator<Item = (&'n Name, &'n DomainConstraint)>,
    ) -> Sql {
        let mut draft = self.draft(format!(
            "CREATE DOMAIN {} AS {}{}",
            self.qualified(name),
            payload.base,
            self.collate(payload.collation.as_ref())
        ));
        if let Some(default) = &payload.default {
            draft.push("\n    DEFAULT ").restricted_expression(
                &FactId::Domain(name.clone()),
                Part::DomainDefault,
                default,
            );
        }
        if payload.not_null {
            draft.push("\n    ");
            if let Some(constraint) = &payload.not_null_name {
                draft.push(format!("CONSTRAINT {} ", self.name(constraint)));
            }
            draft.push("NOT NULL");
        }
        for (constraint, check) in constraints {
            let id = FactId::DomainConstraint(name.clone(), constraint.clone());
            draft.push(format!("\n    CONSTRAINT {} CHECK (", self.name(constraint)));
            draft.expression(&id, Part::Check, &check.expression).push(")");
        }
        draft.done()
    }

    /// `ALTER DOMAIN … ADD CONSTRAINT … CHECK`.
    #[must_use]
    pub fn add_domain_constraint(&self, domain: &QualifiedName, name: &Name, payload: &DomainConstraint) -> Sql {
        let mut draft =
            self.draft(format!("ALTER DOMAIN {} ADD CONSTRAINT {} CHECK (", self.qualified(domain), self.name(name)));
        let id = FactId::DomainConstraint(domain.clone(), name.clone());
        draft.expression(&id, Part::Check, &payload.expression).push(")");
        if !payload.validated {
            draft.push(" NOT VALID");
        }
        draft.done()
    }

    /// `ALTER DOMAIN … SET DEFAULT` or `DROP DEFAULT`.
    #[must_use]
    pub fn domain_default(&self, name: &QualifiedName, payload: &Domain) -> Sql {
        let mut draft = self.draft(format!("ALTER DOMAIN {} ", self.qualified(name)));
        match &payload.default {
            Some(default) => {
                draft.push("SET DEFAULT ").expression(&FactId::Domain(name.clone()), Part::DomainDefault, default)
            }
            None => draft.push("DROP DEFAULT"),
        };
        draft.done()
    }
}
