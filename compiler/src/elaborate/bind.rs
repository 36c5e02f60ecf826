//! From facts to rows of the environment: what each kind of fact makes known to name resolution.
//!
//! A fact is bound in two steps, so that facts may be loaded in any order: `declare` makes its names and identifiers known,
//! `define` says what is behind them. The identifiers of a fact never change while the model lives, not even when it is
//! taken out and put back.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use pgseal_catalog::facts::{
    Column, Constraint, ConstraintKind, Domain, Function, KeyTarget, Payload, Range, RoutineKind,
};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::model::Model;
use crate::env::{
    ArgMode, CastContext, CastMethod, CastRow, ColumnRow, Oid, PrimaryKey, ProcArg, ProcKind, ProcRow, RangeLink,
    RelationKind, RelationRow, Subscript, Sym, SymbolError, SymbolRow, TypeKind, TypeRow, Volatility,
};

/// What a fact has an identifier for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    /// A relation: table, index, sequence, composite type, the index of a constraint, the sequence of an identity column.
    Relation,
    /// A type.
    Type,
    /// The array over it.
    Array,
    /// A multirange.
    Multirange,
    /// The array over that.
    MultirangeArray,
    /// A routine; ranges have several.
    Routine(u8),
    /// A column's number is found here, never an identifier of its own.
    Cast,
}

/// Which identifiers belong to which facts.
#[derive(Debug, Clone, Default)]
pub(super) struct Bindings {
    // looked into and never gone through
    oids: HashMap<FactId, Vec<(Slot, Oid)>, FixedState>,
    facts: BTreeMap<Oid, FactId>,
    /// The identifiers of extension members and loose symbols, by extension.
    pub(super) members: BTreeMap<Option<Name>, Vec<SymbolRow>>,
    /// Symbols that could not be taken in.
    pub(super) unusable: Vec<SymbolError>,
}

impl Bindings {
    pub(super) fn fact_of(&self, oid: Oid) -> Option<&FactId> {
        self.facts.get(&oid)
    }

    pub(super) fn oid(&self, id: &FactId, slot: Slot) -> Option<Oid> {
        self.oids.get(id)?.iter().find(|(of, _)| *of == slot).map(|(_, oid)| *oid)
    }

    pub(super) fn own(&mut self, oid: Oid, id: FactId) {
        self.facts.insert(oid, id);
    }
}

/// The prototype of a user's type row.
fn type_row(oid: Oid, name: &QualifiedName, kind: TypeKind) -> TypeRow {
    TypeRow {
        oid,
        schema: Sym::from(name.schema.as_str()),
        name: Sym::from(name.name.as_str()),
        kind,
        defined: true,
        category: 'U',
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

impl Model {
    /// The identifier that a fact has for something, made up on first use.
    pub(super) fn slot(&mut self, id: &FactId, slot: Slot) -> Oid {
        if let Some(oid) = self.bindings.oid(id, slot) {
            return oid;
        }
        let oid = self.env.allocate_oid();
        self.bindings.oids.entry(id.clone()).or_default().push((slot, oid));
        self.bindings.facts.insert(oid, id.clone());
        oid
    }

    /// The type that a stored text means; invalid when nothing is known of it.
    pub(super) fn stored_type(&self, text: &str) -> (Oid, i32) {
        self.env.parse_format_type(text).unwrap_or((Oid::INVALID, -1))
    }

    /// The collation of that name; invalid when nothing is known of it.
    pub(super) fn stored_collation(&self, name: &QualifiedName) -> Oid {
        self.env
            .collations_named(name.name.as_str())
            .find(|row| row.schema == *name.schema.as_str())
            .map_or(Oid::INVALID, |row| row.oid)
    }

    /// Makes a fact's names known.
    pub(super) fn declare(&mut self, fact: &Fact) {
        match &fact.payload {
            Payload::Schema(_) => {
                if let FactId::Schema(name) = &fact.id {
                    self.env.add_schema(name.as_str());
                }
            }
            Payload::Enum(found) => self.declare_type(&fact.id, |row| {
                row.kind = TypeKind::Enum;
                row.category = 'E';
                row.length = 4;
                row.by_value = true;
                row.storage = 'p';
                row.labels = found.labels.iter().map(Sym::from).collect();
            }),
            Payload::Domain(_) => self.declare_type(&fact.id, |row| row.kind = TypeKind::Domain),
            Payload::Composite(_) => {
                self.declare_relation(&fact.id, RelationKind::CompositeType);
                self.declare_row_type(&fact.id);
            }
            Payload::Range(found) => self.declare_range(&fact.id, found),
            Payload::Sequence(_) => self.declare_relation(&fact.id, RelationKind::Sequence),
            Payload::Table(table) => {
                let kind = match table.partition_key {
                    Some(_) => RelationKind::PartitionedTable,
                    None => RelationKind::Table,
                };
                self.declare_relation(&fact.id, kind);
                self.declare_row_type(&fact.id);
            }
            Payload::View(_) | Payload::MaterializedView(_) => {
                let kind = match &fact.payload {
                    Payload::View(_) => RelationKind::View,
                    _ => RelationKind::MaterializedView,
                };
                self.declare_relation(&fact.id, kind);
                self.declare_row_type(&fact.id);
            }
            Payload::Index(_) => self.declare_relation(&fact.id, RelationKind::Index),
            Payload::Constraint(constraint) => {
                if matches!(
                    constraint.is,
                    ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_)
                ) {
                    self.declare_relation(&fact.id, RelationKind::Index);
                }
            }
            Payload::Extension(extension) => {
                if let FactId::Extension(name) = &fact.id {
                    self.bind_extension_symbols(name, &extension.schema);
                }
            }
            Payload::Column(_)
            | Payload::Default(_)
            | Payload::DomainConstraint(_)
            | Payload::Function(_)
            | Payload::Procedure(_)
            | Payload::Aggregate(_)
            | Payload::Trigger(_)
            | Payload::Policy(_)
            | Payload::Rule(_)
            | Payload::Comment(_) => {}
        }
    }

    /// Says what is behind a fact's names, all of which are known by now.
    pub(super) fn define(&mut self, fact: &Fact) {
        match &fact.payload {
            Payload::Domain(domain) => self.define_domain(&fact.id, domain),
            Payload::Composite(composite) => {
                let attributes = composite.attributes.iter();
                self.define_columns(&fact.id, attributes.map(|a| (&a.name, &a.data_type, a.collation.as_ref())));
            }
            Payload::View(view) => {
                let columns = view.columns.iter();
                self.define_columns(&fact.id, columns.map(|c| (&c.name, &c.data_type, c.collation.as_ref())));
            }
            Payload::MaterializedView(view) => {
                let columns = view.columns.iter();
                self.define_columns(&fact.id, columns.map(|c| (&c.name, &c.data_type, c.collation.as_ref())));
            }
            Payload::Range(range) => self.define_range(&fact.id, range),
            Payload::Table(table) => {
                let parents = table
                    .partition_of
                    .iter()
                    .map(|p| &p.parent)
                    .chain(&table.inherits)
                    .filter_map(|parent| self.relation_row(parent).map(|row| row.oid))
                    .collect();
                let of_type = table.of_type.as_ref().and_then(|of| self.relation_row(of)).map(|row| row.row_type);
                self.edit_relation(&fact.id, |row| {
                    row.parents = parents;
                    row.of_type = of_type.unwrap_or(Oid::INVALID);
                });
            }
            Payload::Column(column) => self.define_column(&fact.id, column, fact.position),
            Payload::Constraint(constraint) => {
                if let FactId::Constraint(table, name) = &fact.id {
                    self.define_primary_key(table, name, constraint);
                }
            }
            Payload::Function(function) | Payload::Procedure(function) => self.define_routine(&fact.id, function),
            Payload::Aggregate(aggregate) => {
                if let FactId::Aggregate(routine) = &fact.id {
                    let oid = self.slot(&fact.id, Slot::Routine(0));
                    self.define_aggregate(oid, routine, aggregate);
                }
            }
            Payload::Schema(_)
            | Payload::Extension(_)
            | Payload::Enum(_)
            | Payload::DomainConstraint(_)
            | Payload::Sequence(_)
            | Payload::Default(_)
            | Payload::Index(_)
            | Payload::Trigger(_)
            | Payload::Policy(_)
            | Payload::Rule(_)
            | Payload::Comment(_) => {}
        }
    }

    /// Gives a relation columns of these names, types and collations, numbered as they come.
    fn define_columns<'a>(
        &mut self,
        id: &FactId,
        columns: impl Iterator<Item = (&'a Name, &'a String, Option<&'a QualifiedName>)>,
    ) {
        let columns = columns
            .zip(1_i16..)
            .map(|((name, data_type, collation), number)| self.column_row(name, number, data_type, collation));
        let columns = columns.collect();
        self.edit_relation(id, |row| row.columns = columns);
    }

    /// Says what is behind a fact's names after it changed in place.
    pub(super) fn redefine(&mut self, before: &Fact, after: &Fact) {
        if before.payload == after.payload && before.position == after.position {
            return;
        }
        match (&before.payload, &after.payload) {
            (Payload::Table(_), Payload::Table(table)) => {
                let kind = match table.partition_key {
                    Some(_) => RelationKind::PartitionedTable,
                    None => RelationKind::Table,
                };
                self.edit_relation(&after.id, |row| row.kind = kind);
            }
            (Payload::Enum(_), Payload::Enum(found)) => {
                let labels = found.labels.iter().map(Sym::from).collect();
                self.edit_type(&after.id, |row| row.labels = labels);
            }
            (Payload::Column(_), Payload::Column(_))
            | (Payload::Composite(_), Payload::Composite(_))
            | (Payload::View(_), Payload::View(_))
            | (Payload::MaterializedView(_), Payload::MaterializedView(_))
            | (Payload::Domain(_), Payload::Domain(_)) => {}
            // the members keep their identifiers, which the rows of other facts hold
            (Payload::Extension(before), Payload::Extension(extension)) => {
                if let FactId::Extension(name) = &after.id {
                    self.move_members(name, &before.schema, &extension.schema);
                }
            }
            _ => {
                self.unbind(before);
                self.declare(after);
            }
        }
        self.define(after);
    }

    /// Takes away what a fact made known.
    pub(super) fn unbind(&mut self, fact: &Fact) {
        match &fact.payload {
            Payload::Schema(_) => {
                if let FactId::Schema(name) = &fact.id {
                    self.env.remove_schema(name.as_str());
                }
            }
            Payload::Extension(_) => {
                if let FactId::Extension(name) = &fact.id {
                    self.unbind_symbols(&Some(name.clone()));
                }
            }
            Payload::Column(column) => self.unbind_column(&fact.id, column),
            _ => {
                if let (Payload::Constraint(constraint), FactId::Constraint(table, _)) = (&fact.payload, &fact.id)
                    && matches!(constraint.is, ConstraintKind::PrimaryKey(_))
                {
                    self.edit_relation(&FactId::Table(table.clone()), |row| row.primary_key = None);
                }
                let slots = self.bindings.oids.get(&fact.id).cloned().unwrap_or_default();
                for (slot, oid) in slots {
                    match slot {
                        Slot::Relation => {
                            self.env.remove_relation(oid);
                        }
                        Slot::Type | Slot::Array | Slot::Multirange | Slot::MultirangeArray => {
                            self.env.remove_type(oid);
                        }
                        Slot::Routine(_) => {
                            self.env.remove_proc(oid);
                        }
                        Slot::Cast => {}
                    }
                }
                if let (Payload::Range(_), Some(range), Some(multirange)) = (
                    &fact.payload,
                    self.bindings.oid(&fact.id, Slot::Type),
                    self.bindings.oid(&fact.id, Slot::Multirange),
                ) {
                    self.env.remove_cast(range, multirange);
                }
            }
        }
    }

    fn declare_type(&mut self, id: &FactId, fill: impl FnOnce(&mut TypeRow)) {
        let (FactId::Enum(name)
        | FactId::Domain(name)
        | FactId::Composite(name)
        | FactId::Range(name)
        | FactId::Table(name)
        | FactId::View(name)
        | FactId::MaterializedView(name)) = id
        else {
            return;
        };
        let oid = self.slot(id, Slot::Type);
        let array = self.slot(id, Slot::Array);
        let mut row = type_row(oid, name, TypeKind::Base);
        row.array = array;
        fill(&mut row);
        self.env.push_array_aside(name.schema.as_str(), name.name.as_str());
        self.declare_array(array, &row, name);
        self.env.put_type(row);
    }

    /// The array over a type.
    fn declare_array(&mut self, oid: Oid, of: &TypeRow, name: &QualifiedName) {
        let mut row = type_row(oid, name, TypeKind::Base);
        row.name = self.env.array_type_name(name.schema.as_str(), name.name.as_str(), oid);
        row.category = 'A';
        row.element = of.oid;
        row.subscript = Subscript::Array;
        row.collation = of.collation;
        row.delimiter = of.delimiter;
        row.alignment = if of.alignment == 'd' { 'd' } else { 'i' };
        self.env.put_type(row);
    }

    fn declare_row_type(&mut self, id: &FactId) {
        let relation = self.slot(id, Slot::Relation);
        self.declare_type(id, |row| {
            row.kind = TypeKind::Composite;
            row.category = 'C';
            row.relation = relation;
            row.alignment = 'd';
        });
        let row_type = self.slot(id, Slot::Type);
        self.edit_relation(id, |row| row.row_type = row_type);
    }

    fn declare_relation(&mut self, id: &FactId, kind: RelationKind) {
        let name = match id {
            FactId::Table(name)
            | FactId::View(name)
            | FactId::MaterializedView(name)
            | FactId::Index(name)
            | FactId::Sequence(name)
            | FactId::Composite(name) => name.clone(),
            FactId::Constraint(table, name) => QualifiedName::new(table.schema.clone(), name.clone()),
            _ => return,
        };
        let oid = self.slot(id, Slot::Relation);
        self.put_bare_relation(oid, &name, kind);
    }

    pub(super) fn put_bare_relation(&mut self, oid: Oid, name: &QualifiedName, kind: RelationKind) {
        self.env.put_relation(RelationRow {
            oid,
            schema: Sym::from(name.schema.as_str()),
            name: Sym::from(name.name.as_str()),
            kind,
            row_type: Oid::INVALID,
            columns: RelationRow::columns_of_kind(kind),
            parents: Vec::new(),
            of_type: Oid::INVALID,
            primary_key: None,
            extension: None,
        });
    }

    fn edit_relation(&mut self, id: &FactId, edit: impl FnOnce(&mut RelationRow)) {
        if let Some(oid) = self.bindings.oid(id, Slot::Relation) {
            self.env.edit_relation(oid, edit);
        }
    }

    fn edit_type(&mut self, id: &FactId, edit: impl FnOnce(&mut TypeRow)) {
        if let Some(oid) = self.bindings.oid(id, Slot::Type) {
            self.env.edit_type(oid, edit);
        }
    }

    pub(super) fn column_row(
        &self,
        name: &Name,
        number: i16,
        data_type: &str,
        collation: Option<&QualifiedName>,
    ) -> ColumnRow {
        let (type_oid, typmod) = self.stored_type(data_type);
        let collation = match collation {
            Some(name) => self.stored_collation(name),
            None => self.env.type_collation(type_oid),
        };
        ColumnRow {
            name: Sym::from(name.as_str()),
            number,
            type_oid,
            typmod,
            collation,
            not_null: false,
            generated: false,
        }
    }

    fn define_domain(&mut self, id: &FactId, domain: &Domain) {
        let (base, typmod) = self.stored_type(&domain.base);
        let collation = match &domain.collation {
            Some(name) => self.stored_collation(name),
            None => self.env.type_collation(base),
        };
        let Some(of) = self.env.type_by_oid(base).cloned() else { return };
        let dimensions = i16::from(domain.base.ends_with("[]"));
        self.edit_type(id, |row| {
            row.base = base;
            row.base_typmod = typmod;
            row.not_null = domain.not_null;
            row.dimensions = dimensions;
            row.collation = collation;
            row.category = of.category;
            row.delimiter = of.delimiter;
            row.length = of.length;
            row.by_value = of.by_value;
            row.alignment = of.alignment;
            row.storage = of.storage;
        });
        let array = self.bindings.oid(id, Slot::Array).and_then(|oid| self.env.type_by_oid(oid)).cloned();
        if let Some(mut array) = array {
            array.collation = collation;
            array.alignment = if of.alignment == 'd' { 'd' } else { 'i' };
            self.env.put_type(array);
        }
    }

    fn declare_range(&mut self, id: &FactId, range: &Range) {
        self.declare_type(id, |row| {
            row.kind = TypeKind::Range;
            row.category = 'R';
        });
        let oid = self.slot(id, Slot::Multirange);
        let array = self.slot(id, Slot::MultirangeArray);
        let mut row = type_row(oid, &range.multirange, TypeKind::Multirange);
        row.category = 'R';
        row.array = array;
        self.declare_array(array, &row, &range.multirange);
        self.env.put_type(row);
    }

    fn define_range(&mut self, id: &FactId, range: &Range) {
        let FactId::Range(name) = id else { return };
        let (subtype, _) = self.stored_type(&range.subtype);
        let (oid, multirange) = (self.slot(id, Slot::Type), self.slot(id, Slot::Multirange));
        let collation = match &range.collation {
            Some(name) => self.stored_collation(name),
            None => Oid::INVALID,
        };
        let opclass = self
            .env
            .opclasses_named(range.subtype_opclass.name.as_str())
            .find(|row| row.schema == *range.subtype_opclass.schema.as_str() && row.method == Oid::BTREE_AM)
            .map_or(Oid::INVALID, |row| row.oid);
        let link = RangeLink { range: oid, subtype, multirange, collation, opclass };
        let alignment = match self.env.type_by_oid(subtype).map(|row| row.alignment) {
            Some('d') => 'd',
            _ => 'i',
        };
        for ty in [oid, multirange] {
            if let Some(mut row) = self.env.type_by_oid(ty).cloned() {
                row.range = Some(link);
                row.alignment = alignment;
                self.env.put_type(row);
            }
        }
        self.define_range_routines(id, name, &range.multirange, link);
    }

    /// The constructors that come with a range type (`makeRangeConstructors`, `makeMultirangeConstructors`).
    fn define_range_routines(
        &mut self,
        id: &FactId,
        name: &QualifiedName,
        multirange: &QualifiedName,
        link: RangeLink,
    ) {
        let array = self.env.array_type_of(link.range).unwrap_or(Oid::INVALID);
        let (range, multi, sub) = (link.range, link.multirange, link.subtype);
        let routines: [(&QualifiedName, Vec<Oid>, Oid, bool, Oid); 5] = [
            (name, vec![sub, sub], range, false, Oid::INVALID),
            (name, vec![sub, sub, Oid::TEXT], range, false, Oid::INVALID),
            (multirange, Vec::new(), multi, true, Oid::INVALID),
            (multirange, vec![range], multi, true, Oid::INVALID),
            (multirange, vec![array], multi, true, range),
        ];
        for ((name, args, result, strict, variadic), slot) in routines.into_iter().zip(0_u8..) {
            let oid = self.slot(id, Slot::Routine(slot));
            let parameters = match variadic.valid() {
                Some(_) => vec![ProcArg { type_oid: array, mode: ArgMode::Variadic, name: Sym::Static("") }],
                None => Vec::new(),
            };
            self.env.put_proc(ProcRow {
                oid,
                schema: Sym::from(name.schema.as_str()),
                name: Sym::from(name.name.as_str()),
                kind: ProcKind::Function,
                args,
                parameters,
                default_count: 0,
                variadic,
                result,
                returns_set: false,
                volatility: Volatility::Immutable,
                strict,
                leakproof: false,
                language: Oid::INTERNAL_LANGUAGE,
                aggregate: None,
                extension: None,
            });
        }
        let func = self.slot(id, Slot::Routine(3));
        let oid = self.slot(id, Slot::Cast);
        self.env.put_cast(CastRow {
            oid,
            source: range,
            target: multi,
            func,
            context: CastContext::Explicit,
            method: CastMethod::Function,
            extension: None,
        });
    }

    fn define_column(&mut self, id: &FactId, column: &Column, position: Option<u32>) {
        let FactId::Column(table, name) = id else { return };
        let number = position.and_then(|p| i16::try_from(p).ok()).unwrap_or(i16::MAX);
        let mut row = self.column_row(name, number, &column.data_type, column.collation.as_ref());
        row.not_null = column.not_null;
        row.generated = column.generated.is_some();
        self.edit_relation(&FactId::Table(table.clone()), |relation| {
            relation.columns.retain(|other| other.name != row.name);
            let at = relation.columns.partition_point(|other| other.number <= row.number);
            relation.columns.insert(at, row);
        });
        match &column.identity {
            Some(identity) => {
                let known = self.relation_row(&identity.sequence).map(|row| row.oid);
                let own = self.bindings.oid(id, Slot::Relation);
                if known.is_none() {
                    if let Some(stale) = own {
                        self.env.remove_relation(stale);
                    }
                    let oid = self.slot(id, Slot::Relation);
                    self.put_bare_relation(oid, &identity.sequence, RelationKind::Sequence);
                }
            }
            None => {
                if let Some(stale) = self.bindings.oid(id, Slot::Relation) {
                    self.env.remove_relation(stale);
                }
            }
        }
    }

    /// Tells a table's row its primary key, on which `GROUP BY` may lean.
    fn define_primary_key(&mut self, table: &QualifiedName, name: &Name, constraint: &Constraint) {
        let ConstraintKind::PrimaryKey(key) = &constraint.is else { return };
        if constraint.deferrable {
            return;
        }
        let name = Sym::from(name.as_str());
        self.edit_relation(&FactId::Table(table.clone()), |row| {
            let columns = key.columns.iter().filter_map(|c| row.column(c.as_str()).map(|c| c.number)).collect();
            row.primary_key = Some(PrimaryKey { name, columns });
        });
    }

    /// Tells it again after its columns were numbered anew.
    pub(super) fn renumber_primary_key(&mut self, table: &QualifiedName) {
        let key = self.constraints(table).find(|(_, c)| matches!(c.is, ConstraintKind::PrimaryKey(_)));
        if let Some((name, constraint)) = key.map(|(name, constraint)| (name.clone(), constraint.clone())) {
            self.define_primary_key(table, &name, &constraint);
        }
    }

    fn unbind_column(&mut self, id: &FactId, column: &Column) {
        let FactId::Column(table, name) = id else { return };
        self.edit_relation(&FactId::Table(table.clone()), |relation| {
            relation.columns.retain(|other| other.name.as_str() != name.as_str());
        });
        if column.identity.is_some()
            && let Some(oid) = self.bindings.oid(id, Slot::Relation)
        {
            self.env.remove_relation(oid);
        }
    }

    fn define_routine(&mut self, id: &FactId, function: &Function) {
        let (FactId::Function(routine) | FactId::Procedure(routine)) = id else { return };
        use pgseal_catalog::facts::ArgumentMode as Mode;
        let parameters: Vec<ProcArg> = function
            .arguments
            .iter()
            .map(|argument| ProcArg {
                type_oid: self.stored_type(&argument.data_type).0,
                mode: match argument.mode {
                    Mode::In => ArgMode::In,
                    Mode::Out => ArgMode::Out,
                    Mode::InOut => ArgMode::InOut,
                    Mode::Variadic => ArgMode::Variadic,
                    Mode::Table => ArgMode::Table,
                },
                name: argument.name.as_ref().map_or(Sym::Static(""), |name| Sym::from(name.as_str())),
            })
            .collect();
        let args = parameters.iter().filter(|p| p.mode.is_input()).map(|p| p.type_oid).collect();
        let variadic =
            parameters.iter().find(|p| p.mode == ArgMode::Variadic).map_or(Oid::INVALID, |p| match p.type_oid {
                Oid::ANY => Oid::ANY,
                Oid::ANYARRAY => Oid::ANYELEMENT,
                Oid::ANYCOMPATIBLEARRAY => Oid::ANYCOMPATIBLE,
                array => self.env.element_type_of(array).unwrap_or(Oid::INVALID),
            });
        let defaults = function.arguments.iter().filter(|a| a.default.is_some()).count();
        let result = function.returns.as_ref().map_or(Oid::VOID, |text| self.stored_type(text).0);
        let language = self.env.lookup_language(function.language.as_str()).map_or(Oid::INVALID, |row| row.oid);
        let oid = self.slot(id, Slot::Routine(0));
        use pgseal_catalog::facts::Volatility as Stored;
        self.env.put_proc(ProcRow {
            oid,
            schema: Sym::from(routine.name.schema.as_str()),
            name: Sym::from(routine.name.name.as_str()),
            kind: match function.kind {
                RoutineKind::Function => ProcKind::Function,
                RoutineKind::Window => ProcKind::Window,
                RoutineKind::Procedure => ProcKind::Procedure,
            },
            args,
            parameters,
            default_count: u16::try_from(defaults).unwrap_or(u16::MAX),
            variadic,
            result,
            returns_set: function.returns_set,
            volatility: match function.volatility {
                Stored::Volatile => Volatility::Volatile,
                Stored::Stable => Volatility::Stable,
                Stored::Immutable => Volatility::Immutable,
            },
            strict: function.strict,
            leakproof: function.leakproof,
            language,
            aggregate: None,
            extension: None,
        });
    }

    /// Whether a key of an index is over an expression.
    #[must_use]
    pub fn is_expression(target: &KeyTarget) -> bool {
        matches!(target, KeyTarget::Expression(_))
    }
}
