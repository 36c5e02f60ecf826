//! Types that users define, with everything the server makes beside them: array types, the multirange of a range,
//! constructor functions and the cast from range to multirange.
//!
//! Follows `TypeCreate`, `makeArrayTypeName`, `moveArrayTypeName`, `RenameTypeInternal`, pg_type.c, and the
//! `Define…` functions of typecmds.c (PG 18). A type whose name is taken by an automatic array type pushes that one
//! aside; that the name is not taken by anything else is the caller's to check.

use super::object_name::{MAX_NAME_BYTES, clip_name, object_name};
use super::rows::{
    ArgMode, CastContext, CastMethod, CastRow, ProcArg, ProcKind, ProcRow, RangeLink, Subscript, TypeKind, TypeRow,
    Volatility,
};
use super::{Env, Oid, Sym};

/// What a user's type is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserType {
    /// An enum.
    Enum {
        /// Its values, in order.
        labels: Vec<Sym>,
    },
    /// The row type of a relation, or a stand-alone one.
    Composite {
        /// The relation.
        relation: Oid,
    },
    /// A domain.
    Domain {
        /// The type under it.
        base: Oid,
        /// That type's modifier.
        base_typmod: i32,
        /// Dimensions written after an array base type.
        dimensions: i16,
        /// Whether NULL is out.
        not_null: bool,
        /// Its collation: the base type's, or the one named.
        collation: Oid,
    },
    /// A range.
    Range {
        /// The type of its bounds.
        subtype: Oid,
        /// The collation of its bounds.
        collation: Oid,
        /// The operator class that orders them.
        opclass: Oid,
        /// The name of its multirange in the same schema; made up when not given.
        multirange: Option<Sym>,
    },
    /// A name without a definition yet.
    Shell,
}

impl Env {
    /// The type of that name in that very schema.
    #[must_use]
    pub fn type_in(&self, schema: &str, name: &str) -> Option<&TypeRow> {
        self.types_named(name).find(|row| row.schema == *schema)
    }

    /// Defines a type with its array type, and for a range its multirange, constructors and cast. Returns the type.
    pub fn define_type(&mut self, schema: impl Into<Sym>, name: impl Into<Sym>, what: UserType) -> Oid {
        let (schema, name) = (schema.into(), name.into());
        match what {
            UserType::Shell => {
                let row = TypeRow { defined: false, category: 'P', ..plain(&schema, &name, TypeKind::Pseudo, 'P') };
                self.put_new_type(row)
            }
            UserType::Enum { labels } => {
                let mut row = plain(&schema, &name, TypeKind::Enum, 'E');
                (row.length, row.by_value, row.storage, row.labels) = (4, true, 'p', labels);
                self.put_with_array(row)
            }
            UserType::Composite { relation } => {
                let mut row = plain(&schema, &name, TypeKind::Composite, 'C');
                (row.alignment, row.relation) = ('d', relation);
                self.put_with_array(row)
            }
            UserType::Domain { base, base_typmod, dimensions, not_null, collation } => {
                let mut row = plain(&schema, &name, TypeKind::Domain, 'U');
                if let Some(under) = self.type_by_oid(base) {
                    (row.length, row.by_value, row.alignment) = (under.length, under.by_value, under.alignment);
                    (row.storage, row.category, row.delimiter) = (under.storage, under.category, under.delimiter);
                }
                (row.base, row.base_typmod, row.dimensions) = (base, base_typmod, dimensions);
                (row.not_null, row.collation) = (not_null, collation);
                self.put_with_array(row)
            }
            UserType::Range { subtype, collation, opclass, multirange } => {
                let multirange_name = multirange.unwrap_or_else(|| multirange_name(&name));
                self.define_range(&schema, &name, multirange_name, subtype, collation, opclass)
            }
        }
    }

    fn define_range(
        &mut self,
        schema: &Sym,
        name: &Sym,
        multirange_name: Sym,
        subtype: Oid,
        collation: Oid,
        opclass: Oid,
    ) -> Oid {
        let (range, multirange) = (self.allocate_oid(), self.allocate_oid());
        let link = Some(RangeLink { range, subtype, multirange, collation, opclass });
        let alignment = self.type_by_oid(subtype).map_or('i', |row| if row.alignment == 'd' { 'd' } else { 'i' });
        for (oid, name, kind) in
            [(range, name.clone(), TypeKind::Range), (multirange, multirange_name.clone(), TypeKind::Multirange)]
        {
            let row = plain(schema, &name, kind, 'R');
            self.put_with_array(TypeRow { oid, alignment, range: link, ..row });
        }
        let range_array = self.array_type_of(range).unwrap_or_default();
        self.define_constructor(schema, name, vec![subtype, subtype], range, None);
        self.define_constructor(schema, name, vec![subtype, subtype, Oid::TEXT], range, None);
        self.define_constructor(schema, &multirange_name, Vec::new(), multirange, None);
        let func = self.define_constructor(schema, &multirange_name, vec![range], multirange, None);
        self.define_constructor(schema, &multirange_name, vec![range_array], multirange, Some(range));
        self.put_cast(CastRow {
            oid: Oid::INVALID,
            source: range,
            target: multirange,
            func,
            context: CastContext::Explicit,
            method: CastMethod::Function,
            extension: None,
        });
        range
    }

    /// Adds a constructor function, unless the very same signature is there already.
    fn define_constructor(
        &mut self,
        schema: &Sym,
        name: &Sym,
        args: Vec<Oid>,
        result: Oid,
        variadic: Option<Oid>,
    ) -> Oid {
        let known = self.procs_named(name).find(|row| row.schema == *schema && row.args == args);
        if let Some(known) = known {
            return known.oid;
        }
        let of_range = self.type_by_oid(result).is_some_and(|row| row.kind == TypeKind::Range);
        let parameters = match (variadic, args.as_slice()) {
            (Some(_), [array]) => {
                vec![ProcArg { type_oid: *array, mode: ArgMode::Variadic, name: Sym::Static("") }]
            }
            _ => Vec::new(),
        };
        self.put_proc(ProcRow {
            oid: Oid::INVALID,
            schema: schema.clone(),
            name: name.clone(),
            kind: ProcKind::Function,
            args,
            parameters,
            default_count: 0,
            variadic: variadic.unwrap_or_default(),
            result,
            returns_set: false,
            volatility: Volatility::Immutable,
            strict: !of_range,
            leakproof: false,
            language: Oid::INTERNAL_LANGUAGE,
            aggregate: None,
            extension: None,
        })
    }

    /// Adds a type with its array type, the type's identifier before the array's.
    fn put_with_array(&mut self, mut row: TypeRow) -> Oid {
        if !row.oid.is_valid() {
            row.oid = self.allocate_oid();
        }
        row.array = self.allocate_oid();
        let (oid, array, schema, name) = (row.oid, row.array, row.schema.clone(), row.name.clone());
        let array_row = TypeRow {
            oid: array,
            element: oid,
            subscript: Subscript::Array,
            alignment: if row.alignment == 'd' { 'd' } else { 'i' },
            collation: row.collation,
            delimiter: row.delimiter,
            extension: row.extension.clone(),
            ..plain(&schema, &name, TypeKind::Base, 'A')
        };
        self.put_new_type(row);
        let name = self.array_type_name(&schema, &name, array);
        self.put_type(TypeRow { name, ..array_row });
        oid
    }

    /// Adds a type after pushing aside an automatic array type of its name.
    fn put_new_type(&mut self, row: TypeRow) -> Oid {
        self.push_array_aside(&row.schema, &row.name);
        self.put_type(row)
    }

    /// Renames the automatic array type that has a name somebody else is about to take.
    pub fn push_array_aside(&mut self, schema: &str, name: &str) {
        let Some(taken) = self.type_in(schema, name).filter(|row| self.is_automatic_array(row)) else {
            return;
        };
        let mut row = taken.clone();
        row.name = self.array_type_name(schema, name, Oid::INVALID);
        self.put_type(row);
    }

    /// Whether a type is the array type that came with its element type.
    #[must_use]
    pub fn is_automatic_array(&self, row: &TypeRow) -> bool {
        row.is_true_array() && self.array_type_of(row.element) == Some(row.oid)
    }

    /// The name that the array type over a type of this name gets (`makeArrayTypeName`); `own` is the array type
    /// itself, where it is there already.
    #[must_use]
    pub fn array_type_name(&self, schema: &str, name: &str, own: Oid) -> Sym {
        let mut candidate = object_name("", Some(name), None);
        let mut pass = 0u32;
        while self.type_in(schema, &candidate).is_some_and(|row| row.oid != own) {
            pass += 1;
            candidate = object_name("", Some(name), Some(&pass.to_string()));
        }
        Sym::from(candidate)
    }

    /// Gives a user's type another name; its array type follows. A multirange keeps its name.
    pub fn rename_type(&mut self, oid: Oid, name: impl Into<Sym>) {
        let name = name.into();
        let Some(mut row) = self.type_by_oid(oid).cloned() else {
            return;
        };
        let taken = self.type_in(&row.schema, &name).map(|taken| taken.oid);
        self.push_array_aside(&row.schema, &name);
        let (schema, array) = (row.schema.clone(), row.array);
        row.name = name.clone();
        self.put_type(row);
        if array.is_valid() && taken != Some(array) {
            let array_name = self.array_type_name(&schema, &name, Oid::INVALID);
            self.rename_type(array, array_name);
        }
    }

    /// Moves a user's type to another schema; its array type follows. A multirange stays.
    pub fn move_type(&mut self, oid: Oid, schema: impl Into<Sym>) {
        let schema = schema.into();
        for oid in [Some(oid), self.array_type_of(oid)].into_iter().flatten() {
            if let Some(mut row) = self.type_by_oid(oid).cloned() {
                row.schema = schema.clone();
                self.put_type(row);
            }
        }
    }

    /// Forgets a user's type with its array type; with a range go its multirange, its constructors and its cast.
    pub fn drop_type(&mut self, oid: Oid) {
        let Some(row) = self.type_by_oid(oid).cloned() else {
            return;
        };
        if let (TypeKind::Range, Some(link)) = (row.kind, row.range) {
            self.remove_cast(link.range, link.multirange);
            for result in [link.range, link.multirange] {
                let Some(name) = self.type_by_oid(result).map(|row| row.name.clone()) else {
                    continue;
                };
                let own = |proc: &&ProcRow| proc.result == result && proc.language == Oid::INTERNAL_LANGUAGE;
                let constructors: Vec<Oid> = self.procs_named(&name).filter(own).map(|proc| proc.oid).collect();
                for proc in constructors {
                    self.remove_proc(proc);
                }
            }
            self.drop_type(link.multirange);
        }
        self.remove_type(row.array);
        self.remove_type(oid);
    }
}

/// The name of a range's multirange when none is given (`makeMultirangeTypeName`).
fn multirange_name(range: &str) -> Sym {
    let name = match range.find("range").and_then(|at| range.split_at_checked(at)) {
        Some((prefix, rest)) => format!("{prefix}multi{rest}"),
        None => format!("{}_multirange", clip_name(range, MAX_NAME_BYTES + 1 - 12)),
    };
    Sym::from(clip_name(&name, MAX_NAME_BYTES))
}

/// A varlena type of a kind and category, everything else at its default.
pub(super) fn plain(schema: &Sym, name: &Sym, kind: TypeKind, category: char) -> TypeRow {
    TypeRow {
        oid: Oid::INVALID,
        schema: schema.clone(),
        name: name.clone(),
        kind,
        defined: true,
        category,
        preferred: false,
        delimiter: ',',
        relation: Oid::INVALID,
        element: Oid::INVALID,
        array: Oid::INVALID,
        subscript: Subscript::None,
        base: Oid::INVALID,
        base_typmod: -1,
        not_null: false,
        dimensions: 0,
        collation: Oid::INVALID,
        typmod_in: None,
        typmod_out: None,
        length: -1,
        by_value: false,
        alignment: 'i',
        storage: 'x',
        range: None,
        labels: Vec::new(),
        extension: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::env::{FuncLookup, Major, SearchPath};

    fn mood() -> UserType {
        UserType::Enum { labels: vec!["ok".into()] }
    }

    #[test]
    fn arrays_come_and_go_with_their_types() {
        let mut env = Env::for_major(Major::V17);
        let oid = env.define_type("public", "mood", mood());
        let array = env.array_type_of(oid).unwrap();
        assert_eq!(env.format_type(array, -1), "public.mood[]");
        assert_eq!(env.type_by_oid(array).unwrap().name, "_mood");
        env.rename_type(oid, "temper");
        assert_eq!(env.type_by_oid(array).unwrap().name, "_temper");
        env.move_type(oid, "app");
        assert_eq!(env.parse_format_type("app.temper[]"), Ok((array, -1)));
        let before = env.clone();
        env.drop_type(oid);
        assert!(env.type_by_oid(array).is_none() && env.types_named("_temper").next().is_none());
        assert!(before.type_by_oid(array).is_some());
    }

    #[test]
    fn array_types_make_way() {
        let mut env = Env::for_major(Major::V17);
        let mood_oid = env.define_type("public", "mood", mood());
        env.define_type("public", "_mood", mood());
        assert_eq!(env.type_by_oid(env.array_type_of(mood_oid).unwrap()).unwrap().name, "__mood");
        assert_eq!(env.type_in("public", "__mood_1").unwrap().element, env.type_in("public", "_mood").unwrap().oid);
        let foo = env.define_type("public", "foo", mood());
        env.rename_type(foo, "_foo");
        assert_eq!(env.type_by_oid(env.array_type_of(foo).unwrap()).unwrap().name, "__foo");
    }

    #[test]
    fn ranges_bring_multiranges_and_constructors() {
        let mut env = Env::for_major(Major::V17);
        let what = UserType::Range {
            subtype: Oid::FLOAT8,
            collation: Oid::INVALID,
            opclass: env.default_opclass(Oid::FLOAT8, Oid::BTREE_AM).unwrap(),
            multirange: None,
        };
        let range = env.define_type("public", "floatrange", what);
        let multirange = env.range(range).unwrap().multirange;
        assert_eq!(env.format_type(multirange, -1), "public.floatmultirange");
        assert!(env.cast(range, multirange).is_some());
        let path = SearchPath::default();
        let lookup = FuncLookup {
            schema: None,
            name: "floatmultirange",
            arg_count: Some(3),
            arg_names: &[],
            expand_variadic: true,
            expand_defaults: true,
            include_out_args: false,
        };
        let found = env.func_candidates(&path, &lookup);
        assert_eq!(found.iter().map(|c| c.args.clone()).collect::<Vec<_>>(), [vec![range; 3]]);
        env.drop_type(range);
        assert!(env.procs_named("floatrange").next().is_none() && env.types().all(|row| row.oid < Oid::FIRST_USER));
        assert_eq!(multirange_name("period"), "period_multirange");
    }
}
