//! Small questions about one object by its identifier.
//!
//! Follows lsyscache.c and the parts of indexcmds.c and typcache.c that need nothing else (PG 17).

use super::rows::{ColumnRow, RangeLink, RelationRow, Subscript, TypeKind};
use super::{Env, FamilyOperator, Oid, OpfamilyRow, Sym};

/// The system columns of every table: name, number, type (`SysAtt`, heap.c).
const SYSTEM_COLUMNS: [(&str, i16, Oid); 6] = [
    ("ctid", -1, Oid::TID),
    ("xmin", -2, Oid::XID),
    ("cmin", -3, Oid::CID),
    ("xmax", -4, Oid::XID),
    ("cmax", -5, Oid::CID),
    ("tableoid", -6, Oid::OID),
];

impl Env {
    /// The type and modifier under a domain, all levels removed (`getBaseTypeAndTypmod`). `typmod` is what is
    /// known of a value of `oid` itself.
    #[must_use]
    pub fn base_type_and_typmod(&self, oid: Oid, typmod: i32) -> (Oid, i32) {
        let mut at = (oid, typmod);
        while let Some(row) = self.type_by_oid(at.0) {
            if row.kind != TypeKind::Domain || row.base == at.0 {
                break;
            }
            at = (row.base, row.base_typmod);
        }
        at
    }

    /// The type under a domain, all levels removed (`getBaseType`).
    #[must_use]
    pub fn base_type(&self, oid: Oid) -> Oid {
        self.base_type_and_typmod(oid, -1).0
    }

    /// A type's category and whether it is its preferred one (`get_type_category_preferred`).
    #[must_use]
    pub fn category(&self, oid: Oid) -> Option<(char, bool)> {
        self.type_by_oid(oid).map(|row| (row.category, row.preferred))
    }

    /// Whether the type is the preferred one of the category (`IsPreferredType`); `None` for any category.
    #[must_use]
    pub fn is_preferred(&self, category: Option<char>, oid: Oid) -> bool {
        self.type_by_oid(oid).is_some_and(|row| row.preferred && category.is_none_or(|wanted| wanted == row.category))
    }

    /// The array over a type (`get_array_type`).
    #[must_use]
    pub fn array_type_of(&self, oid: Oid) -> Option<Oid> {
        self.type_by_oid(oid)?.array.valid()
    }

    /// The element type of a true array, domains not looked through (`get_element_type`).
    #[must_use]
    pub fn element_type_of(&self, oid: Oid) -> Option<Oid> {
        let row = self.type_by_oid(oid)?;
        row.is_true_array().then_some(row.element)
    }

    /// The element type of an array, looking through domains over it (`get_base_element_type`).
    #[must_use]
    pub fn base_element_type_of(&self, oid: Oid) -> Option<Oid> {
        self.element_type_of(self.base_type(oid))
    }

    /// The array type that arrays of this element are promoted to: `get_promoted_array_type`.
    #[must_use]
    pub fn promoted_array_type_of(&self, oid: Oid) -> Option<Oid> {
        match self.array_type_of(oid) {
            Some(array) => Some(array),
            None => self.element_type_of(oid).map(|_| oid),
        }
    }

    /// How a type is subscripted.
    #[must_use]
    pub fn subscript(&self, oid: Oid) -> Subscript {
        self.type_by_oid(oid).map_or(Subscript::None, |row| row.subscript)
    }

    /// The type's own collation, invalid when it has none (`get_typcollation`).
    #[must_use]
    pub fn type_collation(&self, oid: Oid) -> Oid {
        self.type_by_oid(oid).map_or(Oid::INVALID, |row| row.collation)
    }

    /// Whether it is an enum.
    #[must_use]
    pub fn is_enum(&self, oid: Oid) -> bool {
        self.type_by_oid(oid).is_some_and(|row| row.kind == TypeKind::Enum)
    }

    /// The `pg_range` row of a range type.
    #[must_use]
    pub fn range(&self, oid: Oid) -> Option<RangeLink> {
        self.type_by_oid(oid).filter(|row| row.kind == TypeKind::Range)?.range
    }

    /// The `pg_range` row behind a multirange type.
    #[must_use]
    pub fn multirange(&self, oid: Oid) -> Option<RangeLink> {
        self.type_by_oid(oid).filter(|row| row.kind == TypeKind::Multirange)?.range
    }

    /// The relation whose row type this is, domains not looked through (`get_typ_typrelid`).
    #[must_use]
    pub fn relation_of_type(&self, oid: Oid) -> Option<&RelationRow> {
        self.relation_by_oid(self.type_by_oid(oid)?.relation.valid()?)
    }

    /// The system column of that name, as every table has it.
    #[must_use]
    pub fn system_column(&self, name: &str) -> Option<ColumnRow> {
        let (name, number, type_oid) = SYSTEM_COLUMNS.into_iter().find(|(known, ..)| *known == name)?;
        Some(ColumnRow {
            name: Sym::Static(name),
            number,
            type_oid,
            typmod: -1,
            collation: Oid::INVALID,
            not_null: true,
            generated: false,
        })
    }

    /// Whether `source` can be used as `target` without any function (`IsBinaryCoercible`).
    #[must_use]
    pub fn is_binary_coercible(&self, source: Oid, target: Oid) -> bool {
        use super::rows::{CastContext, CastMethod};
        if source == target {
            return true;
        }
        if target == Oid::ANY || target == Oid::ANYELEMENT || target == Oid::ANYCOMPATIBLE {
            return true;
        }
        let source = self.base_type(source);
        if source == target {
            return true;
        }
        let Some(row) = self.type_by_oid(source) else {
            return false;
        };
        let is_array = row.is_true_array();
        match target {
            Oid::ANYARRAY | Oid::ANYCOMPATIBLEARRAY if is_array => return true,
            Oid::ANYNONARRAY | Oid::ANYCOMPATIBLENONARRAY if !is_array => return true,
            Oid::ANYENUM if row.kind == TypeKind::Enum => return true,
            Oid::ANYRANGE | Oid::ANYCOMPATIBLERANGE if row.kind == TypeKind::Range => return true,
            Oid::ANYMULTIRANGE | Oid::ANYCOMPATIBLEMULTIRANGE if row.kind == TypeKind::Multirange => return true,
            Oid::RECORD if row.kind == TypeKind::Composite => return true,
            Oid::RECORDARRAY if is_array => {
                let element = self.type_by_oid(row.element);
                if element.is_some_and(|element| element.kind == TypeKind::Composite) {
                    return true;
                }
            }
            _ => {}
        }
        self.cast(source, target)
            .is_some_and(|cast| cast.method == CastMethod::Binary && cast.context == CastContext::Implicit)
    }

    /// The operator class that an index on a type gets when none is named (`GetDefaultOpClass`).
    #[must_use]
    pub fn default_opclass(&self, type_oid: Oid, method: Oid) -> Option<Oid> {
        let type_oid = self.base_type(type_oid);
        let (category, _) = self.category(type_oid)?;
        let builtin = self.builtins.default_classes(method);
        let users = || self.user.opclasses.iter().filter(|class| class.method == method && class.default);
        let users = || users().map(|class| (class.input, class.oid));
        let start = builtin.partition_point(|(input, _)| *input < type_oid);
        let exact =
            builtin.get(start..).unwrap_or_default().iter().copied().take_while(|(input, _)| *input == type_oid);
        let exact = exact.chain(users().filter(|(input, _)| *input == type_oid));
        let exact: Vec<Oid> = exact.map(|(_, class)| class).collect();
        let mut compatible = Vec::new();
        let mut compatible_preferred = Vec::new();
        for (input, class) in builtin.iter().copied().chain(users()).take_while(|_| exact.is_empty()) {
            if self.is_binary_coercible(type_oid, input) {
                if self.is_preferred(Some(category), input) {
                    compatible_preferred.push(class);
                } else {
                    compatible.push(class);
                }
            }
        }
        for found in [exact, compatible_preferred, compatible] {
            match found.as_slice() {
                [one] => return Some(*one),
                [] => {}
                [..] => return None,
            }
        }
        None
    }

    /// The operator of a family for two types and a strategy (`get_opfamily_member`).
    #[must_use]
    pub fn family_operator(&self, family: Oid, left: Oid, right: Oid, strategy: i16) -> Option<Oid> {
        self.opfamily_by_oid(family)?
            .operators
            .iter()
            .find(|op| !op.ordering && op.left == left && op.right == right && op.strategy == strategy)
            .map(|op| op.operator)
    }

    /// The support function of a family for two types (`get_opfamily_proc`).
    #[must_use]
    pub fn family_proc(&self, family: Oid, left: Oid, right: Oid, number: i16) -> Option<Oid> {
        self.opfamily_by_oid(family)?
            .procs
            .iter()
            .find(|p| p.left == left && p.right == right && p.number == number)
            .map(|p| p.proc)
    }

    /// What an operator does in one family (`pg_amop` by operator and family).
    #[must_use]
    pub fn operator_in_family(&self, operator: Oid, family: Oid) -> Option<FamilyOperator> {
        self.opfamily_by_oid(family)?.operators.iter().find(|op| op.operator == operator).copied()
    }

    /// Every place that an operator has in an operator family, by access method and family.
    #[must_use]
    pub fn families_of_operator(&self, operator: Oid) -> Vec<(&OpfamilyRow, FamilyOperator)> {
        let mut found: Vec<(&OpfamilyRow, FamilyOperator)> = self
            .opfamilies()
            .flat_map(|family| family.operators.iter().map(move |op| (family, *op)))
            .filter(|(_, op)| op.operator == operator)
            .collect();
        found.sort_by_key(|(family, op)| (family.method, family.oid, op.strategy));
        found
    }
}
