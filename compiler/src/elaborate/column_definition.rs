//! Column definitions: types, collations, `serial`, identity, generation, and the constraints written on a column.
//!
//! Follows `transformColumnDefinition`, parse_utilcmd.c, and `BuildDescForRelation`, tablecmds.c (PG 14 to 18).

use std::borrow::Cow;

use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnDef, ConstrType, Constraint, Node, TypeName};
use pgseal_catalog::facts::{
    Column, ColumnStorage, Expression, GeneratedKind, Identity, IdentityKind, Payload, Sequence, SequenceOptions,
};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::{name, name_parts, string_of};
use super::run::Interpreter;
use crate::env::{Major, Oid};

/// Where a column's default comes from.
#[derive(Debug, Clone, Default)]
pub(super) enum NewDefault {
    /// There is none.
    #[default]
    None,
    /// Written in the statement.
    Raw(Box<Node>),
    /// Taken over from a parent as it is stored.
    Stored(Expression),
    /// The next value of a sequence.
    NextValue(QualifiedName),
    /// Parents disagree, and nothing overrides them.
    Conflict,
}

/// A column that a statement makes.
#[derive(Debug, Clone)]
pub(super) struct NewColumn {
    pub(super) name: Name,
    pub(super) type_oid: Oid,
    pub(super) typmod: i32,
    /// Invalid where the type has none.
    pub(super) collation: Oid,
    pub(super) not_null: bool,
    pub(super) default: NewDefault,
    pub(super) generated: Option<GeneratedKind>,
    pub(super) identity: Option<Identity>,
    pub(super) storage: Option<ColumnStorage>,
    pub(super) compression: Option<Name>,
    pub(super) is_local: bool,
    pub(super) inherit_count: u32,
    /// It comes from the type of a typed table and may be spoken of once more.
    pub(super) from_type: bool,
    /// It only adds to an inherited column (`PARTITION OF`, `OF`): there is no type.
    pub(super) options_only: bool,
}

/// A not-null that a statement asks for.
#[derive(Debug, Clone)]
pub(super) struct NewNotNull {
    pub(super) name: Option<Name>,
    pub(super) column: Name,
    pub(super) no_inherit: bool,
    pub(super) validated: bool,
}

/// What a CREATE TABLE or ADD COLUMN has collected.
#[derive(Debug, Clone, Default)]
pub(super) struct Collected {
    pub(super) columns: Vec<NewColumn>,
    pub(super) not_nulls: Vec<NewNotNull>,
    pub(super) checks: Vec<Constraint>,
    pub(super) keys: Vec<Constraint>,
    pub(super) foreign_keys: Vec<Constraint>,
    /// Sequences that belong to columns once those are there.
    pub(super) owned: Vec<(QualifiedName, Name)>,
}

/// The type of a constraint node.
pub(super) fn constraint_type(constraint: &Constraint) -> ConstrType {
    ConstrType::try_from(constraint.contype).unwrap_or(ConstrType::Undefined)
}

/// The constraints in a list of nodes, with the attributes after them (`DEFERRABLE` …) put where they belong; follows
/// `transformConstraintAttrs`.
pub(super) fn constraints_with_attributes(nodes: &[Node]) -> Elaborated<Vec<Cow<'_, Constraint>>> {
    let mut list: Vec<Cow<'_, Constraint>> = Vec::new();
    for node in nodes {
        let constraint = match &node.node {
            Some(NodeEnum::Constraint(constraint)) => constraint,
            // a COLLATE among the column's qualifications is no constraint
            _ => continue,
        };
        let kind = constraint_type(constraint);
        let misplaced =
            |what: &str| Problem::invalid("42601", format!("misplaced {what} clause")).at(constraint.location);
        let attribute = match kind {
            ConstrType::ConstrAttrDeferrable => "DEFERRABLE",
            ConstrType::ConstrAttrNotDeferrable => "NOT DEFERRABLE",
            ConstrType::ConstrAttrDeferred => "INITIALLY DEFERRED",
            ConstrType::ConstrAttrImmediate => "INITIALLY IMMEDIATE",
            ConstrType::ConstrAttrEnforced => "ENFORCED",
            ConstrType::ConstrAttrNotEnforced => "NOT ENFORCED",
            _ => {
                list.push(Cow::Borrowed(constraint));
                continue;
            }
        };
        let Some(last) = list.last_mut() else { return Err(misplaced(attribute)) };
        let of = constraint_type(last);
        let deferrable = matches!(
            of,
            ConstrType::ConstrPrimary
                | ConstrType::ConstrUnique
                | ConstrType::ConstrExclusion
                | ConstrType::ConstrForeign
        );
        let enforceable = matches!(of, ConstrType::ConstrCheck | ConstrType::ConstrForeign);
        let last = last.to_mut();
        match kind {
            ConstrType::ConstrAttrDeferrable if deferrable => last.deferrable = true,
            ConstrType::ConstrAttrNotDeferrable if deferrable => last.deferrable = false,
            ConstrType::ConstrAttrDeferred if deferrable => {
                last.initdeferred = true;
                last.deferrable = true;
            }
            ConstrType::ConstrAttrImmediate if deferrable => last.initdeferred = false,
            ConstrType::ConstrAttrEnforced if enforceable => last.is_enforced = true,
            ConstrType::ConstrAttrNotEnforced if enforceable => {
                last.is_enforced = false;
                last.skip_validation = true;
                last.initially_valid = false;
            }
            _ => return Err(misplaced(attribute)),
        }
    }
    Ok(list)
}

/// The type behind `serial` and its like.
fn serial_type(ty: &TypeName) -> Option<Oid> {
    if ty.pct_type {
        return None;
    }
    let [one] = ty.names.as_slice() else { return None };
    match string_of(one)? {
        "smallserial" | "serial2" => Some(Oid::INT2),
        "serial" | "serial4" => Some(Oid::INT4),
        "bigserial" | "serial8" => Some(Oid::INT8),
        _ => None,
    }
}

impl Interpreter<'_> {
    /// The type that a column or attribute gets, with its modifier.
    pub(super) fn type_of(&self, ty: &TypeName) -> Elaborated<(Oid, i32)> {
        let (oid, typmod) = self
            .model
            .env
            .lookup_type_name(&self.path, ty)
            .map_err(|error| Box::<Problem>::from(error).at(ty.location))?;
        if ty.setof {
            return Err(Problem::invalid("42P16", "column cannot be declared SETOF").at(ty.location));
        }
        Ok((oid, typmod))
    }

    /// The collation that a name means.
    pub(super) fn collation_of(&self, names: &[Node], location: i32) -> Elaborated<Oid> {
        let parts: Vec<String> = names.iter().flat_map(name_parts).collect();
        let (schema, collation) = self.split_name(&parts).map_err(|problem| problem.at(location))?;
        self.model.env.lookup_collation(&self.path, schema, collation).map(|row| row.oid).ok_or_else(|| {
            Problem::undefined(
                "42704",
                format!(
                    "collation \"{}\" for encoding \"{}\" does not exist",
                    parts.join("."),
                    self.model.header.encoding
                ),
                collation,
            )
            .at(location)
        })
    }

    /// The collation of a column of a type; follows `GetColumnDefCollation`.
    pub(super) fn column_collation(&self, column: &ColumnDef, type_oid: Oid) -> Elaborated<Oid> {
        let own = self.model.env.type_collation(type_oid);
        let Some(clause) = &column.coll_clause else { return Ok(own) };
        let chosen = self.collation_of(&clause.collname, clause.location)?;
        if !own.is_valid() {
            return Err(Problem::invalid(
                "42804",
                format!("collations are not supported by type {}", self.model.env.format_type_be(type_oid)),
            )
            .at(clause.location));
        }
        Ok(chosen)
    }

    /// The name of a collation, where it differs from a type's own.
    pub(super) fn collation_beside(&self, collation: Oid, own: Oid) -> Elaborated<Option<QualifiedName>> {
        if collation == own || !collation.is_valid() {
            return Ok(None);
        }
        let Some(row) = self.model.env.collation_by_oid(collation) else {
            return Err(Problem::internal("a collation without its row"));
        };
        Ok(Some(QualifiedName::new(name(&row.schema)?, name(&row.name)?)))
    }

    /// Refuses types that no column may have; follows `CheckAttributeType`.
    fn check_column_type(&self, column: &str, oid: Oid) -> Elaborated<()> {
        let Some(row) = self.model.env.type_by_oid(oid) else { return Ok(()) };
        if row.kind == crate::env::TypeKind::Pseudo {
            return Err(Problem::invalid(
                "42P16",
                format!("column \"{column}\" has pseudo-type {}", self.model.env.format_type_be(oid)),
            ));
        }
        Ok(())
    }

    /// Collects one column definition of a table (which need not exist yet).
    pub(super) fn collect_column(
        &mut self,
        table: &QualifiedName,
        unlogged: bool,
        definition: &ColumnDef,
        collected: &mut Collected,
    ) -> Elaborated<()> {
        let column = name(&definition.colname)?;
        if self.model.env.system_column(column.as_str()).is_some() {
            return Err(Problem::invalid(
                "42701",
                format!("column name \"{}\" conflicts with a system column name", column.as_str()),
            )
            .at(definition.location));
        }
        let mut new = NewColumn {
            name: column.clone(),
            type_oid: Oid::INVALID,
            typmod: -1,
            collation: Oid::INVALID,
            not_null: false,
            default: NewDefault::None,
            generated: None,
            identity: None,
            storage: None,
            compression: None,
            is_local: true,
            inherit_count: 0,
            from_type: false,
            options_only: definition.type_name.is_none(),
        };
        let mut serial = None;
        if let Some(ty) = &definition.type_name {
            serial = serial_type(ty);
            if serial.is_some() && !ty.array_bounds.is_empty() {
                return Err(Problem::invalid("0A000", "array of serial is not implemented").at(ty.location));
            }
            (new.type_oid, new.typmod) = match serial {
                Some(oid) => (oid, -1),
                None => self.type_of(ty)?,
            };
            self.check_column_type(column.as_str(), new.type_oid).map_err(|p| p.at(ty.location))?;
            new.collation = self.column_collation(definition, new.type_oid)?;
        }
        if !definition.storage_name.is_empty() {
            new.storage = self.storage_of(&definition.storage_name, new.type_oid)?;
        }
        if !definition.compression.is_empty() {
            new.compression = self.compression_of(&definition.compression, new.type_oid)?;
        }
        let constraints = constraints_with_attributes(&definition.constraints)?;
        let mut state = ColumnState { need_not_null: false, saw_nullable: false, own_not_null: None };
        if let Some(oid) = serial {
            let sequence = self.serial_sequence(table, unlogged, &column, oid, collected)?;
            new.default = NewDefault::NextValue(sequence);
            state.need_not_null = true;
        }
        for constraint in &constraints {
            self.column_constraint(table, constraint, &mut new, &mut state, collected)?;
        }
        if state.need_not_null && !(state.saw_nullable && new.not_null) {
            new.not_null = true;
            collected.not_nulls.push(NewNotNull {
                name: None,
                column: column.clone(),
                no_inherit: false,
                validated: true,
            });
        }
        collected.columns.push(new);
        Ok(())
    }

    fn column_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &Constraint,
        new: &mut NewColumn,
        state: &mut ColumnState,
        collected: &mut Collected,
    ) -> Elaborated<()> {
        let of = || format!("for column \"{}\" of table \"{}\"", new.name.as_str(), table.name.as_str());
        let conflict = |what: &str| Err(Problem::invalid("42601", format!("{what} {}", of())).at(constraint.location));
        match constraint_type(constraint) {
            ConstrType::ConstrNull => {
                if (state.saw_nullable && new.not_null) || state.need_not_null {
                    return conflict("conflicting NULL/NOT NULL declarations");
                }
                new.not_null = false;
                state.saw_nullable = true;
            }
            ConstrType::ConstrNotnull => {
                if state.saw_nullable && !new.not_null {
                    return conflict("conflicting NULL/NOT NULL declarations");
                }
                let given = match constraint.conname.as_str() {
                    "" => None,
                    text => Some(name(text)?),
                };
                if new.not_null {
                    if let Some(at) = state.own_not_null
                        && let Some(before) = collected.not_nulls.get_mut(at)
                        && before.name.is_none()
                    {
                        before.name = given;
                    }
                } else {
                    new.not_null = true;
                    state.saw_nullable = true;
                    state.need_not_null = false;
                    state.own_not_null = Some(collected.not_nulls.len());
                    collected.not_nulls.push(NewNotNull {
                        name: given,
                        column: new.name.clone(),
                        no_inherit: constraint.is_no_inherit,
                        validated: true,
                    });
                }
                state.saw_nullable = true;
            }
            ConstrType::ConstrDefault => {
                if !matches!(new.default, NewDefault::None) {
                    return conflict("multiple default values specified");
                }
                if new.identity.is_some() {
                    return conflict("both default and identity specified");
                }
                let Some(raw) = &constraint.raw_expr else { return Err(Problem::internal("a default without text")) };
                new.default = NewDefault::Raw(raw.clone());
            }
            ConstrType::ConstrIdentity => {
                if new.identity.is_some() {
                    return conflict("multiple identity specifications");
                }
                if !matches!(new.default, NewDefault::None) {
                    return conflict("both default and identity specified");
                }
                if state.saw_nullable && !new.not_null {
                    return conflict("conflicting NULL/NOT NULL declarations");
                }
                let kind = identity_kind(&constraint.generated_when);
                let identity =
                    self.new_identity(table, &new.name, new.type_oid, kind, &constraint.options, collected)?;
                new.identity = Some(identity);
                if !state.saw_nullable {
                    state.need_not_null = true;
                }
            }
            ConstrType::ConstrGenerated => {
                if new.generated.is_some() {
                    return conflict("multiple generation clauses specified");
                }
                if !matches!(new.default, NewDefault::None) {
                    return conflict("both default and generation expression specified");
                }
                if new.identity.is_some() {
                    return conflict("both identity and generation expression specified");
                }
                let Some(raw) = &constraint.raw_expr else {
                    return Err(Problem::internal("a generated column without text"));
                };
                new.generated = Some(self.generated_kind(constraint)?);
                new.default = NewDefault::Raw(raw.clone());
            }
            ConstrType::ConstrCheck => collected.checks.push(constraint.clone()),
            kind @ (ConstrType::ConstrPrimary | ConstrType::ConstrUnique) => {
                if kind == ConstrType::ConstrPrimary {
                    if state.saw_nullable && !new.not_null && self.model.major() >= Major::V18 {
                        return conflict("conflicting NULL/NOT NULL declarations");
                    }
                    state.need_not_null = true;
                }
                let mut constraint = constraint.clone();
                if constraint.keys.is_empty() {
                    constraint.keys.push(string_node(new.name.as_str()));
                }
                collected.keys.push(constraint);
            }
            ConstrType::ConstrForeign => {
                let mut constraint = constraint.clone();
                constraint.fk_attrs = vec![string_node(new.name.as_str())];
                collected.foreign_keys.push(constraint);
            }
            _ => return Err(Problem::unsupported("this constraint on a column").at(constraint.location)),
        }
        Ok(())
    }

    /// STORED or VIRTUAL: before 18 everything is stored, and VIRTUAL unknown.
    pub(super) fn generated_kind(&self, constraint: &Constraint) -> Elaborated<GeneratedKind> {
        match constraint.generated_kind.as_str() {
            "v" if self.model.major() >= Major::V18 => Ok(GeneratedKind::Virtual),
            "v" => {
                Err(Problem::invalid("42601", "syntax error: before PostgreSQL 18 a generated column must be STORED")
                    .at(constraint.location))
            }
            _ => Ok(GeneratedKind::Stored),
        }
    }

    /// What STORAGE a name means, where it is not the type's own.
    pub(super) fn storage_of(&self, text: &str, type_oid: Oid) -> Elaborated<Option<ColumnStorage>> {
        let own = self.model.env.type_by_oid(type_oid).map_or('p', |row| row.storage);
        let chosen = match text.to_ascii_lowercase().as_str() {
            "plain" => 'p',
            "external" => 'e',
            "extended" => 'x',
            "main" => 'm',
            "default" if self.model.major() >= Major::V16 => own,
            _ => return Err(Problem::invalid("22023", format!("invalid storage type \"{text}\""))),
        };
        if own == 'p' && chosen != 'p' {
            return Err(Problem::invalid(
                "0A000",
                format!("column data type {} can only have storage PLAIN", self.model.env.format_type_be(type_oid)),
            ));
        }
        Ok(if chosen == own { None } else { storage(chosen) })
    }

    /// What COMPRESSION a name means.
    pub(super) fn compression_of(&self, text: &str, type_oid: Oid) -> Elaborated<Option<Name>> {
        if text == "default" {
            return Ok(None);
        }
        if self.model.env.type_by_oid(type_oid).is_some_and(|row| row.storage == 'p') {
            return Err(Problem::invalid(
                "0A000",
                format!("column data type {} does not support compression", self.model.env.format_type_be(type_oid)),
            ));
        }
        match text {
            "pglz" | "lz4" => Ok(Some(name(text)?)),
            _ => Err(Problem::invalid("22023", format!("invalid compression method \"{text}\""))),
        }
    }

    /// Makes the sequence of a `serial` column; it is owned by the column once that is there.
    fn serial_sequence(
        &mut self,
        table: &QualifiedName,
        unlogged: bool,
        column: &Name,
        oid: Oid,
        collected: &mut Collected,
    ) -> Elaborated<QualifiedName> {
        let chosen =
            self.choose_relation_name(table.name.as_str(), Some(column.as_str()), "seq", &table.schema, false)?;
        let sequence = QualifiedName::new(table.schema.clone(), chosen);
        let data_type = self.model.env.format_type(oid, -1);
        let options = self.sequence_options(None, Some(&data_type), &[])?;
        let unlogged = unlogged && self.model.major() >= Major::V15;
        self.model.put(Fact::new(
            FactId::Sequence(sequence.clone()),
            Payload::Sequence(Sequence { options, unlogged, owned_by: None }),
        ));
        collected.owned.push((sequence.clone(), column.clone()));
        Ok(sequence)
    }

    /// The identity of a column with its sequence.
    pub(super) fn new_identity(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        type_oid: Oid,
        kind: IdentityKind,
        options: &[Node],
        collected: &Collected,
    ) -> Elaborated<Identity> {
        if !matches!(type_oid, Oid::INT2 | Oid::INT4 | Oid::INT8) {
            return Err(Problem::invalid("22023", "identity column type must be smallint, integer, or bigint"));
        }
        let mut rest = Vec::new();
        let mut given = None;
        for node in options {
            match &node.node {
                Some(NodeEnum::DefElem(element)) if element.defname == "sequence_name" => {
                    let parts = element.arg.as_deref().map(name_parts).unwrap_or_default();
                    let range = Self::range_of(&parts)?;
                    let schema = match range.schemaname.as_str() {
                        "" => table.schema.clone(),
                        schema => self.existing_schema(schema)?,
                    };
                    given = Some(QualifiedName::new(schema, name(&range.relname)?));
                }
                Some(NodeEnum::DefElem(element)) if matches!(element.defname.as_str(), "logged" | "unlogged") => {
                    return Err(Problem::unsupported("LOGGED or UNLOGGED of an identity column's sequence")
                        .at(element.location));
                }
                _ => rest.push(node.clone()),
            }
        }
        let data_type = self.model.env.format_type(type_oid, -1);
        let options = self.sequence_options(None, Some(&data_type), &rest)?;
        let sequence = match given {
            Some(given) => {
                self.relation_is_free(&given)?;
                given
            }
            None => self.identity_sequence_name(table, column, collected)?,
        };
        Ok(Identity { kind, sequence, options })
    }

    /// A free name for the sequence of an identity column, also beside those that the same statement makes.
    fn identity_sequence_name(
        &self,
        table: &QualifiedName,
        column: &Name,
        collected: &Collected,
    ) -> Elaborated<QualifiedName> {
        let chosen =
            self.choose_relation_name(table.name.as_str(), Some(column.as_str()), "seq", &table.schema, false)?;
        let sequence = QualifiedName::new(table.schema.clone(), chosen);
        let taken = collected.columns.iter().filter_map(|c| c.identity.as_ref()).any(|i| i.sequence == sequence);
        if taken {
            return Err(Problem::duplicate("42P07", format!("relation \"{}\" already exists", sequence.name.as_str())));
        }
        Ok(sequence)
    }

    /// The same identity for another column, as `LIKE … INCLUDING IDENTITY` makes it.
    pub(super) fn identity_like(
        &self,
        table: &QualifiedName,
        column: &Name,
        of: &Identity,
        collected: &Collected,
    ) -> Elaborated<Identity> {
        let sequence = self.identity_sequence_name(table, column, collected)?;
        // the bounds come along, the type does not
        let options = SequenceOptions { data_type: "bigint".to_owned(), ..of.options.clone() };
        Ok(Identity { kind: of.kind, sequence, options })
    }

    /// The payload of a column, without its generation expression.
    pub(super) fn column_payload(&self, new: &NewColumn) -> Elaborated<Column> {
        let own = self.model.env.type_collation(new.type_oid);
        Ok(Column {
            data_type: self.model.env.format_type(new.type_oid, new.typmod),
            collation: self.collation_beside(new.collation, own)?,
            not_null: new.not_null,
            identity: new.identity.clone(),
            generated: None,
            storage: new.storage,
            compression: new.compression.clone(),
            statistics: None,
            options: std::collections::BTreeMap::new(),
            is_local: new.is_local,
            inherit_count: new.inherit_count,
        })
    }

    /// What a column of a type needs.
    pub(super) fn type_needs(&self, oid: Oid, needs: &mut Needs) {
        let element = self.model.env.element_type_of(oid).unwrap_or(oid);
        needs.extend(self.model.fact_of(element).cloned());
    }
}

/// What is known of a column's nullability while its constraints are read.
struct ColumnState {
    need_not_null: bool,
    saw_nullable: bool,
    own_not_null: Option<usize>,
}

/// A `String` node.
pub(super) fn string_node(text: &str) -> Node {
    Node { node: Some(NodeEnum::String(pg_query::protobuf::String { sval: text.to_owned() })) }
}

/// ALWAYS or BY DEFAULT.
pub(super) fn identity_kind(letter: &str) -> IdentityKind {
    if letter == "d" { IdentityKind::ByDefault } else { IdentityKind::Always }
}

/// `attstorage` as a fact has it.
pub(super) fn storage(letter: char) -> Option<ColumnStorage> {
    match letter {
        'p' => Some(ColumnStorage::Plain),
        'e' => Some(ColumnStorage::External),
        'x' => Some(ColumnStorage::Extended),
        'm' => Some(ColumnStorage::Main),
        _ => None,
    }
}
