//! What names resolve to besides facts: the members of installed extensions, and objects of kinds that are not modelled yet.
//!
//! Rows say what the compiler needs to resolve names and infer types, in names rather than OIDs. They are outside the
//! fingerprint: an extension's version stands for its members, and what is not modelled is not managed.

use serde::{Deserialize, Serialize};

use crate::id::{Name, QualifiedName, Routine};

/// Everything of a database that names can resolve to and that is no fact, each list sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Symbols {
    /// Base types, ranges, enums, domains, composites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<TypeSymbol>,
    /// Functions, procedures, aggregates, window functions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionSymbol>,
    /// Operators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<OperatorSymbol>,
    /// Casts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub casts: Vec<CastSymbol>,
    /// Operator classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opclasses: Vec<OpclassSymbol>,
    /// Collations beyond those that every database has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collations: Vec<CollationSymbol>,
    /// Views, materialized views, foreign tables, and tables of extensions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<RelationSymbol>,
    /// Index and table access methods of extensions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_methods: Vec<AccessMethodSymbol>,
    /// Languages beyond `internal`, `c`, `sql` and `plpgsql`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<LanguageSymbol>,
}

impl Symbols {
    /// Puts each list in its order.
    pub fn sort(&mut self) {
        self.types.sort_unstable_by(|a, z| a.name.cmp(&z.name));
        self.functions.sort_unstable_by(|a, z| a.name.cmp(&z.name));
        self.operators.sort_unstable_by(|a, z| {
            (&a.schema, &a.operator, &a.left, &a.right).cmp(&(&z.schema, &z.operator, &z.left, &z.right))
        });
        self.casts.sort_unstable_by(|a, z| (&a.source, &a.target).cmp(&(&z.source, &z.target)));
        self.opclasses.sort_unstable_by(|a, z| (&a.name, &a.method).cmp(&(&z.name, &z.method)));
        self.collations.sort_unstable_by(|a, z| a.name.cmp(&z.name));
        self.relations.sort_unstable_by(|a, z| a.name.cmp(&z.name));
        self.access_methods.sort_unstable_by(|a, z| a.name.cmp(&z.name));
        self.languages.sort_unstable_by(|a, z| a.name.cmp(&z.name));
    }

    /// Keeps the members of some extensions.
    pub fn keep_members(&mut self, of: impl Fn(&Name) -> bool) {
        macro_rules! keep {
            ($($list:ident),*) => {
                $(self.$list.retain(|symbol| symbol.extension.as_ref().is_some_and(&of));)*
            };
        }
        keep!(types, functions, operators, casts, opclasses, collations, relations, access_methods, languages);
    }

    /// Changes which extension each symbol belongs to.
    pub fn set_extension(&mut self, extension: Option<&Name>) {
        macro_rules! set {
            ($($list:ident),*) => {
                $(for symbol in &mut self.$list {
                    symbol.extension = extension.cloned();
                })*
            };
        }
        set!(types, functions, operators, casts, opclasses, collations, relations, access_methods, languages);
    }

    /// Adds the symbols of another list.
    pub fn append(&mut self, mut other: Symbols) {
        macro_rules! append {
            ($($list:ident),*) => {
                $(self.$list.append(&mut other.$list);)*
            };
        }
        append!(types, functions, operators, casts, opclasses, collations, relations, access_methods, languages);
        self.sort();
    }
}

/// How the schemas begin that stand for the homes of extensions.
pub(crate) const HOME: &str = "pgseal_home_";

/// What stands for the schema of an extension in lists of its members that come without a home: those of extensions that are not
/// installed. The compiler puts the real schema in its place.
#[must_use]
pub fn home_of(extension: &Name) -> String {
    const MAX_NAME_BYTES: usize = 63;
    let plain = extension.as_str().chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' });
    HOME.chars().chain(plain).take(MAX_NAME_BYTES).collect()
}

/// A type. Array types are not listed: `array` names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeSymbol {
    /// Its name.
    pub name: QualifiedName,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// `typtype`: `b`, `c`, `d`, `e`, `p`, `r`, `m`.
    pub kind: char,
    /// `typcategory`.
    pub category: char,
    /// `typispreferred`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preferred: bool,
    /// `typlen`.
    pub length: i16,
    /// `typbyval`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_value: bool,
    /// `typalign`.
    pub alignment: char,
    /// `typstorage`.
    pub storage: char,
    /// `typdelim`.
    pub delimiter: char,
    /// `typelem` of a type that can be subscripted and is no array type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// `typarray`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<QualifiedName>,
    /// `typcollation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// Whether it takes a modifier (`typmodin`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifier_in: Option<QualifiedName>,
    /// `typmodout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifier_out: Option<QualifiedName>,
    /// `typinput`, so that literals can be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<QualifiedName>,
    /// A domain's base type, with modifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Domain: NOT NULL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    /// A range's subtype, or a multirange's range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<String>,
    /// A range's multirange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multirange: Option<QualifiedName>,
    /// An enum's labels, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A composite type's attributes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<ColumnSymbol>,
}

/// A column of a relation or attribute of a composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSymbol {
    /// Its name.
    pub name: Name,
    /// Its type, with modifier.
    #[serde(rename = "type")]
    pub data_type: String,
    /// `attcollation`, where the type is collatable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// `attnotnull`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
}

/// A function, procedure, aggregate or window function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionSymbol {
    /// Name and input types (`proargtypes`).
    pub name: Routine,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// `prokind`: `f`, `p`, `a`, `w`.
    pub kind: char,
    /// `prorettype`.
    pub returns: String,
    /// `proretset`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returns_set: bool,
    /// `provolatile`: `i`, `s`, `v`.
    pub volatility: char,
    /// `proisstrict`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// `proallargtypes`, where there are other arguments than input ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_arguments: Vec<String>,
    /// `proargmodes`, pairwise with `all_arguments`: `i`, `o`, `b`, `v`, `t`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub argument_modes: String,
    /// `proargnames`; empty strings for those without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argument_names: Vec<String>,
    /// `pronargdefaults`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub defaults: u16,
    /// `provariadic`: the element type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variadic: Option<String>,
    /// An aggregate's `aggkind`: `n`, `o`, `h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate_kind: Option<char>,
    /// An aggregate's `aggnumdirectargs`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub direct_arguments: u16,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &u16) -> bool {
    *value == 0
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorSymbol {
    /// Its schema.
    pub schema: Name,
    /// Its characters.
    pub operator: String,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// Left operand; none for a prefix operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// Right operand.
    pub right: String,
    /// Result.
    pub result: String,
    /// The function behind it.
    pub function: Routine,
    /// The commutator's schema and characters (operands swapped).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commutator: Option<(Name, String)>,
    /// The negator's schema and characters (operands the same).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negator: Option<(Name, String)>,
    /// `oprcanmerge`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub merges: bool,
    /// `oprcanhash`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hashes: bool,
}

/// A cast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastSymbol {
    /// From.
    pub source: String,
    /// To.
    pub target: String,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// `castfunc`, for `castmethod` `f`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Routine>,
    /// `castcontext`: `i`, `a`, `e`.
    pub context: char,
    /// `castmethod`: `f`, `b`, `i`.
    pub method: char,
}

/// An operator class, with its family's operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpclassSymbol {
    /// Its name.
    pub name: QualifiedName,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// The access method.
    pub method: Name,
    /// The family.
    pub family: QualifiedName,
    /// `opcintype`.
    pub input: String,
    /// `opcdefault`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// `opckeytype`, where it differs from `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_type: Option<String>,
    /// The family's search operators on the input type: strategy, operator's schema, characters, left, right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<(u16, Name, String, String, String)>,
}

/// A collation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollationSymbol {
    /// Its name.
    pub name: QualifiedName,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// `collisdeterministic`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nondeterministic: bool,
}

/// A relation that is no fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationSymbol {
    /// Its name.
    pub name: QualifiedName,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// `relkind`: `r`, `p`, `v`, `m`, `f`, `S`, `i`.
    pub kind: char,
    /// In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnSymbol>,
}

/// An access method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessMethodSymbol {
    /// Its name.
    pub name: Name,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
    /// `amtype`: `i` or `t`.
    pub kind: char,
    /// `can_order`, of an index method.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_order: bool,
    /// `can_unique`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_unique: bool,
    /// `can_multi_col`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_multi_column: bool,
    /// `can_exclude`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_exclude: bool,
    /// `can_include`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_include: bool,
}

/// A language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageSymbol {
    /// Its name.
    pub name: Name,
    /// The extension that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Name>,
}
