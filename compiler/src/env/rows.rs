//! The rows of an environment: what name resolution and type inference need to know of each object.
//!
//! Built-in and user objects have the same rows. Fields are named for what they mean, with the catalog's
//! column in the doc where the name differs.

use super::{Oid, Sym};

/// What sort of type a type is (`typtype`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeKind {
    /// A base type, arrays included.
    Base,
    /// A relation's or a stand-alone row type.
    Composite,
    /// A domain.
    Domain,
    /// An enum.
    Enum,
    /// A pseudo-type.
    Pseudo,
    /// A range.
    Range,
    /// A multirange.
    Multirange,
}

/// How values of a type are subscripted (`typsubscript`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subscript {
    /// Not at all.
    None,
    /// A true array.
    Array,
    /// A fixed-length type that looks like an array (`name`, `point`, `oidvector` is a true array).
    RawArray,
    /// `jsonb`.
    Jsonb,
    /// An extension's own way.
    Other,
}

/// What ties a range type to its element type and its multirange (`pg_range`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RangeLink {
    /// The range type.
    pub range: Oid,
    /// The type of its bounds.
    pub subtype: Oid,
    /// The multirange over it.
    pub multirange: Oid,
    /// The collation of the bounds.
    pub collation: Oid,
    /// The operator class that orders the bounds.
    pub opclass: Oid,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// What sort it is.
    pub kind: TypeKind,
    /// False for a shell.
    pub defined: bool,
    /// `typcategory`.
    pub category: char,
    /// `typispreferred`.
    pub preferred: bool,
    /// `typdelim`.
    pub delimiter: char,
    /// The relation of a composite type.
    pub relation: Oid,
    /// `typelem`: what subscripting gives.
    pub element: Oid,
    /// `typarray`: the array over it.
    pub array: Oid,
    /// How it is subscripted.
    pub subscript: Subscript,
    /// The type under a domain.
    pub base: Oid,
    /// The modifier under a domain, -1 for none.
    pub base_typmod: i32,
    /// Whether a domain is `NOT NULL`.
    pub not_null: bool,
    /// Dimensions of a domain over an array, else 0.
    pub dimensions: i16,
    /// `typcollation`: invalid when not collatable.
    pub collation: Oid,
    /// The name of the function that reads its modifiers.
    pub typmod_in: Option<Sym>,
    /// The name of the function that prints its modifier.
    pub typmod_out: Option<Sym>,
    /// `typlen`: bytes, -1 for varlena, -2 for cstring.
    pub length: i16,
    /// `typbyval`.
    pub by_value: bool,
    /// `typalign`: `c`, `s`, `i` or `d`.
    pub alignment: char,
    /// `typstorage`: `p`, `e`, `x` or `m`.
    pub storage: char,
    /// For a range or a multirange, the whole of its `pg_range` row.
    pub range: Option<RangeLink>,
    /// The values of an enum, in order.
    pub labels: Vec<Sym>,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

impl TypeRow {
    /// Whether it is a true array, as `IsTrueArrayType` says.
    #[must_use]
    pub fn is_true_array(&self) -> bool {
        self.element.is_valid() && self.subscript == Subscript::Array
    }
}

/// What sort of routine a routine is (`prokind`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProcKind {
    /// A function.
    Function,
    /// A procedure.
    Procedure,
    /// An aggregate.
    Aggregate,
    /// A window function.
    Window,
}

/// How an argument is passed (`proargmodes`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgMode {
    /// `IN`.
    In,
    /// `OUT`.
    Out,
    /// `INOUT`.
    InOut,
    /// `VARIADIC`.
    Variadic,
    /// A column of `RETURNS TABLE`.
    Table,
}

impl ArgMode {
    /// Whether a caller passes it.
    #[must_use]
    pub const fn is_input(self) -> bool {
        matches!(self, ArgMode::In | ArgMode::InOut | ArgMode::Variadic)
    }
}

/// One parameter of a routine, in declaration order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProcArg {
    /// Its type.
    pub type_oid: Oid,
    /// How it is passed.
    pub mode: ArgMode,
    /// Its name; empty for none.
    pub name: Sym,
}

/// Whether a routine's result can change (`provolatile`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Volatility {
    /// Never.
    Immutable,
    /// Not within a statement.
    Stable,
    /// Any time.
    Volatile,
}

/// What sort of aggregate an aggregate is (`aggkind`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AggregateKind {
    /// Plain.
    Normal,
    /// `WITHIN GROUP`.
    OrderedSet,
    /// `WITHIN GROUP`, hypothetical.
    Hypothetical,
}

/// What only aggregates have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AggregateRow {
    /// What sort it is.
    pub kind: AggregateKind,
    /// `aggnumdirectargs`.
    pub direct_args: i16,
}

/// A function, procedure, aggregate or window function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProcRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// What sort it is.
    pub kind: ProcKind,
    /// `proargtypes`: the types of what a caller passes.
    pub args: Vec<Oid>,
    /// Every parameter with mode and name; empty when all are unnamed `IN` ones (then see `args`).
    pub parameters: Vec<ProcArg>,
    /// How many of the last input arguments have defaults.
    pub default_count: u16,
    /// `provariadic`: the element type of the variadic argument, `any` itself, or invalid.
    pub variadic: Oid,
    /// The result's type.
    pub result: Oid,
    /// `proretset`.
    pub returns_set: bool,
    /// `provolatile`.
    pub volatility: Volatility,
    /// `proisstrict`.
    pub strict: bool,
    /// `proleakproof`.
    pub leakproof: bool,
    /// Its language.
    pub language: Oid,
    /// For an aggregate, what only those have.
    pub aggregate: Option<AggregateRow>,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// An operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperatorRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// The left operand's type, invalid for a prefix operator.
    pub left: Oid,
    /// The right operand's type.
    pub right: Oid,
    /// The result's type, invalid for a shell.
    pub result: Oid,
    /// The function behind it.
    pub proc: Oid,
    /// Its commutator.
    pub commutator: Oid,
    /// Its negator.
    pub negator: Oid,
    /// `oprcanmerge`.
    pub can_merge: bool,
    /// `oprcanhash`.
    pub can_hash: bool,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// When a cast may be applied (`castcontext`), weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CastContext {
    /// Anywhere.
    Implicit,
    /// On assignment.
    Assignment,
    /// Only when written.
    Explicit,
}

/// How a cast is carried out (`castmethod`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CastMethod {
    /// By a function.
    Function,
    /// By nothing: the bytes are the same.
    Binary,
    /// By the types' text.
    InOut,
}

/// A cast.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CastRow {
    /// Its identifier.
    pub oid: Oid,
    /// From this type.
    pub source: Oid,
    /// To this type.
    pub target: Oid,
    /// By this function.
    pub func: Oid,
    /// When.
    pub context: CastContext,
    /// How.
    pub method: CastMethod,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// A collation. Those that `initdb` imports from the operating system are not built in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollationRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// `collprovider`: `d`, `b`, `c` or `i`.
    pub provider: char,
    /// `collisdeterministic`.
    pub deterministic: bool,
    /// `collencoding`, -1 for any.
    pub encoding: i32,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// An access method with what it can do (`pg_indexam_has_property`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessMethodRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its name.
    pub name: Sym,
    /// Whether it is for indexes (else for tables).
    pub is_index: bool,
    /// `can_order`: `ASC`, `DESC`, `NULLS FIRST` and `LAST` allowed.
    pub can_order: bool,
    /// `can_unique`.
    pub can_unique: bool,
    /// `can_multi_col`.
    pub can_multi_column: bool,
    /// `can_exclude`.
    pub can_exclude: bool,
    /// `can_include`.
    pub can_include: bool,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// An operator class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpclassRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its access method.
    pub method: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// Its family.
    pub family: Oid,
    /// The type it indexes.
    pub input: Oid,
    /// What is stored, when that is another type.
    pub key: Oid,
    /// Whether it is the type's default one.
    pub default: bool,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// One operator of an operator family (`pg_amop`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FamilyOperator {
    /// `amoplefttype`.
    pub left: Oid,
    /// `amoprighttype`.
    pub right: Oid,
    /// `amopstrategy`.
    pub strategy: i16,
    /// Whether it is an ordering operator (else a search operator).
    pub ordering: bool,
    /// The operator.
    pub operator: Oid,
    /// The family that an ordering operator sorts by.
    pub sort_family: Oid,
}

/// One support function of an operator family (`pg_amproc`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FamilyProc {
    /// `amproclefttype`.
    pub left: Oid,
    /// `amprocrighttype`.
    pub right: Oid,
    /// `amprocnum`.
    pub number: i16,
    /// The function.
    pub proc: Oid,
}

/// An operator family with its members.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpfamilyRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its access method.
    pub method: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// Its operators.
    pub operators: Vec<FamilyOperator>,
    /// Its support functions.
    pub procs: Vec<FamilyProc>,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// What sort of relation a relation is (`relkind`), those only that have a row type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelationKind {
    /// A table.
    Table,
    /// A partitioned table.
    PartitionedTable,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    ForeignTable,
    /// A stand-alone composite type.
    CompositeType,
    /// A sequence.
    Sequence,
    /// An index (no row type; only its name matters here).
    Index,
    /// A partitioned index.
    PartitionedIndex,
}

/// A column of a relation. Dropped columns are not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnRow {
    /// Its name.
    pub name: Sym,
    /// `attnum`: 1 and up; negative for system columns. Stays as it is when other columns are dropped.
    pub number: i16,
    /// Its type.
    pub type_oid: Oid,
    /// Its type modifier, -1 for none.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
    /// Whether it is `NOT NULL`.
    pub not_null: bool,
    /// Whether it is generated, stored or virtual.
    pub generated: bool,
}

/// A relation with its columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelationRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its schema.
    pub schema: Sym,
    /// Its name.
    pub name: Sym,
    /// What sort it is.
    pub kind: RelationKind,
    /// Its row type, invalid where it has none.
    pub row_type: Oid,
    /// Its columns, by number.
    pub columns: Vec<ColumnRow>,
    /// The tables it inherits from directly, partitioning included.
    pub parents: Vec<Oid>,
    /// The composite type that it is a table `OF`, else invalid.
    pub of_type: Oid,
    /// Its primary key, when that is not deferrable.
    pub primary_key: Option<PrimaryKey>,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}

/// A primary key, as far as `GROUP BY` needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrimaryKey {
    /// The constraint's name.
    pub name: Sym,
    /// The numbers of its columns.
    pub columns: Vec<i16>,
}

impl RelationRow {
    /// The columns that every relation of a kind has: a sequence shows where it stands.
    #[must_use]
    pub fn columns_of_kind(kind: RelationKind) -> Vec<ColumnRow> {
        if kind != RelationKind::Sequence {
            return Vec::new();
        }
        let columns = [("last_value", Oid::INT8), ("log_cnt", Oid::INT8), ("is_called", Oid::BOOL)];
        let column = |((name, type_oid), number)| ColumnRow {
            name: Sym::Static(name),
            number,
            type_oid,
            typmod: -1,
            collation: Oid::INVALID,
            not_null: true,
            generated: false,
        };
        columns.into_iter().zip(1_i16..).map(column).collect()
    }

    /// The user column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnRow> {
        self.columns.iter().find(|c| c.name.as_str() == name)
    }

    /// The user column of that number.
    #[must_use]
    pub fn column_by_number(&self, number: i16) -> Option<&ColumnRow> {
        self.columns.iter().find(|c| c.number == number)
    }
}

/// A procedural language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LanguageRow {
    /// Its identifier.
    pub oid: Oid,
    /// Its name.
    pub name: Sym,
    /// `lanpltrusted`.
    pub trusted: bool,
    /// The extension it belongs to.
    pub extension: Option<Sym>,
}
