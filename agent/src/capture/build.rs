//! The rows that were read, by OID, and the catalog that is being built from them.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::facts::SequenceOptions;
use pgseal_catalog::snapshot::{Unmodeled, is_agents_schema};
use pgseal_catalog::{Catalog, FactId, Name, Needs, QualifiedName, Scope};

use super::Extent;
use super::address::{Address, ByNumbers, Exact, FactNumber, Found, Nodes, Numbers, class};
use super::aggregates::{AggregateRow, read_aggregates};
use super::comments::{CommentRow, read_comments};
use super::constraints::ConstraintRow;
use super::edges::{DependRow, read_depends};
use super::error::CaptureError;
use super::extensions::{ExtensionRow, read_extensions};
use super::functions::{ProcRow, read_procs};
use super::indexes::{self, IndexRow, read_indexes};
use super::names::{CollationRow, MethodRow, Names, read_collations, read_languages, read_methods, read_namespaces};
use super::opclasses::{DefaultOpclasses, OpclassRow, read_binary_casts, read_opclasses};
use super::operators::{
    CastRow, FamilyOperatorRow, OperatorRow, read_casts, read_families, read_family_operators, read_operators,
};
use super::policies::{PolicyRow, read_policies};
use super::relations::{
    AttributeRow, ClassRow, InheritsRow, PartitionedRow, SequenceRow, read_attributes, read_classes, read_inherits,
    read_partitioned, read_sequences,
};
use super::rules::{RuleRow, read_rules};
use super::session::Session;
use super::triggers::{TriggerRow, read_triggers};
use super::types::{TypeRow, read_labels, read_types};
use super::unmodeled::{OtherRow, read_others};
use super::views::read_views;

/// The rows that a capture starts from, one query per field.
pub(super) struct Raw {
    pub namespaces: Vec<(u32, Name)>,
    pub extensions: Vec<ExtensionRow>,
    pub types: Vec<TypeRow>,
    pub labels: ByNumbers<u32, Vec<String>>,
    pub classes: Vec<ClassRow>,
    inherits: ByNumbers<u32, Vec<u32>>,
    pub detaching: Vec<u32>,
    pub partitioned: ByNumbers<u32, PartitionedRow>,
    pub attributes: Vec<AttributeRow>,
    /// Relations with a column that was dropped.
    lost_columns: Vec<u32>,
    pub sequences: ByNumbers<u32, SequenceRow>,
    pub indexes: Vec<IndexRow>,
    pub procs: Vec<ProcRow>,
    pub aggregates: Vec<AggregateRow>,
    pub views: ByNumbers<u32, String>,
    pub depends: Vec<DependRow>,
    pub opclasses: Vec<OpclassRow>,
    pub binary_casts: Vec<(u32, u32)>,
    pub collations: Vec<CollationRow>,
    pub methods: Vec<MethodRow>,
    pub languages: Vec<(u32, Name)>,
}

/// The rows that are read while facts are made of the others.
pub(super) struct Rest {
    pub triggers: Vec<TriggerRow>,
    pub policies: Vec<PolicyRow>,
    pub rules: Vec<RuleRow>,
    pub comments: Vec<CommentRow>,
    // what no fact is made from
    pub operators: Vec<OperatorRow>,
    pub casts: Vec<CastRow>,
    pub family_operators: Vec<FamilyOperatorRow>,
    pub families: Vec<(u32, u32, Name)>,
    pub others: Vec<OtherRow>,
}

impl Rest {
    pub fn read(s: &mut Session<'_>, extent: Extent) -> Result<Self, CaptureError> {
        let everything = extent == Extent::Everything;
        Ok(Self {
            triggers: read_triggers(s)?,
            policies: read_policies(s)?,
            rules: read_rules(s)?,
            comments: read_comments(s)?,
            operators: if everything { read_operators(s)? } else { Vec::new() },
            casts: if everything { read_casts(s)? } else { Vec::new() },
            family_operators: if everything { read_family_operators(s)? } else { Vec::new() },
            families: if everything { read_families(s)? } else { Vec::new() },
            others: if everything { read_others(s)? } else { Vec::new() },
        })
    }
}

impl Raw {
    pub fn read(s: &mut Session<'_>) -> Result<Self, CaptureError> {
        let mut inherits: ByNumbers<u32, Vec<u32>> = ByNumbers::default();
        let mut detaching = Vec::new();
        for InheritsRow { child, parent, detach_pending } in read_inherits(s)? {
            inherits.entry(child).or_default().push(parent);
            if detach_pending {
                detaching.push(child);
            }
        }
        let namespaces = read_namespaces(s)?;
        let extensions = read_extensions(s)?;
        let types = read_types(s)?;
        let labels = read_labels(s)?;
        let classes = read_classes(s)?;
        let partitioned = read_partitioned(s)?;
        let (attributes, lost_columns) = read_attributes(s)?;
        Ok(Self {
            namespaces,
            extensions,
            types,
            labels,
            classes,
            inherits,
            detaching,
            partitioned,
            attributes,
            lost_columns,
            sequences: read_sequences(s)?,
            indexes: read_indexes(s)?,
            procs: read_procs(s)?,
            aggregates: read_aggregates(s)?,
            views: read_views(s)?,
            depends: read_depends(s)?,
            opclasses: read_opclasses(s)?,
            binary_casts: read_binary_casts(s)?,
            collations: read_collations(s)?,
            methods: read_methods(s)?,
            languages: read_languages(s)?,
        })
    }

    pub fn names(&self) -> Result<Names, CaptureError> {
        Names::new(
            &self.namespaces,
            &self.types,
            &self.procs,
            &self.collations,
            &self.opclasses,
            &self.methods,
            &self.languages,
        )
    }

    /// What a table or index inherits from or is attached to, in order.
    pub fn parents(&self, oid: u32) -> &[u32] {
        self.inherits.get(&oid).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The rows by OID.
pub(super) struct ByOid<'a> {
    pub types: ByNumbers<u32, &'a TypeRow>,
    classes: ByNumbers<u32, &'a ClassRow>,
    attributes: ByNumbers<u32, &'a [AttributeRow]>,
    indexes: ByNumbers<u32, &'a IndexRow>,
    indexes_of: ByNumbers<u32, Vec<&'a IndexRow>>,
    constraint_indexes: Numbers<u32>,
    domain_not_nulls: ByNumbers<u32, Name>,
    identities: ByNumbers<(u32, i16), u32>,
    members: ByNumbers<Address, u32>,
    made_with_type: ByNumbers<u32, u32>,
    casts_of_types: Numbers<u32>,
}

impl<'a> ByOid<'a> {
    pub fn new(raw: &'a Raw, constraints: &[ConstraintRow]) -> Self {
        let mut indexes_of: ByNumbers<u32, Vec<&IndexRow>> = ByNumbers::default();
        for row in &raw.indexes {
            indexes_of.entry(row.table).or_default().push(row);
        }
        let owns_index = |row: &&ConstraintRow| matches!(row.kind, 'p' | 'u' | 'x');
        let attributes = raw.attributes.chunk_by(|a, b| a.relation == b.relation);
        Self {
            types: raw.types.iter().map(|row| (row.oid, row)).collect(),
            classes: raw.classes.iter().map(|row| (row.oid, row)).collect(),
            attributes: attributes.filter_map(|rows| Some((rows.first()?.relation, rows))).collect(),
            indexes: raw.indexes.iter().map(|row| (row.oid, row)).collect(),
            indexes_of,
            constraint_indexes: constraints.iter().filter(owns_index).map(|row| row.index).collect(),
            domain_not_nulls: constraints
                .iter()
                .filter(|row| row.kind == 'n' && row.domain != 0)
                .map(|row| (row.domain, row.name.clone()))
                .collect(),
            identities: raw
                .sequences
                .iter()
                .filter_map(|(&oid, row)| match row.owner {
                    Some((table, column, true)) => Some(((table, column), oid)),
                    _ => None,
                })
                .collect(),
            members: raw
                .depends
                .iter()
                .filter(|row| row.kind == 'e' && row.on.0 == class::EXTENSION)
                .map(|row| (row.of, row.on.1))
                .collect(),
            made_with_type: raw
                .depends
                .iter()
                .filter(|row| row.kind == 'i' && row.of.0 == class::PROC && row.on.0 == class::TYPE)
                .map(|row| (row.of.1, row.on.1))
                .collect(),
            casts_of_types: raw
                .depends
                .iter()
                .filter(|row| row.kind == 'i' && row.of.0 == class::CAST)
                .map(|row| row.of.1)
                .collect(),
        }
    }

    /// Whether an object belongs to an extension.
    pub fn is_member(&self, at: Address) -> bool {
        self.members.contains_key(&at)
    }
}

/// A catalog in the making.
pub(super) struct Build<'a> {
    pub raw: &'a Raw,
    pub by_oid: &'a ByOid<'a>,
    pub scope: &'a Scope,
    pub names: &'a Names,
    pub opclasses: &'a DefaultOpclasses<'a>,
    pub nodes: Nodes,
    pub catalog: Catalog,
    pub unmodeled: Vec<Unmodeled>,
    /// Sequences that belong to the identity of a column: the sequence, its table, the column's number.
    pub identity_sequences: Vec<(u32, u32, i16)>,
}

impl<'a> Build<'a> {
    /// The extension that an object belongs to.
    pub fn extension_of(&self, class: u32, oid: u32) -> Option<u32> {
        self.by_oid.members.get(&(class, oid)).copied()
    }

    /// Whether an object belongs to an extension.
    pub fn is_member(&self, class: u32, oid: u32) -> bool {
        self.by_oid.is_member((class, oid))
    }

    /// The addresses of all members of extensions, with the extension's.
    pub fn members(&self) -> impl Iterator<Item = (Address, u32)> + use<'a> {
        self.by_oid.members.iter().map(|(&address, &extension)| (address, extension))
    }

    pub fn type_row(&self, oid: u32) -> Option<&'a TypeRow> {
        self.by_oid.types.get(&oid).copied()
    }

    pub fn type_name(&self, oid: u32) -> Result<QualifiedName, CaptureError> {
        let row = self.type_row(oid);
        let row = row.ok_or_else(|| CaptureError::unexpected("type", format!("there is none with the OID {oid}")))?;
        self.names.qualified(row.schema, &row.name)
    }

    pub fn class(&self, oid: u32) -> Option<&'a ClassRow> {
        self.by_oid.classes.get(&oid).copied()
    }

    pub fn class_or_error(&self, oid: u32) -> Result<&'a ClassRow, CaptureError> {
        self.class(oid).ok_or_else(|| CaptureError::unexpected("relation", format!("there is none with the OID {oid}")))
    }

    pub fn relation_name(&self, oid: u32) -> Result<QualifiedName, CaptureError> {
        let row = self.class_or_error(oid)?;
        self.names.qualified(row.schema, &row.name)
    }

    /// The attributes of a relation in the order of their numbers.
    pub fn attributes(&self, relation: u32) -> &'a [AttributeRow] {
        self.by_oid.attributes.get(&relation).copied().unwrap_or_default()
    }

    pub fn attribute(&self, relation: u32, number: i16) -> Option<&'a AttributeRow> {
        let rows = self.attributes(relation);
        rows.binary_search_by_key(&number, |row| row.number).ok().and_then(|at| rows.get(at))
    }

    /// The names of columns by their numbers.
    pub fn column_names(&self, relation: u32, numbers: &[i16]) -> Result<Vec<Name>, CaptureError> {
        let name = |&number: &i16| {
            let row = self.attribute(relation, number);
            row.map(|row| row.name.clone()).ok_or_else(|| {
                CaptureError::unexpected("column", format!("relation {relation} has none of the number {number}"))
            })
        };
        numbers.iter().map(name).collect()
    }

    pub fn opclass_unless_default(&self, opclass: u32, of_type: u32) -> Result<Option<QualifiedName>, CaptureError> {
        if self.opclasses.is_default(opclass, of_type) { Ok(None) } else { self.names.opclass(opclass).map(Some) }
    }

    pub fn index_or_error(&self, oid: u32) -> Result<&'a IndexRow, CaptureError> {
        self.by_oid
            .indexes
            .get(&oid)
            .copied()
            .ok_or_else(|| CaptureError::unexpected("index", format!("there is none with the OID {oid}")))
    }

    pub fn indexes_of(&self, table: u32) -> impl Iterator<Item = &'a IndexRow> + use<'a> {
        self.by_oid.indexes_of.get(&table).into_iter().flatten().copied()
    }

    pub fn replica_identity_index(&self, table: u32) -> Option<Name> {
        indexes::replica_identity_name(self, table)
    }

    /// The name of a domain's not-null constraint.
    pub fn domain_not_null(&self, domain: u32) -> Option<Name> {
        self.by_oid.domain_not_nulls.get(&domain).cloned()
    }

    /// Whether a constraint owns the index.
    pub fn is_owned_by_constraint(&self, index: u32) -> bool {
        self.by_oid.constraint_indexes.contains(&index)
    }

    /// The sequence behind an identity column: its own, or that of the partitioned table that the column comes from.
    pub fn identity_sequence(
        &self,
        relation: u32,
        attribute: &AttributeRow,
        id: &FactId,
    ) -> Result<(QualifiedName, SequenceOptions), CaptureError> {
        let (mut relation, mut number) = (relation, attribute.number);
        loop {
            if let Some(oid) = self.by_oid.identities.get(&(relation, number))
                && let Some(row) = self.raw.sequences.get(oid)
            {
                return Ok((self.relation_name(*oid)?, row.options.clone()));
            }
            let up = self.raw.parents(relation).first().copied();
            let up = up.and_then(|parent| self.attributes(parent).iter().find(|row| row.name == attribute.name));
            match up {
                Some(row) => (relation, number) = (row.relation, row.number),
                None => {
                    return Err(CaptureError::unexpected("identity column", format!("{id} has no sequence")));
                }
            }
        }
    }

    /// Notes a type that comes with a fact, the row type of a relation or the multirange type of a range, and its array as parts of the
    /// fact.
    pub fn add_row_type(&mut self, oid: u32, fact: FactNumber) {
        self.nodes.part(class::TYPE, oid, fact);
        if let Some(array) = self.type_row(oid).map(|row| row.array).filter(|&oid| oid != 0) {
            self.nodes.part(class::TYPE, array, fact);
        }
    }

    fn comment_part(&self, row: &CommentRow) -> Option<Name> {
        let number = i16::try_from(row.part).ok()?;
        self.attribute(row.oid, number).map(|attribute| attribute.name.clone())
    }

    /// The id of the attribute of a composite type, or the column of a view, that a comment is on.
    pub fn attribute_id(&self, row: &CommentRow) -> Result<Option<FactId>, CaptureError> {
        if row.class != class::CLASS || row.part <= 0 {
            return Ok(None);
        }
        match self.nodes.find_id((row.class, row.oid), 0) {
            Some(Found::Fact(FactId::Composite(name), Exact::Part)) => {
                Ok(self.comment_part(row).map(|attribute| FactId::Attribute(name.clone(), attribute)))
            }
            Some(Found::Fact(FactId::MaterializedView(name), Exact::Itself)) => {
                Ok(self.comment_part(row).map(|column| FactId::MaterializedViewColumn(name.clone(), column)))
            }
            Some(Found::Fact(FactId::View(name), Exact::Itself)) => {
                Ok(self.comment_part(row).map(|column| FactId::ViewColumn(name.clone(), column)))
            }
            _ => Ok(None),
        }
    }

    /// Lists something that is not modelled; returns its number.
    pub fn note_unmodeled(
        &mut self,
        kind: impl Into<String>,
        name: impl Into<String>,
        needs: impl IntoIterator<Item = FactId>,
    ) -> usize {
        let needs: Needs = needs.into_iter().collect();
        self.unmodeled.push(Unmodeled { kind: kind.into(), name: name.into(), needs });
        self.unmodeled.len() - 1
    }

    /// The tables with a column that was dropped.
    pub fn lost_columns(&self) -> BTreeSet<QualifiedName> {
        let id = |oid: &u32| self.nodes.fact_at(class::CLASS, *oid);
        let table = |id: &FactId| if let FactId::Table(name) = id { Some(name.clone()) } else { None };
        self.raw.lost_columns.iter().filter_map(id).filter_map(table).collect()
    }

    /// How many rows and bytes each table and index has.
    pub fn statistics(
        &self,
        block_size: i64,
    ) -> Result<BTreeMap<QualifiedName, pgseal_catalog::snapshot::SizeEstimate>, CaptureError> {
        let counted = |row: &&ClassRow| {
            matches!(row.kind, 'r' | 'p' | 'i' | 'I')
                && self.nodes.covering(class::CLASS, row.oid).is_some()
                && !self.is_member(class::CLASS, row.oid)
        };
        let estimate = |row: &ClassRow| {
            // a row estimate is a whole number within the range of a 32-bit float
            #[allow(clippy::cast_possible_truncation)]
            let rows = row.rows.round() as i64;
            let estimate = pgseal_catalog::snapshot::SizeEstimate { rows, bytes: row.pages * block_size };
            Ok((self.names.qualified(row.schema, &row.name)?, estimate))
        };
        self.raw.classes.iter().filter(counted).map(estimate).collect()
    }
}

impl Build<'_> {
    /// Adds a fact that something not modelled depends on.
    pub fn add_need(&mut self, entry: usize, id: FactId) {
        if let Some(entry) = self.unmodeled.get_mut(entry) {
            entry.needs.insert(id);
        }
    }

    /// The fact that stands at an address, also as a part.
    pub fn fact_of(&self, class: u32, oid: u32) -> Option<FactId> {
        self.nodes.id(self.nodes.covering(class, oid)?).cloned()
    }

    /// Whether a schema holds temporary objects, toast tables or the agent's ledger.
    pub fn is_hidden(&self, schema: u32) -> bool {
        self.names.schema(schema).is_ok_and(|name| name.as_str().starts_with("pg_t") || is_agents_schema(name.as_str()))
    }

    /// Whether a routine was made together with a range type, as its constructors are.
    pub fn is_made_with_type(&self, proc: u32) -> bool {
        self.by_oid.made_with_type.contains_key(&proc)
    }

    /// Whether a cast came with a type, as that of a range to its multirange does.
    pub fn is_cast_of_type(&self, cast: u32) -> bool {
        self.by_oid.casts_of_types.contains(&cast)
    }

    /// The range type that a routine was made with.
    pub fn type_made_with(&self, proc: u32) -> Option<u32> {
        self.by_oid.made_with_type.get(&proc).copied()
    }
}
