//! Functions, window functions and procedures.

use serde::{Deserialize, Serialize};

use super::{Expression, TypeText, is_false};
use crate::id::{Name, Routine};

/// A function, window function or procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// `prokind`.
    pub kind: RoutineKind,
    /// Every argument in order, also those of mode OUT and TABLE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// What it returns (`prorettype`); none for a procedure without OUT arguments (`void` in the catalog).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<TypeText>,
    /// SETOF or TABLE.
    #[serde(default, skip_serializing_if = "is_false")]
    pub returns_set: bool,
    /// The language.
    pub language: Name,
    /// What it does.
    pub body: Body,
    /// `provolatile`.
    #[serde(default, skip_serializing_if = "Volatility::is_default")]
    pub volatility: Volatility,
    /// STRICT.
    #[serde(default, skip_serializing_if = "is_false")]
    pub strict: bool,
    /// SECURITY DEFINER.
    #[serde(default, skip_serializing_if = "is_false")]
    pub security_definer: bool,
    /// LEAKPROOF.
    #[serde(default, skip_serializing_if = "is_false")]
    pub leakproof: bool,
    /// `proparallel`.
    #[serde(default, skip_serializing_if = "Parallel::is_default")]
    pub parallel: Parallel,
    /// COST as `procost::text`, always written out.
    pub cost: String,
    /// ROWS as `prorows::text`, for functions that return sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// SUPPORT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Routine>,
    /// TRANSFORM FOR TYPE, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<TypeText>,
    /// SET: `proconfig`, entries `name=value` as stored, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
}

/// `prokind`, without aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutineKind {
    /// A function.
    Function,
    /// A window function.
    Window,
    /// A procedure.
    Procedure,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// `proargmodes`.
    #[serde(default, skip_serializing_if = "ArgumentMode::is_default")]
    pub mode: ArgumentMode,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: TypeText,
    /// Its default, as `pg_get_function_arg_default` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
}

/// `proargmodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentMode {
    /// IN.
    #[default]
    In,
    /// OUT.
    Out,
    /// INOUT.
    InOut,
    /// VARIADIC.
    Variadic,
    /// A column of RETURNS TABLE.
    Table,
}

impl ArgumentMode {
    fn is_default(&self) -> bool {
        *self == Self::In
    }

    /// Whether a call passes it.
    #[must_use]
    pub fn is_input(self) -> bool {
        matches!(self, Self::In | Self::InOut | Self::Variadic)
    }
}

/// `prosrc`, `probin`, `prosqlbody`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// AS 'source', byte for byte.
    Source(String),
    /// AS 'object file', 'link symbol'.
    Library {
        /// `probin`.
        object: String,
        /// `prosrc`.
        symbol: String,
    },
    /// RETURN … or BEGIN ATOMIC … END, as `pg_get_function_sqlbody` prints it.
    Sql(Expression),
}

/// `provolatile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// VOLATILE.
    #[default]
    Volatile,
    /// STABLE.
    Stable,
    /// IMMUTABLE.
    Immutable,
}

impl Volatility {
    fn is_default(&self) -> bool {
        *self == Self::Volatile
    }
}

/// `proparallel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parallel {
    /// PARALLEL UNSAFE.
    #[default]
    Unsafe,
    /// PARALLEL RESTRICTED.
    Restricted,
    /// PARALLEL SAFE.
    Safe,
}

impl Parallel {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Unsafe
    }
}
