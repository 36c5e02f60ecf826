//! What names resolve to besides facts, as rows of the environment: members of extensions, and objects that are not modelled.
//!
//! The rows of an extension appear when its fact does and go with it; those of no extension are there from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pgseal_catalog::symbols::{CollationSymbol, Symbols};
use pgseal_catalog::{FactId, Name, Payload, QualifiedName};

use super::manifest;
use super::model::Model;
use crate::env::{Sym, SymbolError, SymbolRow, SymbolRows};

/// Symbols by extension.
#[derive(Debug, Default, Clone)]
pub(super) struct SymbolIndex {
    groups: BTreeMap<Option<Name>, Arc<Symbols>>,
    /// The schema in which the snapshot has each extension, and so the names of its members.
    homes: BTreeMap<Name, Name>,
}

impl SymbolIndex {
    pub(super) fn new<'a>(
        symbols: &Symbols,
        collations: impl IntoIterator<Item = &'a QualifiedName>,
        homes: BTreeMap<Name, Name>,
    ) -> Self {
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
        let known: BTreeSet<QualifiedName> = loose.collations.iter().map(|symbol| symbol.name.clone()).collect();
        for name in collations.into_iter().collect::<BTreeSet<_>>() {
            if !known.contains(name) {
                loose.collations.push(CollationSymbol { name: name.clone(), extension: None, nondeterministic: false });
            }
        }
        Self { groups: groups.into_iter().map(|(group, symbols)| (group, Arc::new(symbols))).collect(), homes }
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

    /// Learns the members of an extension that the snapshot does not have in a schema: from its own list, or from the
    /// compiler's.
    ///
    /// # Errors
    /// A list of members that cannot be read.
    pub(super) fn learn_members(
        &mut self,
        extension: &Name,
        version: &str,
        schema: &Name,
    ) -> Result<(), serde_json::Error> {
        if extension.as_str() == "plpgsql" || self.symbols.homes.contains_key(extension) {
            return Ok(());
        }
        let mut schemas: BTreeMap<Name, Name> = self
            .catalog
            .iter()
            .filter_map(|fact| match (&fact.id, &fact.payload) {
                (FactId::Extension(name), Payload::Extension(found)) => Some((name.clone(), found.schema.clone())),
                _ => None,
            })
            .collect();
        schemas.insert(extension.clone(), schema.clone());
        let listed = match self.symbols.groups.get(&Some(extension.clone())) {
            Some(without_home) => Some(manifest::settled(without_home, extension, &schemas)),
            None => manifest::members(self.major(), extension, version, &schemas),
        };
        if let Some(symbols) = listed {
            let index = Arc::make_mut(&mut self.symbols);
            index.groups.insert(Some(extension.clone()), Arc::new(symbols?));
            index.homes.insert(extension.clone(), schema.clone());
        }
        Ok(())
    }

    /// Makes the members of an extension known, in the schema that holds it.
    pub(super) fn bind_extension_symbols(&mut self, extension: &Name, schema: &Name) {
        let group = Some(extension.clone());
        for stage in [Stage::Types, Stage::Relations, Stage::Routines] {
            self.bind_symbols(&group, stage);
        }
        if let Some(home) = self.symbols.homes.get(extension).cloned() {
            self.move_members(extension, &home, schema);
        }
    }

    /// Moves the members of an extension that are in one schema to another; they stay what they are.
    pub(super) fn move_members(&mut self, extension: &Name, from: &Name, to: &Name) {
        if from == to {
            return;
        }
        let rows = self.bindings.members.get(&Some(extension.clone())).cloned().unwrap_or_default();
        let (from, to) = (from.as_str(), Sym::from(to.as_str()));
        macro_rules! moved {
            ($oid:expr, $row:ident, $put:ident) => {
                if let Some(mut row) = self.env.$row($oid).filter(|row| row.schema == *from).cloned() {
                    row.schema = to.clone();
                    self.env.$put(row);
                }
            };
        }
        for row in rows {
            match row {
                SymbolRow::Type(oid) => moved!(oid, type_by_oid, put_type),
                SymbolRow::Proc(oid) => moved!(oid, proc_by_oid, put_proc),
                SymbolRow::Operator(oid) => moved!(oid, operator_by_oid, put_operator),
                SymbolRow::Opclass(oid) => moved!(oid, opclass_by_oid, put_opclass),
                SymbolRow::Opfamily(oid) => moved!(oid, opfamily_by_oid, put_opfamily),
                SymbolRow::Collation(oid) => moved!(oid, collation_by_oid, put_collation),
                SymbolRow::Relation(oid) => moved!(oid, relation_by_oid, put_relation),
                SymbolRow::Cast(..) | SymbolRow::AccessMethod(_) | SymbolRow::Language(_) => {}
            }
        }
    }

    /// The rows of an extension's members.
    pub(super) fn members(&self, extension: &Name) -> &[SymbolRow] {
        self.bindings.members.get(&Some(extension.clone())).map(Vec::as_slice).unwrap_or_default()
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
