//! Schemas, extensions and the types that users define.

use serde::{Deserialize, Serialize};

use super::{CollationName, Expression, TypeText, is_false, is_true, yes};
use crate::id::{Name, QualifiedName, Routine};

/// A schema. Owners and grants come as facts of their own when the scope manages them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {}

/// An installed extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The schema that holds its members (`extnamespace`).
    pub schema: Name,
    /// The installed version.
    pub version: String,
}

/// An enum type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enum {
    /// In sort order.
    pub labels: Vec<String>,
}

/// A domain. Its check constraints are facts of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The type it is over, with modifier (may be another domain).
    pub base: TypeText,
    /// Only when it differs from the base type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
    /// `NOT NULL`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_null: bool,
    /// The name of the not-null constraint; servers from 17 on store one, earlier ones none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_null_name: Option<Name>,
    /// `pg_get_expr(typdefaultbin, 0)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
}

/// A check constraint of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainConstraint {
    /// `pg_get_expr(conbin, 0)`, over `VALUE`.
    pub expression: Expression,
    /// False for `NOT VALID`.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub validated: bool,
}

/// A free-standing composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    /// In order: a composite value is positional.
    pub attributes: Vec<Attribute>,
}

/// One attribute of a composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its type, with modifier.
    #[serde(rename = "type")]
    pub data_type: TypeText,
    /// Only when it differs from the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
}

/// A range type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The type of its bounds.
    pub subtype: TypeText,
    /// The btree operator class that orders the bounds.
    pub subtype_opclass: QualifiedName,
    /// Only when the subtype is collatable: the collation that orders the bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
    /// The function that brings a range to its canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<Routine>,
    /// The function that subtracts two bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype_diff: Option<Routine>,
    /// The multirange type made with it.
    pub multirange: QualifiedName,
}
