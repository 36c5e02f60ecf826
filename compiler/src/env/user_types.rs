//! Types that users define: the prototype of a row, and the array type that comes with every type.
//!
//! Follows `makeArrayTypeName`, `moveArrayTypeName` and `makeMultirangeTypeName`, pg_type.c (PG 18). A type whose
//! name is taken by an automatic array type pushes that one aside; that the name is not taken by anything else is
//! the caller's to check.

use super::object_name::{MAX_NAME_BYTES, clip_name, object_name};
use super::rows::{Subscript, TypeKind, TypeRow};
use super::{Env, Oid, Sym};

impl TypeRow {
    /// A user's type of a kind as the server makes it when nothing more is said. A domain still needs the storage
    /// of its base type.
    #[must_use]
    pub fn user(schema: impl Into<Sym>, name: impl Into<Sym>, kind: TypeKind) -> Self {
        let (category, alignment) = match kind {
            TypeKind::Base | TypeKind::Domain => ('U', 'i'),
            TypeKind::Composite => ('C', 'd'),
            TypeKind::Enum => ('E', 'i'),
            TypeKind::Pseudo => ('P', 'i'),
            TypeKind::Range | TypeKind::Multirange => ('R', 'i'),
        };
        let is_enum = kind == TypeKind::Enum;
        Self {
            oid: Oid::INVALID,
            schema: schema.into(),
            name: name.into(),
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
            length: if is_enum { 4 } else { -1 },
            by_value: is_enum,
            alignment,
            storage: if is_enum { 'p' } else { 'x' },
            range: None,
            labels: Vec::new(),
            extension: None,
        }
    }

    /// The array type over this one, under a name and an identifier.
    #[must_use]
    pub fn array_over(&self, oid: Oid, schema: impl Into<Sym>, name: impl Into<Sym>) -> Self {
        Self {
            oid,
            category: 'A',
            element: self.oid,
            subscript: Subscript::Array,
            alignment: if self.alignment == 'd' { 'd' } else { 'i' },
            delimiter: self.delimiter,
            collation: self.collation,
            typmod_in: self.typmod_in.clone(),
            typmod_out: self.typmod_out.clone(),
            extension: self.extension.clone(),
            ..TypeRow::user(schema, name, TypeKind::Base)
        }
    }
}

impl Env {
    /// The type of that name in that very schema.
    #[must_use]
    pub fn type_in(&self, schema: &str, name: &str) -> Option<&TypeRow> {
        self.types_named(name).find(|row| row.schema == *schema)
    }

    /// Adds a type and its array type, the type's identifier before the array's. Returns the type's.
    pub fn put_type_with_array(&mut self, mut row: TypeRow) -> Oid {
        if !row.oid.is_valid() {
            row.oid = self.allocate_oid();
        }
        row.array = self.allocate_oid();
        self.push_array_aside(&row.schema, &row.name);
        let array = row.array_over(row.array, row.schema.clone(), Sym::Static(""));
        let (oid, name) = (row.oid, row.name.clone());
        self.put_type(row);
        let name = self.array_type_name(&array.schema, &name, array.oid);
        self.put_type(TypeRow { name, ..array });
        oid
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
}

/// The name of a range's multirange when none is given (`makeMultirangeTypeName`).
#[must_use]
pub fn multirange_type_name(range: &str) -> Sym {
    let name = match range.find("range").and_then(|at| range.split_at_checked(at)) {
        Some((prefix, rest)) => format!("{prefix}multi{rest}"),
        None => format!("{}_multirange", clip_name(range, MAX_NAME_BYTES + 1 - 12)),
    };
    Sym::from(clip_name(&name, MAX_NAME_BYTES))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::env::Major;

    fn mood(name: &str) -> TypeRow {
        TypeRow::user("public", name, TypeKind::Enum)
    }

    #[test]
    fn arrays_come_with_their_types() {
        let mut env = Env::for_major(Major::V17);
        let oid = env.put_type_with_array(mood("mood"));
        let array = env.array_type_of(oid).unwrap();
        assert_eq!(env.format_type(array, -1), "public.mood[]");
        assert_eq!(env.type_by_oid(array).unwrap().name, "_mood");
        let before = env.clone();
        env.remove_type(array);
        assert!(env.types_named("_mood").next().is_none());
        assert!(before.types_named("_mood").next().is_some());
    }

    #[test]
    fn array_types_make_way() {
        let mut env = Env::for_major(Major::V17);
        let first = env.put_type_with_array(mood("mood"));
        let second = env.put_type_with_array(mood("_mood"));
        assert_eq!(env.type_by_oid(env.array_type_of(first).unwrap()).unwrap().name, "__mood");
        assert_eq!(env.type_by_oid(env.array_type_of(second).unwrap()).unwrap().name, "__mood_1");
    }

    #[test]
    fn multiranges_are_named_after_their_ranges() {
        assert_eq!(multirange_type_name("floatrange"), "floatmultirange");
        assert_eq!(multirange_type_name("period"), "period_multirange");
        assert_eq!(multirange_type_name(&"p".repeat(63)).len(), 63);
    }
}
