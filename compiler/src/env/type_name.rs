//! From a type name in a statement to the type it means.
//!
//! Follows `LookupTypeNameExtended`, `typenameType` and `typenameTypeMod`, parse_type.c (PG 18). `SETOF` is the
//! caller's to look at. `%TYPE` is resolved through the relation; the server's notice about it is left out.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, TypeName, a_const};

use super::{Env, InDatabase, Oid, SearchPath, Sym, typmod};

/// Why a type name means no type.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TypeNameError {
    /// No type of that name.
    #[error("type \"{name}\" does not exist")]
    Undefined {
        /// The name as written.
        name: Sym,
    },
    /// A type of that name that is not defined yet.
    #[error("type \"{name}\" is only a shell")]
    Shell {
        /// The name as written.
        name: Sym,
    },
    /// A schema that does not exist.
    #[error("schema \"{name}\" does not exist")]
    UndefinedSchema {
        /// The schema.
        name: Sym,
    },
    /// `%TYPE` of a relation that does not exist.
    #[error("relation \"{name}\" does not exist")]
    UndefinedRelation {
        /// The relation.
        name: Sym,
    },
    /// `%TYPE` of a column that does not exist.
    #[error("column \"{column}\" of relation \"{relation}\" does not exist")]
    UndefinedColumn {
        /// The column.
        column: Sym,
        /// Its relation.
        relation: Sym,
    },
    /// A name with more or fewer parts than a type's can have.
    #[error("improper qualified name (wrong number of dotted names): {name}")]
    ImproperName {
        /// The name as written.
        name: Sym,
    },
    /// A name in another database.
    #[error("cross-database references are not implemented: {name}")]
    OtherDatabase {
        /// The name as written.
        name: Sym,
    },
    /// A modifier on a type that takes none.
    #[error("type modifier is not allowed for type \"{name}\"")]
    ModifierNotAllowed {
        /// The type.
        name: Sym,
    },
    /// A modifier that is neither a constant nor a name.
    #[error("type modifiers must be simple constants or identifiers")]
    ModifierNotSimple,
    /// A modifier out of its range; the type's own words.
    #[error("{message}")]
    InvalidModifier {
        /// The words.
        message: String,
    },
    /// A modifier that should be a number.
    #[error("invalid input syntax for type integer: \"{word}\"")]
    ModifierNotInteger {
        /// What it is.
        word: Sym,
    },
    /// A modifier that is too large a number.
    #[error("value \"{word}\" is out of range for type integer")]
    ModifierOutOfRange {
        /// What it is.
        word: Sym,
    },
    /// A modifier that only the type's extension can read.
    #[error("modifiers of type \"{name}\" are not supported")]
    UnknownModifier {
        /// The type.
        name: Sym,
    },
}

impl TypeNameError {
    /// The server's code for it.
    #[must_use]
    pub const fn sqlstate(&self) -> &'static str {
        match self {
            TypeNameError::Undefined { .. } | TypeNameError::Shell { .. } => "42704",
            TypeNameError::UndefinedSchema { .. } => "3F000",
            TypeNameError::UndefinedRelation { .. } => "42P01",
            TypeNameError::UndefinedColumn { .. } => "42703",
            TypeNameError::ImproperName { .. }
            | TypeNameError::ModifierNotAllowed { .. }
            | TypeNameError::ModifierNotSimple => "42601",
            TypeNameError::OtherDatabase { .. } | TypeNameError::UnknownModifier { .. } => "0A000",
            TypeNameError::InvalidModifier { .. } => "22023",
            TypeNameError::ModifierNotInteger { .. } => "22P02",
            TypeNameError::ModifierOutOfRange { .. } => "22003",
        }
    }
}

impl Env {
    /// The type and modifier that a type name means; it must exist and be defined (`typenameTypeIdAndMod`).
    ///
    /// # Errors
    ///
    /// What the server would say.
    pub fn lookup_type_name(&self, path: &SearchPath, name: &TypeName) -> Result<(Oid, i32), TypeNameError> {
        match self.find_type_name(path, name)? {
            Some((oid, typmod)) if self.type_by_oid(oid).is_some_and(|row| row.defined) => Ok((oid, typmod)),
            Some(_) => Err(TypeNameError::Shell { name: written(name) }),
            None => Err(TypeNameError::Undefined { name: written(name) }),
        }
    }

    /// The type and modifier that a type name means, shells included; `None` when there is none
    /// (`LookupTypeName`).
    ///
    /// # Errors
    ///
    /// When the name is malformed, its schema is missing, or its modifiers do not suit the type.
    pub fn find_type_name(&self, path: &SearchPath, name: &TypeName) -> Result<Option<(Oid, i32)>, TypeNameError> {
        let oid = if name.names.is_empty() {
            Oid(name.type_oid).valid()
        } else if name.pct_type {
            Some(self.column_type(path, name)?)
        } else {
            let (schema, type_name) = self.split_type_name(name)?;
            let found = self.lookup_type(path, schema, type_name);
            match (found, name.array_bounds.is_empty()) {
                (Some(row), true) => Some(row.oid),
                (Some(row), false) => row.array.valid(),
                (None, _) => None,
            }
        };
        let Some(row) = oid.and_then(|oid| self.type_by_oid(oid)) else {
            return Ok(None);
        };
        if name.typmods.is_empty() {
            return Ok(Some((row.oid, name.typemod)));
        }
        if !row.defined {
            return Err(TypeNameError::Shell { name: written(name) });
        }
        let words: Vec<Sym> = name.typmods.iter().map(modifier_word).collect::<Result<_, _>>()?;
        let typmod = typmod::typmod_in(self.major(), row, &words).map_err(|error| match error {
            TypeNameError::ModifierNotAllowed { .. } => TypeNameError::ModifierNotAllowed { name: written(name) },
            other => other,
        })?;
        Ok(Some((row.oid, typmod)))
    }

    /// Splits a type's name into schema and name; the schema must exist (`DeconstructQualifiedName`,
    /// `LookupExplicitNamespace`).
    fn split_type_name<'a>(&self, name: &'a TypeName) -> Result<(Option<&'a str>, &'a str), TypeNameError> {
        match parts(name)?.as_slice() {
            [type_name] => Ok((None, type_name)),
            [schema, type_name] => {
                if !self.schema_exists(schema) {
                    return Err(TypeNameError::UndefinedSchema { name: Sym::from(*schema) });
                }
                Ok((Some(schema), type_name))
            }
            [database, schema, type_name] => {
                self.require_own_database(database, name)?;
                if !self.schema_exists(schema) {
                    return Err(TypeNameError::UndefinedSchema { name: Sym::from(*schema) });
                }
                Ok((Some(schema), type_name))
            }
            _ => Err(TypeNameError::ImproperName { name: written(name) }),
        }
    }

    fn require_own_database(&self, database: &str, name: &TypeName) -> Result<(), TypeNameError> {
        match self.surroundings().in_database(database) {
            InDatabase::Own => Ok(()),
            InDatabase::Other | InDatabase::Unknown => Err(TypeNameError::OtherDatabase { name: dotted(name) }),
        }
    }

    /// The type of the column that `relation.column%TYPE` names.
    fn column_type(&self, path: &SearchPath, name: &TypeName) -> Result<Oid, TypeNameError> {
        let (schema, relation, column) = match parts(name)?.as_slice() {
            [relation, column] => (None, *relation, *column),
            [schema, relation, column] => (Some(*schema), *relation, *column),
            [database, schema, relation, column] => {
                self.require_own_database(database, name)?;
                (Some(*schema), *relation, *column)
            }
            _ => return Err(TypeNameError::ImproperName { name: written(name) }),
        };
        if let Some(schema) = schema
            && !self.schema_exists(schema)
        {
            return Err(TypeNameError::UndefinedSchema { name: Sym::from(schema) });
        }
        let Some(row) = self.lookup_relation(path, schema, relation) else {
            let name = match schema {
                Some(schema) => Sym::from(format!("{schema}.{relation}")),
                None => Sym::from(relation),
            };
            return Err(TypeNameError::UndefinedRelation { name });
        };
        match row.column(column).map(|found| found.type_oid) {
            Some(oid) => Ok(oid),
            None => self
                .system_column(column)
                .map(|found| found.type_oid)
                .ok_or_else(|| TypeNameError::UndefinedColumn { column: column.into(), relation: relation.into() }),
        }
    }
}

/// The dotted parts of a type's name.
fn parts(name: &TypeName) -> Result<Vec<&str>, TypeNameError> {
    name.names
        .iter()
        .map(|node| match &node.node {
            Some(NodeEnum::String(part)) => Ok(part.sval.as_str()),
            _ => Err(TypeNameError::ImproperName { name: written(name) }),
        })
        .collect()
}

/// The parts of a type's name (`NameListToString`).
fn dotted(name: &TypeName) -> Sym {
    let mut text = String::new();
    for node in &name.names {
        if let Some(NodeEnum::String(part)) = &node.node {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&part.sval);
        }
    }
    Sym::from(text)
}

/// A type's name as the server repeats it in messages (`TypeNameToString`).
fn written(name: &TypeName) -> Sym {
    let mut text = String::from(dotted(name).as_str());
    if name.pct_type {
        text.push_str("%TYPE");
    }
    if !name.array_bounds.is_empty() {
        text.push_str("[]");
    }
    Sym::from(text)
}

/// One modifier as text.
fn modifier_word(node: &Node) -> Result<Sym, TypeNameError> {
    let word = match &node.node {
        Some(NodeEnum::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Ival(value)) => Some(Sym::from(value.ival.to_string())),
            Some(a_const::Val::Fval(value)) => Some(Sym::from(&value.fval)),
            Some(a_const::Val::Sval(value)) => Some(Sym::from(&value.sval)),
            _ => None,
        },
        Some(NodeEnum::ColumnRef(column)) => match column.fields.as_slice() {
            [one] => match &one.node {
                Some(NodeEnum::String(part)) => Some(Sym::from(&part.sval)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    word.ok_or(TypeNameError::ModifierNotSimple)
}
