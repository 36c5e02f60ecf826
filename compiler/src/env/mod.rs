//! The name-resolution environment: what Postgres knows of types, routines, operators, casts, collations,
//! operator classes and relations while it reads a statement.
//!
//! An [`Env`] is the built-in objects of one server major (tables generated from real servers, parsed once
//! per process and only when asked for) under a layer of user objects. It owns lookups by name with a search
//! path (`namespace.c`), by identifier (`lsyscache.c`), type names (`parse_type.c`) and their printed form
//! (`format_type.c`), and the quoting of identifiers. It holds no facts: the model keeps both in step.
//!
//! Cloning is one reference count; the user layer is copied on the first change after that.

mod builtins;
mod candidates;
mod format_type;
mod keywords;
mod lsyscache;
mod meant;
mod names;
mod object_name;
mod oid;
mod path;
mod rows;
mod surroundings;
mod sym;
mod symbols;
mod table;
mod type_name;
mod type_text;
mod typmod;
mod user_types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use candidates::{FuncCandidate, FuncLookup, OperCandidate};
pub use keywords::{Keyword, KeywordCategory};
pub use object_name::{MAX_NAME_BYTES, clip_name, object_name};
pub use oid::{Major, Oid};
pub use path::{PG_CATALOG, SearchPath};
pub use rows::{
    AccessMethodRow, AggregateKind, AggregateRow, ArgMode, CastContext, CastMethod, CastRow, CollationRow, ColumnRow,
    FamilyOperator, FamilyProc, LanguageRow, OpclassRow, OperatorRow, OpfamilyRow, PrimaryKey, ProcArg, ProcKind,
    ProcRow, RangeLink, RelationKind, RelationRow, Subscript, TypeKind, TypeRow, Volatility,
};
pub use surroundings::{InDatabase, Surroundings};
pub use sym::Sym;
pub use symbols::{SymbolError, SymbolRow, SymbolRows};
pub use type_name::TypeNameError;
pub use type_text::TypeTextError;
pub use user_types::multirange_type_name;

use builtins::Builtins;
use table::UserTable;

/// The objects that names can mean.
#[derive(Clone, Debug)]
pub struct Env {
    major: Major,
    builtins: &'static Builtins,
    surroundings: Arc<Surroundings>,
    user: Arc<UserObjects>,
}

/// The layer of user objects.
#[derive(Clone, Debug, Default)]
struct UserObjects {
    last_oid: u32,
    schemas: BTreeSet<Sym>,
    types: UserTable<TypeRow>,
    procs: UserTable<ProcRow>,
    operators: UserTable<OperatorRow>,
    collations: UserTable<CollationRow>,
    opclasses: UserTable<OpclassRow>,
    opfamilies: UserTable<OpfamilyRow>,
    access_methods: UserTable<AccessMethodRow>,
    relations: UserTable<RelationRow>,
    languages: UserTable<LanguageRow>,
    casts: BTreeMap<(Oid, Oid), Arc<CastRow>>,
}

impl Env {
    /// An environment with nothing but what every database of that major has, schema `public` included.
    #[must_use]
    pub fn for_major(major: Major) -> Self {
        let mut user = UserObjects { last_oid: Oid::FIRST_USER.0 - 1, ..UserObjects::default() };
        user.schemas.insert(Sym::Static("public"));
        Self { major, builtins: Builtins::of(major), surroundings: Arc::default(), user: Arc::new(user) }
    }

    /// The same in a database of which more is known.
    #[must_use]
    pub fn within(mut self, surroundings: Surroundings) -> Self {
        self.surroundings = Arc::new(surroundings);
        self
    }

    /// What is known of the database itself.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The server major that this stands for.
    #[must_use]
    pub fn major(&self) -> Major {
        self.major
    }

    /// A fresh identifier for a user object; the same calls give the same identifiers.
    pub fn allocate_oid(&mut self) -> Oid {
        let user = Arc::make_mut(&mut self.user);
        user.last_oid = user.last_oid.saturating_add(1);
        Oid(user.last_oid)
    }

    /// Whether a schema of that name exists.
    #[must_use]
    pub fn schema_exists(&self, name: &str) -> bool {
        matches!(name, "pg_catalog" | "information_schema" | "pg_toast") || self.user.schemas.contains(name)
    }

    /// Makes a schema known.
    pub fn add_schema(&mut self, name: impl Into<Sym>) {
        Arc::make_mut(&mut self.user).schemas.insert(name.into());
    }

    /// Gives a schema another name, with all that is in it.
    pub fn rename_schema(&mut self, from: &str, to: &Sym) {
        let user = Arc::make_mut(&mut self.user);
        if user.schemas.remove(from) {
            user.schemas.insert(to.clone());
        }
        macro_rules! moved {
            ($($table:ident),*) => {
                $(user.$table.edit_all(|row| row.schema == *from, |row| row.schema = to.clone());)*
            };
        }
        moved!(types, procs, operators, collations, opclasses, opfamilies, relations);
    }

    /// Forgets a schema (not what is in it); says whether it was there.
    pub fn remove_schema(&mut self, name: &str) -> bool {
        Arc::make_mut(&mut self.user).schemas.remove(name)
    }
}

macro_rules! catalog {
    ($($(#[$doc:meta])* $what:literal, $row:ident, $table:ident, $by_oid:ident, $named:ident, $all:ident, $put:ident, $remove:ident;)*) => {
        impl Env {
            $(
                #[doc = concat!("The ", $what, " with that identifier.")]
                #[must_use]
                pub fn $by_oid(&self, oid: Oid) -> Option<&$row> {
                    if oid >= Oid::FIRST_USER { self.user.$table.by_oid(oid) } else { self.builtins.$table().by_oid(oid) }
                }

                #[doc = concat!("Every ", $what, " of that name in any schema, built-in ones first.")]
                pub fn $named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a $row> + use<'a> {
                    self.builtins.$table().named(name).iter().chain(self.user.$table.named(name))
                }

                #[doc = concat!("Every ", $what, ", built-in ones first by name, then user ones by identifier.")]
                pub fn $all(&self) -> impl Iterator<Item = &$row> {
                    self.builtins.$table().iter().chain(self.user.$table.iter())
                }

                #[doc = concat!("Adds a ", $what, ", or replaces the one with the same identifier. An invalid identifier is filled in. Returns the identifier.")]
                pub fn $put(&mut self, mut row: $row) -> Oid {
                    if !row.oid.is_valid() {
                        row.oid = self.allocate_oid();
                    }
                    let oid = row.oid;
                    Arc::make_mut(&mut self.user).$table.put(row);
                    oid
                }

                #[doc = concat!("Removes a user's ", $what, "; nothing when there is none. Built-in ones stay.")]
                pub fn $remove(&mut self, oid: Oid) -> Option<Arc<$row>> {
                    Arc::make_mut(&mut self.user).$table.remove(oid)
                }
            )*
        }
    };
}

catalog! {
    "type", TypeRow, types, type_by_oid, types_named, types, put_type, remove_type;
    "routine", ProcRow, procs, proc_by_oid, procs_named, procs, put_proc, remove_proc;
    "operator", OperatorRow, operators, operator_by_oid, operators_named, operators, put_operator, remove_operator;
    "collation", CollationRow, collations, collation_by_oid, collations_named, collations, put_collation, remove_collation;
    "operator class", OpclassRow, opclasses, opclass_by_oid, opclasses_named, opclasses, put_opclass, remove_opclass;
    "operator family", OpfamilyRow, opfamilies, opfamily_by_oid, opfamilies_named, opfamilies, put_opfamily, remove_opfamily;
    "access method", AccessMethodRow, access_methods, access_method_by_oid, access_methods_named, access_methods, put_access_method, remove_access_method;
    "relation", RelationRow, relations, relation_by_oid, relations_named, relations, put_relation, remove_relation;
    "language", LanguageRow, languages, language_by_oid, languages_named, languages, put_language, remove_language;
}

impl Env {
    /// Changes what is known of a user's relation; its identifier and its name must stay.
    pub fn edit_relation(&mut self, oid: Oid, edit: impl FnOnce(&mut RelationRow)) {
        Arc::make_mut(&mut self.user).relations.edit(oid, edit);
    }

    /// Changes what is known of a user's type; its identifier and its name must stay.
    pub fn edit_type(&mut self, oid: Oid, edit: impl FnOnce(&mut TypeRow)) {
        Arc::make_mut(&mut self.user).types.edit(oid, edit);
    }

    /// The cast between exactly these two types.
    #[must_use]
    pub fn cast(&self, source: Oid, target: Oid) -> Option<&CastRow> {
        match self.builtins.cast(source, target) {
            Some(row) => Some(row),
            None => self.user.casts.get(&(source, target)).map(Arc::as_ref),
        }
    }

    /// Every cast, built-in ones first, by source and target.
    pub fn casts(&self) -> impl Iterator<Item = &CastRow> {
        self.builtins.casts().iter().chain(self.user.casts.values().map(Arc::as_ref))
    }

    /// Adds a cast, or replaces the one between the same types. Returns its identifier.
    pub fn put_cast(&mut self, mut row: CastRow) -> Oid {
        if !row.oid.is_valid() {
            row.oid = self.allocate_oid();
        }
        let oid = row.oid;
        Arc::make_mut(&mut self.user).casts.insert((row.source, row.target), Arc::new(row));
        oid
    }

    /// Removes a user's cast; built-in ones stay.
    pub fn remove_cast(&mut self, source: Oid, target: Oid) -> Option<Arc<CastRow>> {
        Arc::make_mut(&mut self.user).casts.remove(&(source, target))
    }
}
