//! What names resolve to besides facts, as rows of the environment: members of extensions, and objects that are not modelled.
//!
//! The rows of an extension appear when its fact does and go with it; those of no extension are there from the start.

use std::collections::BTreeMap;

use pgseal_catalog::symbols::{
    AccessMethodSymbol, CastSymbol, CollationSymbol, FunctionSymbol, LanguageSymbol, OpclassSymbol, OperatorSymbol,
    RelationSymbol, Symbols, TypeSymbol,
};
use pgseal_catalog::{FactId, Name, QualifiedName, Routine};

use super::model::Model;
use crate::env::{
    AccessMethodRow, AggregateKind, AggregateRow, ArgMode, CastContext, CastMethod, CastRow, CollationRow,
    FamilyOperator, LanguageRow, Oid, OpclassRow, OperatorRow, OpfamilyRow, ProcArg, ProcKind, ProcRow, RangeLink,
    RelationKind, RelationRow, Subscript, Sym, TypeKind, TypeRow, Volatility,
};

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

/// A row that a symbol made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Type(Oid),
    Proc(Oid),
    Operator(Oid),
    Cast(Oid, Oid),
    Opclass(Oid),
    Opfamily(Oid),
    Collation(Oid),
    Relation(Oid),
    AccessMethod(Oid),
    Language(Oid),
}

impl Model {
    /// Whether the members of an extension are known, so that names can resolve to them.
    #[must_use]
    pub fn knows_members_of(&self, extension: &Name) -> bool {
        extension.as_str() == "plpgsql" || self.symbols.knows(extension)
    }

    /// Makes the members of an extension known.
    pub(super) fn bind_extension_symbols(&mut self, extension: &Name) {
        self.bind_symbols(&Some(extension.clone()));
    }

    /// Makes known what belongs to no extension.
    pub(super) fn bind_loose_symbols(&mut self) {
        self.bind_symbols(&None);
    }

    /// Takes away the rows of an extension's members.
    pub(super) fn unbind_symbols(&mut self, group: &Option<Name>) {
        for bound in self.bindings.members.remove(group).unwrap_or_default() {
            match bound {
                Bound::Type(oid) => drop(self.env.remove_type(oid)),
                Bound::Proc(oid) => drop(self.env.remove_proc(oid)),
                Bound::Operator(oid) => drop(self.env.remove_operator(oid)),
                Bound::Cast(source, target) => drop(self.env.remove_cast(source, target)),
                Bound::Opclass(oid) => drop(self.env.remove_opclass(oid)),
                Bound::Opfamily(oid) => drop(self.env.remove_opfamily(oid)),
                Bound::Collation(oid) => drop(self.env.remove_collation(oid)),
                Bound::Relation(oid) => drop(self.env.remove_relation(oid)),
                Bound::AccessMethod(oid) => drop(self.env.remove_access_method(oid)),
                Bound::Language(oid) => drop(self.env.remove_language(oid)),
            }
        }
    }

    fn bind_symbols(&mut self, group: &Option<Name>) {
        let index = std::sync::Arc::clone(&self.symbols);
        let Some(symbols) = index.groups.get(group) else { return };
        let mut bound = Vec::new();
        for symbol in &symbols.collations {
            bound.push(Bound::Collation(self.env.put_collation(collation_row(symbol))));
        }
        for symbol in &symbols.languages {
            bound.push(Bound::Language(self.env.put_language(language_row(symbol))));
        }
        for symbol in &symbols.access_methods {
            bound.push(Bound::AccessMethod(self.env.put_access_method(access_method_row(symbol))));
        }
        let types: Vec<Oid> = symbols.types.iter().map(|symbol| self.declare_symbol(symbol, &mut bound)).collect();
        let relations: Vec<Oid> =
            symbols.relations.iter().map(|symbol| self.declare_relation_symbol(symbol, &mut bound)).collect();
        for (symbol, oid) in symbols.types.iter().zip(types) {
            self.define_symbol(symbol, oid);
        }
        for (symbol, oid) in symbols.relations.iter().zip(relations) {
            self.define_relation_symbol(symbol, oid);
        }
        for symbol in &symbols.functions {
            let row = self.proc_row(symbol);
            bound.push(Bound::Proc(self.env.put_proc(row)));
        }
        self.bind_operators(&symbols.operators, &mut bound);
        for symbol in &symbols.casts {
            let row = self.cast_row(symbol);
            let (source, target) = (row.source, row.target);
            if source.is_valid() && target.is_valid() && self.env.cast(source, target).is_none() {
                self.env.put_cast(row);
                bound.push(Bound::Cast(source, target));
            }
        }
        for symbol in &symbols.opclasses {
            self.bind_opclass(symbol, &mut bound);
        }
        if let Some(extension) = group {
            let id = FactId::Extension(extension.clone());
            for one in &bound {
                let oid = match *one {
                    Bound::Type(oid)
                    | Bound::Proc(oid)
                    | Bound::Operator(oid)
                    | Bound::Opclass(oid)
                    | Bound::Opfamily(oid)
                    | Bound::Collation(oid)
                    | Bound::Relation(oid)
                    | Bound::AccessMethod(oid)
                    | Bound::Language(oid) => oid,
                    Bound::Cast(..) => continue,
                };
                self.bindings.own(oid, id.clone());
            }
        }
        self.bindings.members.insert(group.clone(), bound);
    }

    fn declare_symbol(&mut self, symbol: &TypeSymbol, bound: &mut Vec<Bound>) -> Oid {
        let oid = self.env.allocate_oid();
        let array = symbol.array.as_ref().map_or(Oid::INVALID, |_| self.env.allocate_oid());
        let row = TypeRow {
            oid,
            schema: Sym::from(symbol.name.schema.as_str()),
            name: Sym::from(symbol.name.name.as_str()),
            kind: match symbol.kind {
                'c' => TypeKind::Composite,
                'd' => TypeKind::Domain,
                'e' => TypeKind::Enum,
                'p' => TypeKind::Pseudo,
                'r' => TypeKind::Range,
                'm' => TypeKind::Multirange,
                _ => TypeKind::Base,
            },
            defined: true,
            category: symbol.category,
            preferred: symbol.preferred,
            delimiter: symbol.delimiter,
            relation: Oid::INVALID,
            element: Oid::INVALID,
            array,
            subscript: Subscript::None,
            base: Oid::INVALID,
            base_typmod: -1,
            not_null: symbol.not_null,
            dimensions: 0,
            collation: symbol.collation.as_ref().map_or(Oid::INVALID, |name| self.stored_collation(name)),
            typmod_in: symbol.modifier_in.as_ref().map(|f| Sym::from(f.name.as_str())),
            typmod_out: symbol.modifier_out.as_ref().map(|f| Sym::from(f.name.as_str())),
            length: symbol.length,
            by_value: symbol.by_value,
            alignment: symbol.alignment,
            storage: symbol.storage,
            range: None,
            labels: symbol.labels.iter().map(Sym::from).collect(),
            extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
        };
        if let Some(name) = &symbol.array {
            let mut array_row = row.clone();
            array_row.oid = array;
            array_row.schema = Sym::from(name.schema.as_str());
            array_row.name = Sym::from(name.name.as_str());
            array_row.kind = TypeKind::Base;
            array_row.category = 'A';
            array_row.preferred = false;
            array_row.element = oid;
            array_row.array = Oid::INVALID;
            array_row.subscript = Subscript::Array;
            array_row.length = -1;
            array_row.by_value = false;
            array_row.alignment = if row.alignment == 'd' { 'd' } else { 'i' };
            array_row.storage = 'x';
            array_row.labels = Vec::new();
            array_row.not_null = false;
            self.env.put_type(array_row);
            bound.push(Bound::Type(array));
        }
        self.env.put_type(row);
        bound.push(Bound::Type(oid));
        oid
    }

    fn define_symbol(&mut self, symbol: &TypeSymbol, oid: Oid) {
        let Some(mut row) = self.env.type_by_oid(oid).cloned() else { return };
        if let Some(base) = &symbol.base {
            (row.base, row.base_typmod) = self.stored_type(base);
        }
        if let Some(element) = &symbol.element {
            row.element = self.stored_type(element).0;
            row.subscript = Subscript::Other;
        }
        match (row.kind, &symbol.subtype) {
            (TypeKind::Range, Some(subtype)) => {
                let multirange = symbol
                    .multirange
                    .as_ref()
                    .and_then(|name| {
                        self.env.types_named(name.name.as_str()).find(|row| row.schema == *name.schema.as_str())
                    })
                    .map_or(Oid::INVALID, |row| row.oid);
                let subtype = self.stored_type(subtype).0;
                let opclass = self.env.default_opclass(subtype, Oid::BTREE_AM).unwrap_or(Oid::INVALID);
                let link =
                    RangeLink { range: oid, subtype, multirange, collation: self.env.type_collation(subtype), opclass };
                row.range = Some(link);
                if let Some(mut multi) = self.env.type_by_oid(multirange).cloned() {
                    multi.range = Some(link);
                    self.env.put_type(multi);
                }
            }
            (TypeKind::Composite, _) if !symbol.attributes.is_empty() => {
                row.relation = self.env.allocate_oid();
                let columns = symbol
                    .attributes
                    .iter()
                    .zip(1_i16..)
                    .map(|(a, number)| self.column_row(&a.name, number, &a.data_type, a.collation.as_ref()))
                    .collect();
                self.env.put_relation(RelationRow {
                    oid: row.relation,
                    schema: row.schema.clone(),
                    name: row.name.clone(),
                    kind: RelationKind::CompositeType,
                    row_type: oid,
                    columns,
                    parents: Vec::new(),
                    of_type: Oid::INVALID,
                    extension: row.extension.clone(),
                });
                self.bindings.members.entry(symbol.extension.clone()).or_default();
            }
            _ => {}
        }
        self.env.put_type(row);
    }

    fn declare_relation_symbol(&mut self, symbol: &RelationSymbol, bound: &mut Vec<Bound>) -> Oid {
        let kind = match symbol.kind {
            'p' => RelationKind::PartitionedTable,
            'v' => RelationKind::View,
            'm' => RelationKind::MaterializedView,
            'f' => RelationKind::ForeignTable,
            'S' => RelationKind::Sequence,
            'i' => RelationKind::Index,
            'I' => RelationKind::PartitionedIndex,
            'c' => RelationKind::CompositeType,
            _ => RelationKind::Table,
        };
        let oid = self.env.allocate_oid();
        self.put_bare_relation(oid, &symbol.name, kind);
        bound.push(Bound::Relation(oid));
        oid
    }

    fn define_relation_symbol(&mut self, symbol: &RelationSymbol, oid: Oid) {
        let Some(mut row) = self.env.relation_by_oid(oid).cloned() else { return };
        row.extension = symbol.extension.as_ref().map(|e| Sym::from(e.as_str()));
        row.columns = symbol
            .columns
            .iter()
            .zip(1_i16..)
            .map(|(c, number)| {
                let mut column = self.column_row(&c.name, number, &c.data_type, c.collation.as_ref());
                column.not_null = c.not_null;
                column
            })
            .collect();
        let row_type = self
            .env
            .types_named(symbol.name.name.as_str())
            .find(|ty| ty.schema == row.schema && ty.kind == TypeKind::Composite)
            .cloned();
        if let Some(mut row_type) = row_type {
            row.row_type = row_type.oid;
            row_type.relation = oid;
            self.env.put_type(row_type);
        }
        self.env.put_relation(row);
    }

    fn proc_row(&self, symbol: &FunctionSymbol) -> ProcRow {
        let args: Vec<Oid> = symbol.name.arguments.iter().map(|text| self.stored_type(text).0).collect();
        let mode = |c: char| match c {
            'o' => ArgMode::Out,
            'b' => ArgMode::InOut,
            'v' => ArgMode::Variadic,
            't' => ArgMode::Table,
            _ => ArgMode::In,
        };
        let named = |n: usize| symbol.argument_names.get(n).map_or(Sym::Static(""), Sym::from);
        let parameters: Vec<ProcArg> = if symbol.all_arguments.is_empty() {
            if symbol.argument_names.is_empty() {
                Vec::new()
            } else {
                let each = args.iter().enumerate();
                each.map(|(n, oid)| ProcArg { type_oid: *oid, mode: ArgMode::In, name: named(n) }).collect()
            }
        } else {
            let each = symbol.all_arguments.iter().zip(symbol.argument_modes.chars()).enumerate();
            each.map(|(n, (text, c))| ProcArg { type_oid: self.stored_type(text).0, mode: mode(c), name: named(n) })
                .collect()
        };
        ProcRow {
            oid: Oid::INVALID,
            schema: Sym::from(symbol.name.name.schema.as_str()),
            name: Sym::from(symbol.name.name.name.as_str()),
            kind: match symbol.kind {
                'p' => ProcKind::Procedure,
                'a' => ProcKind::Aggregate,
                'w' => ProcKind::Window,
                _ => ProcKind::Function,
            },
            args,
            parameters,
            default_count: symbol.defaults,
            variadic: symbol.variadic.as_ref().map_or(Oid::INVALID, |text| self.stored_type(text).0),
            result: self.stored_type(&symbol.returns).0,
            returns_set: symbol.returns_set,
            volatility: match symbol.volatility {
                'i' => Volatility::Immutable,
                's' => Volatility::Stable,
                _ => Volatility::Volatile,
            },
            strict: symbol.strict,
            leakproof: false,
            language: Oid::C_LANGUAGE,
            aggregate: symbol.aggregate_kind.map(|kind| AggregateRow {
                kind: match kind {
                    'o' => AggregateKind::OrderedSet,
                    'h' => AggregateKind::Hypothetical,
                    _ => AggregateKind::Normal,
                },
                direct_args: i16::try_from(symbol.direct_arguments).unwrap_or(i16::MAX),
            }),
            extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
        }
    }

    /// The routine of that name and those types.
    pub(super) fn stored_routine(&self, routine: &Routine) -> Option<Oid> {
        let args: Vec<Oid> = routine.arguments.iter().map(|text| self.stored_type(text).0).collect();
        self.env
            .procs_named(routine.name.name.as_str())
            .find(|row| row.schema == *routine.name.schema.as_str() && row.args == args)
            .map(|row| row.oid)
    }

    fn bind_operators(&mut self, symbols: &[OperatorSymbol], bound: &mut Vec<Bound>) {
        let mut made = Vec::new();
        for symbol in symbols {
            let left = symbol.left.as_ref().map_or(Oid::INVALID, |text| self.stored_type(text).0);
            let row = OperatorRow {
                oid: Oid::INVALID,
                schema: Sym::from(symbol.schema.as_str()),
                name: Sym::from(&symbol.operator),
                left,
                right: self.stored_type(&symbol.right).0,
                result: self.stored_type(&symbol.result).0,
                proc: self.stored_routine(&symbol.function).unwrap_or(Oid::INVALID),
                commutator: Oid::INVALID,
                negator: Oid::INVALID,
                can_merge: symbol.merges,
                can_hash: symbol.hashes,
                extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
            };
            let oid = self.env.put_operator(row);
            bound.push(Bound::Operator(oid));
            made.push((oid, symbol));
        }
        for (oid, symbol) in made {
            let Some(mut row) = self.env.operator_by_oid(oid).cloned() else { continue };
            let of = |name: &(Name, String), left: Oid, right: Oid| {
                self.env
                    .operators_named(&name.1)
                    .find(|other| other.schema == *name.0.as_str() && other.left == left && other.right == right)
                    .map_or(Oid::INVALID, |other| other.oid)
            };
            row.commutator = symbol.commutator.as_ref().map_or(Oid::INVALID, |name| of(name, row.right, row.left));
            row.negator = symbol.negator.as_ref().map_or(Oid::INVALID, |name| of(name, row.left, row.right));
            self.env.put_operator(row);
        }
    }

    fn cast_row(&self, symbol: &CastSymbol) -> CastRow {
        CastRow {
            oid: Oid::INVALID,
            source: self.stored_type(&symbol.source).0,
            target: self.stored_type(&symbol.target).0,
            func: symbol.function.as_ref().and_then(|f| self.stored_routine(f)).unwrap_or(Oid::INVALID),
            context: match symbol.context {
                'i' => CastContext::Implicit,
                'a' => CastContext::Assignment,
                _ => CastContext::Explicit,
            },
            method: match symbol.method {
                'b' => CastMethod::Binary,
                'i' => CastMethod::InOut,
                _ => CastMethod::Function,
            },
            extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
        }
    }

    fn bind_opclass(&mut self, symbol: &OpclassSymbol, bound: &mut Vec<Bound>) {
        let Some(method) = self.env.lookup_access_method(symbol.method.as_str()).map(|row| row.oid) else { return };
        let input = self.stored_type(&symbol.input).0;
        let extension = symbol.extension.as_ref().map(|e| Sym::from(e.as_str()));
        let known = self
            .env
            .opfamilies_named(symbol.family.name.as_str())
            .find(|row| row.schema == *symbol.family.schema.as_str() && row.method == method)
            .cloned();
        let operators: Vec<FamilyOperator> = symbol
            .operators
            .iter()
            .filter_map(|(strategy, schema, name, left, right)| {
                let (left, right) = (self.stored_type(left).0, self.stored_type(right).0);
                let operator = self
                    .env
                    .operators_named(name)
                    .find(|row| row.schema == *schema.as_str() && row.left == left && row.right == right)?
                    .oid;
                let strategy = i16::try_from(*strategy).ok()?;
                let sort_family = Oid::INVALID;
                Some(FamilyOperator { left, right, strategy, ordering: false, operator, sort_family })
            })
            .collect();
        let family = match known {
            Some(row) if row.oid < Oid::FIRST_USER => row.oid,
            Some(mut row) => {
                row.operators.extend(operators);
                self.env.put_opfamily(row)
            }
            None => {
                let oid = self.env.put_opfamily(OpfamilyRow {
                    oid: Oid::INVALID,
                    method,
                    schema: Sym::from(symbol.family.schema.as_str()),
                    name: Sym::from(symbol.family.name.as_str()),
                    operators,
                    procs: Vec::new(),
                    extension: extension.clone(),
                });
                bound.push(Bound::Opfamily(oid));
                oid
            }
        };
        let oid = self.env.put_opclass(OpclassRow {
            oid: Oid::INVALID,
            method,
            schema: Sym::from(symbol.name.schema.as_str()),
            name: Sym::from(symbol.name.name.as_str()),
            family,
            input,
            key: symbol.key_type.as_ref().map_or(Oid::INVALID, |text| self.stored_type(text).0),
            default: symbol.default,
            extension,
        });
        bound.push(Bound::Opclass(oid));
    }
}

fn collation_row(symbol: &CollationSymbol) -> CollationRow {
    CollationRow {
        oid: Oid::INVALID,
        schema: Sym::from(symbol.name.schema.as_str()),
        name: Sym::from(symbol.name.name.as_str()),
        provider: 'c',
        deterministic: !symbol.nondeterministic,
        encoding: -1,
        extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
    }
}

fn language_row(symbol: &LanguageSymbol) -> LanguageRow {
    LanguageRow {
        oid: Oid::INVALID,
        name: Sym::from(symbol.name.as_str()),
        trusted: true,
        extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
    }
}

fn access_method_row(symbol: &AccessMethodSymbol) -> AccessMethodRow {
    AccessMethodRow {
        oid: Oid::INVALID,
        name: Sym::from(symbol.name.as_str()),
        is_index: symbol.kind == 'i',
        can_order: symbol.can_order,
        can_unique: symbol.can_unique,
        can_multi_column: symbol.can_multi_column,
        can_exclude: symbol.can_exclude,
        can_include: symbol.can_include,
        extension: symbol.extension.as_ref().map(|e| Sym::from(e.as_str())),
    }
}
