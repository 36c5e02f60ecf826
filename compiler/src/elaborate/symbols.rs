//! What names resolve to besides facts, as rows of the environment: members of extensions, and objects that are not modelled.
//!
//! The rows of an extension appear when its fact does and go with it; those of no extension are there from the start.

use std::collections::BTreeMap;
use std::sync::Arc;

use pgseal_catalog::symbols::{CollationSymbol, Symbols};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::model::Model;
use crate::env::{SymbolError, SymbolRows};

/// Symbols by extension.
#[derive(Debug, Default)]
pub(super) struct SymbolIndex {
    groups: BTreeMap<Option<Name>, Symbols>,
}

impl SymbolIndex {
    pub(super) fn new<'a>(symbols: &Symbols, collations: impl IntoIterator<Item = &'a QualifiedName>) -> Self {
        let mut groups: BTreeMap<Option<Name>, Symbols> = BTreeMap::new();
        macro_rules! sort {
            ($($list:ident),*) => {
                $(for symbol in &symbols.$list {
                    groups.entry(symbol.extension.clone()).or_default().$list.push(symbol.clone());
                })*
            };
        }
        sort!(types, functions, operators, casts, opclasses, collations, relations, access_methods, languages);
        let loose = groups.entry(None).or_default();
        for name in collations {
            if !loose.collations.iter().any(|known| known.name == *name) {
                loose.collations.push(CollationSymbol { name: name.clone(), extension: None, nondeterministic: false });
            }
        }
        Self { groups }
    }

    /// Whether anything is known of an extension's members.
    pub(super) fn knows(&self, extension: &Name) -> bool {
        self.groups.contains_key(&Some(extension.clone()))
    }
}

/// When symbols are taken in: they name facts, and facts name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Types, collations, languages and access methods: before any fact.
    Types,
    /// Views and other relations: when the types of facts are named.
    Relations,
    /// Routines, operators, casts and operator classes: when the functions of facts are there.
    Routines,
}

impl Model {
    /// Whether the members of an extension are known, so that names can resolve to them.
    #[must_use]
    pub fn knows_members_of(&self, extension: &Name) -> bool {
        extension.as_str() == "plpgsql" || self.symbols.knows(extension)
    }

    /// Symbols that names cannot resolve to, since what they need is not known.
    #[must_use]
    pub fn unusable_symbols(&self) -> &[SymbolError] {
        &self.bindings.unusable
    }

    /// Makes the members of an extension known.
    pub(super) fn bind_extension_symbols(&mut self, extension: &Name) {
        let group = Some(extension.clone());
        for stage in [Stage::Types, Stage::Relations, Stage::Routines] {
            self.bind_symbols(&group, stage);
        }
    }

    /// Makes known what belongs to no extension.
    pub(super) fn bind_loose_symbols(&mut self, stage: Stage) {
        self.bind_symbols(&None, stage);
    }

    /// Takes away the rows of an extension's members.
    pub(super) fn unbind_symbols(&mut self, group: &Option<Name>) {
        for row in self.bindings.members.remove(group).unwrap_or_default() {
            self.env.remove_symbol_row(row);
        }
    }

    fn bind_symbols(&mut self, group: &Option<Name>, stage: Stage) {
        let index = Arc::clone(&self.symbols);
        let Some(symbols) = index.groups.get(group) else { return };
        let SymbolRows { added, errors } = match stage {
            Stage::Types => self.env.add_symbol_types(symbols),
            Stage::Relations => self.env.add_symbol_relations(symbols),
            Stage::Routines => self.env.add_symbol_routines(symbols),
        };
        if let Some(extension) = group {
            let id = FactId::Extension(extension.clone());
            for oid in added.iter().filter_map(|row| row.oid()) {
                self.bindings.own(oid, id.clone());
            }
        }
        self.bindings.members.entry(group.clone()).or_default().extend(added);
        self.bindings.unusable.extend(errors);
    }
}
