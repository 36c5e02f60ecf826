//! A snapshot's symbols as rows: members of installed extensions, and objects of kinds that are not modelled yet.
//!
//! Symbols name each other and facts, so they are taken in by stages, with facts between them:
//! [`Env::add_symbol_types`] before any fact, [`Env::add_symbol_relations`] when the types of facts are there,
//! [`Env::add_symbol_routines`] when the functions of facts are there too. What cannot be taken in is said, not
//! dropped: a name that leads to it later is then simply unknown.

use pgseal_catalog::id::{Name, QualifiedName, Routine};
use pgseal_catalog::symbols::{
    CastSymbol, ColumnSymbol, FunctionSymbol, OpclassSymbol, OperatorSymbol, RelationSymbol, Symbols, TypeSymbol,
};

use super::rows::{
    AccessMethodRow, AggregateKind, AggregateRow, ArgMode, CastContext, CastMethod, CastRow, CollationRow, ColumnRow,
    FamilyOperator, LanguageRow, OpclassRow, OperatorRow, OpfamilyRow, ProcArg, ProcKind, ProcRow, RangeLink,
    RelationKind, RelationRow, Subscript, TypeKind, TypeRow, Volatility,
};
use super::{Env, Oid, SearchPath, Sym};

/// A symbol that could not be taken in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} cannot be used: {reason}")]
pub struct SymbolError {
    /// What sort of object, and its name.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// A row that a symbol made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolRow {
    /// A type, array types included.
    Type(Oid),
    /// A routine.
    Proc(Oid),
    /// An operator.
    Operator(Oid),
    /// A cast: source and target.
    Cast(Oid, Oid),
    /// An operator class.
    Opclass(Oid),
    /// An operator family.
    Opfamily(Oid),
    /// A collation.
    Collation(Oid),
    /// A relation.
    Relation(Oid),
    /// An access method.
    AccessMethod(Oid),
    /// A language.
    Language(Oid),
}

impl SymbolRow {
    /// The row's identifier; a cast is known by its types instead.
    #[must_use]
    pub const fn oid(self) -> Option<Oid> {
        match self {
            SymbolRow::Type(oid)
            | SymbolRow::Proc(oid)
            | SymbolRow::Operator(oid)
            | SymbolRow::Opclass(oid)
            | SymbolRow::Opfamily(oid)
            | SymbolRow::Collation(oid)
            | SymbolRow::Relation(oid)
            | SymbolRow::AccessMethod(oid)
            | SymbolRow::Language(oid) => Some(oid),
            SymbolRow::Cast(..) => None,
        }
    }
}

/// What became of symbols.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use]
pub struct SymbolRows {
    /// The rows that were added, in that order.
    pub added: Vec<SymbolRow>,
    /// The symbols that could not be taken in.
    pub errors: Vec<SymbolError>,
}

/// Why a symbol cannot be taken in, before it is known which.
type Reason = String;

impl Env {
    /// Takes in collations, languages, access methods and types. Comes first.
    pub fn add_symbol_types(&mut self, symbols: &Symbols) -> SymbolRows {
        let mut rows = SymbolRows::default();
        for symbol in &symbols.collations {
            let added = self.add_collation(&symbol.name, symbol.nondeterministic, symbol.extension.as_ref());
            rows.added.extend(added.map(SymbolRow::Collation));
        }
        for symbol in &symbols.languages {
            let (name, extension) = (Sym::from(&symbol.name), extension(symbol.extension.as_ref()));
            if self.lookup_language(&name).is_none() {
                let row = LanguageRow { oid: Oid::INVALID, name, trusted: false, extension };
                rows.added.push(SymbolRow::Language(self.put_language(row)));
            }
        }
        for symbol in &symbols.access_methods {
            let row = AccessMethodRow {
                oid: Oid::INVALID,
                name: Sym::from(&symbol.name),
                is_index: symbol.kind == 'i',
                can_order: symbol.can_order,
                can_unique: symbol.can_unique,
                can_multi_column: symbol.can_multi_column,
                can_exclude: symbol.can_exclude,
                can_include: symbol.can_include,
                extension: extension(symbol.extension.as_ref()),
            };
            rows.added.push(SymbolRow::AccessMethod(self.put_access_method(row)));
        }
        let mut named = Vec::new();
        for symbol in &symbols.types {
            match self.name_type(symbol) {
                Ok(oid) => named.push((oid, symbol)),
                Err(reason) => rows.errors.push(error("type", &symbol.name, reason)),
            }
        }
        for (oid, symbol) in named {
            let filled = self.fill_type(oid, symbol);
            let Some(row) = self.type_by_oid(oid) else {
                continue;
            };
            let (array, relation) = (row.array, row.relation);
            match filled {
                Ok(()) => {
                    rows.added.extend([Some(oid), array.valid()].into_iter().flatten().map(SymbolRow::Type));
                    rows.added.extend(relation.valid().map(SymbolRow::Relation));
                }
                Err(reason) => {
                    self.remove_type(array);
                    self.remove_type(oid);
                    rows.errors.push(error("type", &symbol.name, reason));
                }
            }
        }
        rows
    }

    /// Takes in views and other relations that are no facts, with their row types.
    pub fn add_symbol_relations(&mut self, symbols: &Symbols) -> SymbolRows {
        let mut rows = SymbolRows::default();
        let named: Vec<(Oid, &RelationSymbol)> =
            symbols.relations.iter().map(|symbol| (self.name_relation(symbol, &mut rows.added), symbol)).collect();
        for (oid, symbol) in named {
            match self.columns(&symbol.columns) {
                // those of a sequence are known by its kind
                Ok(columns) if columns.is_empty() => {}
                Ok(columns) => {
                    if let Some(row) = self.relation_by_oid(oid).cloned() {
                        self.put_relation(RelationRow { columns, ..row });
                    }
                }
                Err(reason) => {
                    self.remove_relation(oid);
                    rows.errors.push(error("relation", &symbol.name, reason));
                }
            }
        }
        rows
    }

    /// Takes in routines, operators, casts and operator classes. Comes last.
    pub fn add_symbol_routines(&mut self, symbols: &Symbols) -> SymbolRows {
        let mut rows = SymbolRows::default();
        for symbol in &symbols.functions {
            match self.add_function(symbol) {
                Ok(added) => rows.added.extend(added.map(SymbolRow::Proc)),
                Err(reason) => rows.errors.push(error("function", &symbol.name, reason)),
            }
        }
        let mut operators = Vec::new();
        for symbol in &symbols.operators {
            match self.add_operator(symbol) {
                Ok(oid) => operators.push((oid, symbol)),
                Err(reason) => {
                    rows.errors.push(error("operator", &format!("{}.{}", symbol.schema, symbol.operator), reason));
                }
            }
        }
        for (oid, symbol) in operators {
            self.link_operator(oid, symbol);
            rows.added.push(SymbolRow::Operator(oid));
        }
        for symbol in &symbols.casts {
            match self.add_cast(symbol) {
                Ok(added) => rows.added.extend(added),
                Err(reason) => {
                    rows.errors.push(error("cast", &format!("({} as {})", symbol.source, symbol.target), reason));
                }
            }
        }
        for symbol in &symbols.opclasses {
            if let Err(reason) = self.add_opclass(symbol, &mut rows.added) {
                rows.errors.push(error("operator class", &symbol.name, reason));
            }
        }
        rows
    }

    /// Takes away a row that a symbol made.
    pub fn remove_symbol_row(&mut self, row: SymbolRow) {
        match row {
            SymbolRow::Type(oid) => drop(self.remove_type(oid)),
            SymbolRow::Proc(oid) => drop(self.remove_proc(oid)),
            SymbolRow::Operator(oid) => drop(self.remove_operator(oid)),
            SymbolRow::Cast(source, target) => drop(self.remove_cast(source, target)),
            SymbolRow::Opclass(oid) => drop(self.remove_opclass(oid)),
            SymbolRow::Opfamily(oid) => drop(self.remove_opfamily(oid)),
            SymbolRow::Collation(oid) => drop(self.remove_collation(oid)),
            SymbolRow::Relation(oid) => drop(self.remove_relation(oid)),
            SymbolRow::AccessMethod(oid) => drop(self.remove_access_method(oid)),
            SymbolRow::Language(oid) => drop(self.remove_language(oid)),
        }
    }

    /// Makes a collation known, unless one of its name is.
    fn add_collation(&mut self, name: &QualifiedName, nondeterministic: bool, of: Option<&Name>) -> Option<Oid> {
        if self.known_collation(name).is_ok() {
            return None;
        }
        Some(self.put_collation(CollationRow {
            oid: Oid::INVALID,
            schema: Sym::from(&name.schema),
            name: Sym::from(&name.name),
            provider: 'c',
            deterministic: !nondeterministic,
            encoding: -1,
            extension: extension(of),
        }))
    }

    /// Gives a type its identifiers and what needs no other name.
    fn name_type(&mut self, symbol: &TypeSymbol) -> Result<Oid, Reason> {
        let (schema, name) = (Sym::from(&symbol.name.schema), Sym::from(&symbol.name.name));
        if self.type_in(&schema, &name).is_some_and(|row| !self.is_automatic_array(row)) {
            return Err("there is another one of that name".to_owned());
        }
        let kind = match symbol.kind {
            'b' => TypeKind::Base,
            'c' => TypeKind::Composite,
            'd' => TypeKind::Domain,
            'e' => TypeKind::Enum,
            'p' => TypeKind::Pseudo,
            'r' => TypeKind::Range,
            'm' => TypeKind::Multirange,
            other => return Err(format!("there is no kind of type '{other}'")),
        };
        let oid = self.allocate_oid();
        let mut row = TypeRow {
            oid,
            preferred: symbol.preferred,
            delimiter: symbol.delimiter,
            not_null: symbol.not_null,
            typmod_in: symbol.modifier_in.as_ref().map(|function| Sym::from(&function.name)),
            typmod_out: symbol.modifier_out.as_ref().map(|function| Sym::from(&function.name)),
            length: symbol.length,
            by_value: symbol.by_value,
            alignment: symbol.alignment,
            storage: symbol.storage,
            labels: symbol.labels.iter().map(Sym::from).collect(),
            extension: extension(symbol.extension.as_ref()),
            category: symbol.category,
            ..TypeRow::user(schema, name, kind)
        };
        if let Some(array) = &symbol.array {
            row.array = self.allocate_oid();
            self.put_type(row.array_over(row.array, &array.schema, &array.name));
        }
        Ok(self.put_type(row))
    }

    /// Gives a type what names other types.
    fn fill_type(&mut self, oid: Oid, symbol: &TypeSymbol) -> Result<(), Reason> {
        let Some(mut row) = self.type_by_oid(oid).cloned() else {
            return Ok(());
        };
        if let Some(collation) = &symbol.collation {
            row.collation = self.known_collation(collation)?;
        }
        if let Some(element) = &symbol.element {
            row.element = self.known_type(element)?;
            row.subscript = if row.length > 0 { Subscript::RawArray } else { Subscript::Other };
        }
        if let Some(base) = &symbol.base {
            (row.base, row.base_typmod) = self.parse_format_type(base).map_err(|error| error.to_string())?;
        }
        // A row type without attributes of its own is a relation's, which comes later.
        if row.kind == TypeKind::Composite && !symbol.attributes.is_empty() {
            let columns = self.columns(&symbol.attributes)?;
            row.relation = self.put_relation(RelationRow {
                oid: Oid::INVALID,
                schema: row.schema.clone(),
                name: row.name.clone(),
                kind: RelationKind::CompositeType,
                row_type: oid,
                columns,
                parents: Vec::new(),
                of_type: Oid::INVALID,
                primary_key: None,
                extension: row.extension.clone(),
            });
        }
        if let (TypeKind::Range, Some(subtype)) = (row.kind, &symbol.subtype) {
            let subtype = self.known_type(subtype)?;
            let multirange = match &symbol.multirange {
                Some(name) => self.type_in(name.schema.as_str(), name.name.as_str()).map(|row| row.oid),
                None => None,
            };
            let link = RangeLink {
                range: oid,
                subtype,
                multirange: multirange.unwrap_or_default(),
                collation: self.type_collation(subtype),
                opclass: self.default_opclass(subtype, Oid::BTREE_AM).unwrap_or_default(),
            };
            row.range = Some(link);
            if let Some(mut other) = self.type_by_oid(link.multirange).cloned() {
                other.range = Some(link);
                self.put_type(other);
            }
        }
        if row.kind == TypeKind::Multirange && row.range.is_none() {
            // The range fills both in; it may have come before.
            row.range = self.type_by_oid(oid).and_then(|row| row.range);
        }
        if let Some(array) = self.type_by_oid(row.array).cloned() {
            self.put_type(TypeRow { collation: row.collation, ..array });
        }
        self.put_type(row);
        Ok(())
    }

    /// Gives a relation its identifier and its row type; a row type that was listed as a type is taken.
    fn name_relation(&mut self, symbol: &RelationSymbol, added: &mut Vec<SymbolRow>) -> Oid {
        let (schema, name) = (Sym::from(&symbol.name.schema), Sym::from(&symbol.name.name));
        let extension = extension(symbol.extension.as_ref());
        let kind = match symbol.kind {
            'v' => RelationKind::View,
            'm' => RelationKind::MaterializedView,
            'f' => RelationKind::ForeignTable,
            'p' => RelationKind::PartitionedTable,
            'c' => RelationKind::CompositeType,
            'S' => RelationKind::Sequence,
            'i' => RelationKind::Index,
            'I' => RelationKind::PartitionedIndex,
            _ => RelationKind::Table,
        };
        let oid = self.allocate_oid();
        let mut row_type = Oid::INVALID;
        if !matches!(kind, RelationKind::Sequence | RelationKind::Index | RelationKind::PartitionedIndex) {
            let listed = self.type_in(&schema, &name).filter(|row| row.kind == TypeKind::Composite).cloned();
            row_type = match listed {
                Some(row) => self.put_type(TypeRow { relation: oid, ..row }),
                None => {
                    let row = TypeRow::user(schema.clone(), name.clone(), TypeKind::Composite);
                    let made = self.put_type_with_array(TypeRow { relation: oid, extension: extension.clone(), ..row });
                    added.extend([Some(made), self.array_type_of(made)].into_iter().flatten().map(SymbolRow::Type));
                    made
                }
            };
        }
        added.push(SymbolRow::Relation(oid));
        self.put_relation(RelationRow {
            oid,
            schema,
            name,
            kind,
            row_type,
            columns: RelationRow::columns_of_kind(kind),
            parents: Vec::new(),
            of_type: Oid::INVALID,
            primary_key: None,
            extension,
        })
    }

    fn columns(&self, symbols: &[ColumnSymbol]) -> Result<Vec<ColumnRow>, Reason> {
        (1i16..)
            .zip(symbols)
            .map(|(number, symbol)| {
                let (type_oid, typmod) =
                    self.parse_format_type(&symbol.data_type).map_err(|error| error.to_string())?;
                let collation = match &symbol.collation {
                    Some(name) => self.known_collation(name)?,
                    None => self.type_collation(type_oid),
                };
                Ok(ColumnRow {
                    name: Sym::from(&symbol.name),
                    number,
                    type_oid,
                    typmod,
                    collation,
                    not_null: symbol.not_null,
                    generated: false,
                })
            })
            .collect()
    }

    /// Adds a routine, unless its very signature is known: constructors of ranges come with their types.
    fn add_function(&mut self, symbol: &FunctionSymbol) -> Result<Option<Oid>, Reason> {
        let args = self.known_types(&symbol.name.arguments)?;
        let (schema, name) = (Sym::from(&symbol.name.name.schema), Sym::from(&symbol.name.name.name));
        if self.procs_named(&name).any(|row| row.schema == schema && row.args == args) {
            return Ok(None);
        }
        let result = self.known_type(&symbol.returns)?;
        let variadic = match &symbol.variadic {
            Some(element) => self.known_type(element)?,
            None => Oid::INVALID,
        };
        let types = match symbol.all_arguments.as_slice() {
            [] => args.clone(),
            all => self.known_types(all)?,
        };
        let mut parameters = Vec::new();
        if !symbol.all_arguments.is_empty() || !symbol.argument_names.is_empty() || !symbol.argument_modes.is_empty() {
            let mut modes = symbol.argument_modes.chars();
            let mut names = symbol.argument_names.iter();
            for type_oid in types {
                let mode = argument_mode(modes.next().unwrap_or('i'))?;
                let name = names.next().map_or(Sym::Static(""), Sym::from);
                parameters.push(ProcArg { type_oid, mode, name });
            }
        }
        let kind = match symbol.kind {
            'f' => ProcKind::Function,
            'p' => ProcKind::Procedure,
            'a' => ProcKind::Aggregate,
            'w' => ProcKind::Window,
            other => return Err(format!("there is no kind of routine '{other}'")),
        };
        let volatility = match symbol.volatility {
            'i' => Volatility::Immutable,
            's' => Volatility::Stable,
            'v' => Volatility::Volatile,
            other => return Err(format!("there is no volatility '{other}'")),
        };
        let aggregate = (kind == ProcKind::Aggregate).then(|| AggregateRow {
            kind: match symbol.aggregate_kind {
                Some('o') => AggregateKind::OrderedSet,
                Some('h') => AggregateKind::Hypothetical,
                _ => AggregateKind::Normal,
            },
            direct_args: i16::try_from(symbol.direct_arguments).unwrap_or(i16::MAX),
        });
        let row = ProcRow {
            oid: Oid::INVALID,
            schema,
            name,
            kind,
            args,
            parameters,
            default_count: symbol.defaults,
            variadic,
            result,
            returns_set: symbol.returns_set,
            volatility,
            strict: symbol.strict,
            leakproof: false,
            language: Oid::C_LANGUAGE,
            aggregate,
            extension: extension(symbol.extension.as_ref()),
        };
        Ok(Some(self.put_proc(row)))
    }

    fn add_operator(&mut self, symbol: &OperatorSymbol) -> Result<Oid, Reason> {
        let left = match &symbol.left {
            Some(left) => self.known_type(left)?,
            None => Oid::INVALID,
        };
        let row = OperatorRow {
            oid: Oid::INVALID,
            schema: Sym::from(&symbol.schema),
            name: Sym::from(&symbol.operator),
            left,
            right: self.known_type(&symbol.right)?,
            result: self.known_type(&symbol.result)?,
            proc: self.known_routine(&symbol.function)?,
            commutator: Oid::INVALID,
            negator: Oid::INVALID,
            can_merge: symbol.merges,
            can_hash: symbol.hashes,
            extension: extension(symbol.extension.as_ref()),
        };
        Ok(self.put_operator(row))
    }

    /// Ties an operator to its commutator and negator; those may be missing.
    fn link_operator(&mut self, oid: Oid, symbol: &OperatorSymbol) {
        let Some(mut row) = self.operator_by_oid(oid).cloned() else {
            return;
        };
        let find = |other: &Option<(Name, String)>, left, right| {
            let (schema, name) = other.as_ref()?;
            self.lookup_operator(&SearchPath::empty(), Some(schema.as_str()), name, left, right).map(|row| row.oid)
        };
        let commutator = find(&symbol.commutator, row.right, row.left);
        let negator = find(&symbol.negator, row.left, row.right);
        (row.commutator, row.negator) = (commutator.unwrap_or_default(), negator.unwrap_or_default());
        self.put_operator(row);
    }

    fn add_cast(&mut self, symbol: &CastSymbol) -> Result<Option<SymbolRow>, Reason> {
        let row = CastRow {
            oid: Oid::INVALID,
            source: self.known_type(&symbol.source)?,
            target: self.known_type(&symbol.target)?,
            func: match &symbol.function {
                Some(function) => self.known_routine(function)?,
                None => Oid::INVALID,
            },
            context: match symbol.context {
                'i' => CastContext::Implicit,
                'a' => CastContext::Assignment,
                'e' => CastContext::Explicit,
                other => return Err(format!("there is no cast context '{other}'")),
            },
            method: match symbol.method {
                'f' => CastMethod::Function,
                'b' => CastMethod::Binary,
                'i' => CastMethod::InOut,
                other => return Err(format!("there is no cast method '{other}'")),
            },
            extension: extension(symbol.extension.as_ref()),
        };
        if self.cast(row.source, row.target).is_some() {
            return Ok(None);
        }
        let made = SymbolRow::Cast(row.source, row.target);
        self.put_cast(row);
        Ok(Some(made))
    }

    fn add_opclass(&mut self, symbol: &OpclassSymbol, added: &mut Vec<SymbolRow>) -> Result<(), Reason> {
        let method = self.lookup_access_method(symbol.method.as_str()).map(|row| row.oid);
        let method = method.ok_or_else(|| format!("access method \"{}\" does not exist", symbol.method))?;
        let input = self.known_type(&symbol.input)?;
        let key = match &symbol.key_type {
            Some(key) => self.known_type(key)?,
            None => Oid::INVALID,
        };
        let mut operators = Vec::new();
        for (strategy, schema, name, left, right) in &symbol.operators {
            let (left, right) = (self.known_type(left)?, self.known_type(right)?);
            let operator = self.lookup_operator(&SearchPath::empty(), Some(schema.as_str()), name, left, right);
            let operator = operator.ok_or_else(|| format!("operator {schema}.{name} does not exist"))?.oid;
            let strategy = i16::try_from(*strategy).unwrap_or(i16::MAX);
            let sort_family = Oid::INVALID;
            operators.push(FamilyOperator { left, right, strategy, ordering: false, operator, sort_family });
        }
        let family = self.opfamily_for(symbol, method, operators, added)?;
        let class = self.put_opclass(OpclassRow {
            oid: Oid::INVALID,
            method,
            schema: Sym::from(&symbol.name.schema),
            name: Sym::from(&symbol.name.name),
            family,
            input,
            key,
            default: symbol.default,
            extension: extension(symbol.extension.as_ref()),
        });
        added.push(SymbolRow::Opclass(class));
        Ok(())
    }

    /// The family of a class with the class's operators in it, made when it is not there.
    fn opfamily_for(
        &mut self,
        symbol: &OpclassSymbol,
        method: Oid,
        operators: Vec<FamilyOperator>,
        added: &mut Vec<SymbolRow>,
    ) -> Result<Oid, Reason> {
        let (schema, name) = (Sym::from(&symbol.family.schema), Sym::from(&symbol.family.name));
        let mut row = match self.lookup_opfamily(&SearchPath::empty(), method, Some(&schema), &name) {
            Some(row) => row.clone(),
            None => OpfamilyRow {
                oid: Oid::INVALID,
                method,
                schema,
                name,
                operators: Vec::new(),
                procs: Vec::new(),
                extension: extension(symbol.extension.as_ref()),
            },
        };
        let fresh: Vec<FamilyOperator> = operators.into_iter().filter(|op| !row.operators.contains(op)).collect();
        if fresh.is_empty() && row.oid.is_valid() {
            return Ok(row.oid);
        }
        if row.oid.is_valid() && row.oid < Oid::FIRST_USER {
            return Err(format!("it extends the built-in operator family \"{}\"", row.name));
        }
        row.operators.extend(fresh);
        row.operators.sort_by_key(|op| (op.left, op.right, op.strategy));
        let is_new = !row.oid.is_valid();
        let family = self.put_opfamily(row);
        if is_new {
            added.push(SymbolRow::Opfamily(family));
        }
        Ok(family)
    }

    fn known_type(&self, text: &str) -> Result<Oid, Reason> {
        self.parse_format_type(text).map(|(oid, _)| oid).map_err(|error| error.to_string())
    }

    fn known_types(&self, texts: &[String]) -> Result<Vec<Oid>, Reason> {
        texts.iter().map(|text| self.known_type(text)).collect()
    }

    fn known_collation(&self, name: &QualifiedName) -> Result<Oid, Reason> {
        self.lookup_collation(&SearchPath::empty(), Some(name.schema.as_str()), name.name.as_str())
            .map(|row| row.oid)
            .ok_or_else(|| format!("collation {name} does not exist"))
    }

    fn known_routine(&self, routine: &Routine) -> Result<Oid, Reason> {
        let args = self.known_types(&routine.arguments)?;
        let (schema, name) = (routine.name.schema.as_str(), routine.name.name.as_str());
        self.lookup_proc(&SearchPath::empty(), Some(schema), name, &args)
            .map(|row| row.oid)
            .ok_or_else(|| format!("function {routine} does not exist"))
    }
}

fn extension(name: Option<&Name>) -> Option<Sym> {
    name.map(Sym::from)
}

fn error(kind: &str, name: &dyn std::fmt::Display, reason: Reason) -> SymbolError {
    SymbolError { what: format!("{kind} {name}"), reason }
}

fn argument_mode(letter: char) -> Result<ArgMode, Reason> {
    match letter {
        'i' => Ok(ArgMode::In),
        'o' => Ok(ArgMode::Out),
        'b' => Ok(ArgMode::InOut),
        'v' => Ok(ArgMode::Variadic),
        't' => Ok(ArgMode::Table),
        other => Err(format!("there is no argument mode '{other}'")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::env::{FuncLookup, Major};

    /// What a snapshot of a database with an extension like citext says.
    fn symbols() -> Symbols {
        serde_json::from_value(serde_json::json!({
            "types": [
                {"name": "ext.citext", "extension": "citext", "kind": "b", "category": "S", "length": -1, "alignment": "i",
                 "storage": "x", "delimiter": ",", "array": "ext._citext", "collation": "pg_catalog.default"},
                {"name": "ext.vector", "extension": "vector", "kind": "b", "category": "U", "length": -1, "alignment": "i",
                 "storage": "e", "delimiter": ",", "array": "ext._vector", "modifier_in": "ext.vector_typmod_in"},
                {"name": "ext.pair", "extension": "citext", "kind": "c", "category": "C", "length": -1, "alignment": "d",
                 "storage": "x", "delimiter": ",", "array": "ext._pair",
                 "attributes": [{"name": "a", "type": "ext.citext", "collation": "pg_catalog.default"},
                                {"name": "b", "type": "numeric(5,2)"}]},
                {"name": "ext.lost", "kind": "d", "category": "U", "length": -1, "alignment": "i", "storage": "x",
                 "delimiter": ",", "base": "nowhere.nothing"}
            ],
            "relations": [
                {"name": "public.seen", "kind": "v", "columns": [{"name": "c", "type": "ext.citext[]"}]}
            ],
            "functions": [
                {"name": "ext.citext_eq(ext.citext,ext.citext)", "extension": "citext", "kind": "f", "returns": "boolean",
                 "volatility": "i", "strict": true},
                {"name": "ext.words(text,ext.citext[])", "extension": "citext", "kind": "f", "returns": "text",
                 "volatility": "i", "all_arguments": ["text", "ext.citext[]", "text"], "argument_modes": "ivo",
                 "argument_names": ["a", "b", "c"], "variadic": "ext.citext"}
            ],
            "operators": [
                {"schema": "ext", "operator": "=", "extension": "citext", "left": "ext.citext", "right": "ext.citext",
                 "result": "boolean", "function": "ext.citext_eq(ext.citext,ext.citext)", "commutator": ["ext", "="],
                 "merges": true, "hashes": true}
            ],
            "casts": [
                {"source": "ext.citext", "target": "text", "extension": "citext", "context": "i", "method": "b"}
            ],
            "opclasses": [
                {"name": "ext.citext_ops", "extension": "citext", "method": "btree", "family": "ext.citext_ops",
                 "input": "ext.citext", "default": true, "operators": [[3, "ext", "=", "ext.citext", "ext.citext"]]}
            ],
            "collations": [{"name": "pg_catalog.\"C.utf8\""}]
        }))
        .unwrap()
    }

    fn loaded() -> (Env, SymbolRows) {
        let mut env = Env::for_major(Major::V17);
        let symbols = symbols();
        let stages =
            [env.add_symbol_types(&symbols), env.add_symbol_relations(&symbols), env.add_symbol_routines(&symbols)];
        let mut all = SymbolRows::default();
        for rows in stages {
            all.added.extend(rows.added);
            all.errors.extend(rows.errors);
        }
        (env, all)
    }

    #[test]
    fn symbols_become_rows() {
        let (env, rows) = loaded();
        let errors: Vec<String> = rows.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, ["type ext.lost cannot be used: type \"nowhere.nothing\" does not exist"]);
        let (citext, _) = env.parse_format_type("ext.citext").unwrap();
        assert_eq!(env.parse_format_type("ext.vector(3)[]").map(|found| found.1), Ok(3));
        assert!(env.is_binary_coercible(citext, Oid::TEXT));
        let path = SearchPath::new(["public", "ext"]);
        let equal = env.lookup_operator(&path, None, "=", citext, citext).unwrap();
        assert_eq!(equal.commutator, equal.oid);
        let class = env.opclass_by_oid(env.default_opclass(citext, Oid::BTREE_AM).unwrap()).unwrap();
        assert_eq!(env.family_operator(class.family, citext, citext, 3), Some(equal.oid));
        let seen = env.lookup_relation(&path, None, "seen").unwrap();
        assert_eq!(env.format_type(seen.columns[0].type_oid, -1), "ext.citext[]");
        let pair = env.relation_of_type(env.lookup_type(&path, None, "pair").unwrap().oid).unwrap();
        assert_eq!(env.format_type(pair.columns[1].type_oid, pair.columns[1].typmod), "numeric(5,2)");
        let lookup = FuncLookup {
            schema: Some("ext"),
            name: "words",
            arg_count: Some(4),
            arg_names: &[],
            expand_variadic: true,
            expand_defaults: true,
            include_out_args: false,
        };
        assert_eq!(env.func_candidates(&path, &lookup)[0].args, [Oid::TEXT, citext, citext, citext]);
        let named = FuncLookup { arg_count: Some(2), arg_names: &["b", "a"], expand_variadic: false, ..lookup };
        assert_eq!(env.func_candidates(&path, &named)[0].arg_numbers, Some(vec![1, 0]));
    }

    #[test]
    fn rows_that_symbols_made_can_be_taken_away() {
        let (mut env, rows) = loaded();
        for row in rows.added {
            env.remove_symbol_row(row);
        }
        assert!(env.types().all(|row| row.oid < Oid::FIRST_USER));
        assert!(env.procs().all(|row| row.oid < Oid::FIRST_USER));
        assert!(env.relations().all(|row| row.oid < Oid::FIRST_USER));
        assert!(env.operators().all(|row| row.oid < Oid::FIRST_USER));
        assert!(env.opclasses().all(|row| row.oid < Oid::FIRST_USER));
        assert!(env.opfamilies().all(|row| row.oid < Oid::FIRST_USER));
        assert!(env.casts().all(|row| row.extension.is_none()));
    }
}
