//! CREATE INDEX, and what keys and exclusion constraints share with it: keys, operator classes, names, partitions.
//!
//! Follows `DefineIndex` and `ComputeIndexAttrs`, indexcmds.c, and `transformIndexStmt`, parse_utilcmd.c (PG 14 to 18).

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{IndexElem, IndexStmt, Node, SortByDir, SortByNulls};
use pgseal_catalog::facts::{
    Constraint, ConstraintKind, Exclusion, ExclusionElement, Expression, Index, IndexKey, IndexStorage, KeyConstraint,
    KeyTarget, NullsOrder, Payload, SortOrder,
};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::Part;
use super::names::{name, name_parts};
use super::options::{OptionsOf, definitions, set_options, value_of};
use super::run::Interpreter;
use crate::analyze::index_column_name;
use crate::env::{AccessMethodRow, MAX_NAME_BYTES, Major, Oid, RelationKind, clip_name};

/// Whose an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nobody's but its own.
    Itself,
    /// A primary key's.
    PrimaryKey,
    /// A unique constraint's.
    Unique,
    /// An exclusion constraint's, with its operators.
    Exclusion(Vec<String>),
}

/// What an index on a partition is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attached {
    /// An index of the parent.
    Index(QualifiedName),
    /// A constraint of the parent.
    Constraint(QualifiedName, Name),
}

/// An index that is being made.
#[derive(Debug, Clone)]
pub(super) struct NewIndex {
    pub(super) name: Option<Name>,
    pub(super) owner: Owner,
    pub(super) method: Name,
    pub(super) keys: Vec<IndexKey>,
    /// The names that its columns get, those of INCLUDE last.
    pub(super) column_names: Vec<String>,
    pub(super) include: Vec<Name>,
    pub(super) unique: bool,
    pub(super) nulls_not_distinct: bool,
    pub(super) without_overlaps: bool,
    pub(super) predicate: Option<Expression>,
    pub(super) options: BTreeMap<String, String>,
    pub(super) tablespace: Option<Name>,
    pub(super) deferrable: bool,
    pub(super) initially_deferred: bool,
    pub(super) needs: Needs,
    pub(super) attached: Option<Attached>,
    /// What the user wrote.
    pub(super) raw: Vec<(Part, Node)>,
}

/// The names of an index's columns, made different from each other; follows `ChooseIndexColumnNames`.
pub(super) fn distinct_column_names(wanted: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for wanted in wanted {
        let wanted = wanted.unwrap_or_else(|| "expr".to_owned());
        let mut chosen = wanted.clone();
        for n in 1_u32.. {
            if !names.contains(&chosen) {
                break;
            }
            let digits = n.to_string();
            chosen = format!("{}{digits}", clip_name(&wanted, MAX_NAME_BYTES - digits.len()));
        }
        names.push(chosen);
    }
    names
}

/// The columns' part of a made-up name; follows `ChooseIndexNameAddition`.
pub(super) fn names_joined<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push('_');
        }
        text.push_str(name);
        if text.len() > MAX_NAME_BYTES {
            break;
        }
    }
    text
}

impl Interpreter<'_> {
    /// Carries out CREATE INDEX.
    pub(super) fn create_index(&mut self, statement: &IndexStmt) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("an index without a table")) };
        let (table, kind) = self.relation(range)?;
        match kind {
            RelationKind::Table | RelationKind::PartitionedTable => {
                self.require_table(&table, kind).map_err(|p| p.at(range.location))?;
            }
            RelationKind::MaterializedView => {
                self.require_materialized_view(&table).map_err(|p| p.at(range.location))?;
            }
            _ => {
                return Err(Problem::invalid(
                    "42809",
                    format!("cannot create index on relation \"{}\"", range.relname),
                )
                .at(range.location));
            }
        }
        if statement.nulls_not_distinct && self.model.major() < Major::V15 {
            return Err(Problem::invalid(
                "42601",
                "syntax error: NULLS NOT DISTINCT is not known before PostgreSQL 15",
            ));
        }
        let given = match statement.idxname.as_str() {
            "" => None,
            text => Some(name(text)?),
        };
        if let Some(given) = &given {
            let new = QualifiedName::new(table.schema.clone(), given.clone());
            if self.relation_exists(&new) && statement.if_not_exists {
                return Ok(());
            }
            self.relation_is_free(&new)?;
        }
        let mut new = self.index_definition(&table, &statement.access_method, &statement.index_params)?;
        new.name = given;
        new.unique = statement.unique;
        new.nulls_not_distinct = statement.nulls_not_distinct;
        self.index_include(&table, &statement.index_including_params, &mut new)?;
        if let Some(raw) = &statement.where_clause {
            self.index_predicate(&table, raw, &mut new)?;
        }
        set_options(&mut new.options, &statement.options, self.options_of_index(new.method.as_str()))?;
        new.tablespace = self.index_tablespace(&table, &statement.table_space)?;
        self.check_method(&new)?;
        self.make_index(&table, new, range.inh).map(|_| ())
    }

    /// The tablespace of an index.
    pub(super) fn index_tablespace(&self, _table: &QualifiedName, given: &str) -> Elaborated<Option<Name>> {
        match given {
            "" if self.settings.default_tablespace.is_empty() => Ok(None),
            "" => name(&self.settings.default_tablespace).map(Some),
            "pg_default" => Ok(None),
            text => name(text).map(Some),
        }
    }

    /// What options an index of a method takes.
    pub(super) fn options_of_index(&self, method: &str) -> OptionsOf {
        match self.model.env.lookup_access_method(method) {
            Some(row) if row.oid >= Oid::FIRST_USER => OptionsOf::IndexOfExtension,
            _ => OptionsOf::Index,
        }
    }

    /// The access method of that name, for indexes.
    pub(super) fn index_method(&self, text: &str) -> Elaborated<AccessMethodRow> {
        let text = match text {
            "" => "btree",
            // a name that was never more than another word for gist
            "rtree" => "gist",
            other => other,
        };
        match self.model.env.lookup_access_method(text) {
            Some(row) if row.is_index => Ok(row.clone()),
            Some(_) => Err(Problem::invalid("42809", format!("access method \"{text}\" is not of type INDEX"))),
            None => Err(Problem::undefined("42704", format!("access method \"{text}\" does not exist"), text)),
        }
    }

    /// The keys of an index.
    pub(super) fn index_definition(
        &self,
        table: &QualifiedName,
        method: &str,
        params: &[Node],
    ) -> Elaborated<NewIndex> {
        let method = self.index_method(method)?;
        let mut new = NewIndex {
            name: None,
            owner: Owner::Itself,
            method: name(&method.name)?,
            keys: Vec::new(),
            column_names: Vec::new(),
            include: Vec::new(),
            unique: false,
            nulls_not_distinct: false,
            without_overlaps: false,
            predicate: None,
            options: BTreeMap::new(),
            tablespace: None,
            deferrable: false,
            initially_deferred: false,
            needs: Needs::new(),
            attached: None,
            raw: Vec::new(),
        };
        let mut wanted = Vec::new();
        for (param, at) in params.iter().zip(0_u16..) {
            let Some(NodeEnum::IndexElem(element)) = &param.node else {
                return Err(Problem::internal("a key of an index is no key"));
            };
            let key = self.index_key(table, &method, element, at, &mut new)?;
            wanted.push(match (&element.expr, &key.target) {
                _ if !element.indexcolname.is_empty() => Some(element.indexcolname.clone()),
                (Some(raw), _) => index_column_name(self.env().major(), raw),
                (None, KeyTarget::Column(column)) => Some(column.as_str().to_owned()),
                (None, KeyTarget::Expression(_)) => None,
            });
            new.keys.push(key);
        }
        new.column_names = distinct_column_names(wanted);
        Ok(new)
    }

    fn index_key(
        &self,
        table: &QualifiedName,
        method: &AccessMethodRow,
        element: &IndexElem,
        at: u16,
        new: &mut NewIndex,
    ) -> Elaborated<IndexKey> {
        let (target, ty, own, natural) = match &element.expr {
            Some(raw) => {
                let cooked = self.model.index_key_over(table, &self.path, raw)?;
                new.needs.extend(cooked.needs);
                match cooked.column {
                    Some(column) => (KeyTarget::Column(column), cooked.ty, cooked.own_collation, cooked.collation),
                    None => {
                        new.raw.push((Part::IndexKey(at), raw.as_ref().clone()));
                        let target = KeyTarget::Expression(cooked.text);
                        (target, cooked.ty, cooked.own_collation, cooked.collation)
                    }
                }
            }
            None => {
                let column = name(&element.name)?;
                let row = self.model.relation_row(table).and_then(|row| row.column(column.as_str()));
                let Some(row) = row else {
                    if self.model.env.system_column(column.as_str()).is_some() {
                        return Err(Problem::invalid("0A000", "index creation on system columns is not supported"));
                    }
                    return Err(Problem::undefined(
                        "42703",
                        format!("column \"{}\" does not exist", column.as_str()),
                        table.name.as_str(),
                    ));
                };
                self.refuse_virtual(table, &column, "indexes")?;
                (KeyTarget::Column(column), row.type_oid, row.collation, row.collation)
            }
        };
        let collation = self.key_collation(&element.collation, ty, natural)?;
        let given_opclass = self.key_opclass(method, &element.opclass, ty)?;
        let opclass = given_opclass.0;
        let mut opclass_options = BTreeMap::new();
        if !element.opclassopts.is_empty() && matches!(method.name.as_str(), "btree" | "hash") {
            let shown = self.model.env.opclass_by_oid(opclass).map_or("", |row| row.name.as_str());
            return Err(Problem::invalid("22023", format!("operator class {shown} has no options")));
        }
        for option in definitions(&element.opclassopts) {
            opclass_options.insert(option.defname.clone(), value_of(option)?.unwrap_or_else(|| "true".to_owned()));
        }
        new.needs.extend(self.model.fact_of(opclass).cloned());
        new.needs.extend(self.model.fact_of(collation).cloned());
        let default = self.model.env.default_opclass(ty, method.oid) == Some(opclass);
        let named = !default || !opclass_options.is_empty();
        let opclass = match self.model.env.opclass_by_oid(opclass) {
            Some(row) if named => Some(QualifiedName::new(name(&row.schema)?, name(&row.name)?)),
            _ => None,
        };
        let (order, nulls) = key_order(method, element.ordering, element.nulls_ordering)?;
        Ok(IndexKey {
            target,
            collation: self.collation_beside(collation, own)?,
            opclass,
            opclass_options,
            order,
            nulls,
        })
    }

    /// Refuses a virtual generated column where it cannot be.
    fn refuse_virtual(&self, table: &QualifiedName, column: &Name, what: &str) -> Elaborated<()> {
        let is_virtual = self
            .model
            .column(table, column)
            .and_then(|c| c.generated.as_ref())
            .is_some_and(|g| g.kind == pgseal_catalog::facts::GeneratedKind::Virtual);
        if is_virtual {
            return Err(Problem::invalid("0A000", format!("{what} on virtual generated columns are not supported")));
        }
        Ok(())
    }

    /// The collation of a key.
    pub(super) fn key_collation(&self, given: &[Node], ty: Oid, natural: Oid) -> Elaborated<Oid> {
        let collatable = self.model.env.type_collation(ty).is_valid();
        let collation = if given.is_empty() { natural } else { self.collation_of(given, -1)? };
        if !collatable && !given.is_empty() {
            return Err(Problem::invalid(
                "42804",
                format!("collations are not supported by type {}", self.model.env.format_type_be(ty)),
            ));
        }
        if collatable && !collation.is_valid() {
            return Err(Problem::invalid("42P22", "could not determine which collation to use for index expression")
                .hint("Use the COLLATE clause to set the collation explicitly."));
        }
        Ok(if collatable { collation } else { Oid::INVALID })
    }

    /// The operator class of a key, and the type that it indexes; follows `ResolveOpClass`.
    pub(super) fn key_opclass(&self, method: &AccessMethodRow, given: &[Node], ty: Oid) -> Elaborated<(Oid, Oid)> {
        let env = &self.model.env;
        let parts: Vec<String> = given.iter().flat_map(name_parts).collect();
        let found = match parts.as_slice() {
            [] => {
                let oid = env.default_opclass(ty, method.oid).ok_or_else(|| {
                    Problem::undefined(
                        "42704",
                        format!(
                            "data type {} has no default operator class for access method \"{}\"",
                            env.format_type_be(ty),
                            method.name
                        ),
                        "",
                    )
                    .hint(
                        "You must specify an operator class for the index or define a default operator class for \
                         the data type.",
                    )
                })?;
                env.opclass_by_oid(oid)
            }
            named => {
                let (schema, opclass) = self.split_name(named)?;
                env.lookup_opclass(&self.path, method.oid, schema, opclass)
            }
        };
        let Some(row) = found else {
            let last = parts.last().map_or("", String::as_str);
            return Err(Problem::undefined(
                "42704",
                format!("operator class \"{}\" does not exist for access method \"{}\"", parts.join("."), method.name),
                last,
            ));
        };
        if !env.is_binary_coercible(ty, row.input) {
            return Err(Problem::invalid(
                "42804",
                format!("operator class \"{}\" does not accept data type {}", parts.join("."), env.format_type_be(ty)),
            ));
        }
        Ok((row.oid, row.input))
    }

    /// The INCLUDE columns of an index.
    pub(super) fn index_include(&self, table: &QualifiedName, params: &[Node], new: &mut NewIndex) -> Elaborated<()> {
        let mut columns = Vec::new();
        for param in params {
            let text = match &param.node {
                Some(NodeEnum::IndexElem(element)) => {
                    if element.expr.is_some() {
                        return Err(Problem::invalid("0A000", "expressions are not supported in included columns"));
                    }
                    let plain = |of: i32, plain: i32| of == plain || of == 0;
                    if !plain(element.ordering, SortByDir::SortbyDefault as i32) {
                        let message = "including column does not support ASC/DESC options";
                        return Err(Problem::invalid("42P17", message));
                    }
                    if !plain(element.nulls_ordering, SortByNulls::SortbyNullsDefault as i32) {
                        let message = "including column does not support NULLS FIRST/LAST options";
                        return Err(Problem::invalid("42P17", message));
                    }
                    if !element.collation.is_empty() || !element.opclass.is_empty() {
                        return Err(Problem::invalid(
                            "42P17",
                            "including column does not support a collation or an operator class",
                        ));
                    }
                    element.name.as_str()
                }
                Some(NodeEnum::String(text)) => text.sval.as_str(),
                _ => return Err(Problem::internal("an included column is no column")),
            };
            let column = name(text)?;
            if self.model.relation_row(table).and_then(|row| row.column(column.as_str())).is_none() {
                return Err(Problem::undefined(
                    "42703",
                    format!("column \"{}\" does not exist", column.as_str()),
                    table.name.as_str(),
                ));
            }
            columns.push(column);
        }
        let wanted = new.column_names.drain(..).chain(columns.iter().map(|c| c.as_str().to_owned()));
        let names = distinct_column_names(wanted.map(Some).collect::<Vec<_>>());
        new.column_names = names;
        new.include = columns;
        Ok(())
    }

    /// The predicate of an index.
    pub(super) fn index_predicate(&self, table: &QualifiedName, raw: &Node, new: &mut NewIndex) -> Elaborated<()> {
        if let Some(cooked) = self.model.predicate_over(table, &self.path, raw)? {
            new.predicate = Some(cooked.text);
            new.needs.extend(cooked.needs);
            new.raw.push((Part::Predicate, raw.clone()));
        }
        Ok(())
    }

    /// Refuses what the access method cannot do.
    pub(super) fn check_method(&self, new: &NewIndex) -> Elaborated<()> {
        let method = self.index_method(new.method.as_str())?;
        let cannot = |what: &str| {
            Err(Problem::invalid("0A000", format!("access method \"{}\" does not support {what}", method.name)))
        };
        if new.unique && !new.without_overlaps && !method.can_unique {
            return cannot("unique indexes");
        }
        if !new.include.is_empty() && !method.can_include {
            return cannot("included columns");
        }
        if new.keys.len() > 1 && !method.can_multi_column {
            return cannot("multicolumn indexes");
        }
        if matches!(new.owner, Owner::Exclusion(_)) && !method.can_exclude {
            return cannot("exclusion constraints");
        }
        Ok(())
    }

    /// Gives an index its name, stores it, and makes or attaches those of partitions. Returns the name.
    pub(super) fn make_index(
        &mut self,
        table: &QualifiedName,
        mut new: NewIndex,
        recurse: bool,
    ) -> Elaborated<QualifiedName> {
        let chosen = match new.name.take() {
            Some(given) => given,
            None => self.choose_index_name(table, &new)?,
        };
        let index = QualifiedName::new(table.schema.clone(), chosen.clone());
        self.relation_is_free(&index)?;
        if new.owner != Owner::Itself {
            self.constraint_is_free(table, &chosen)?;
        }
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if partitioned {
            self.check_partitioned_index(table, &new)?;
        }
        let children = if partitioned { self.model.children(table) } else { Vec::new() };
        let valid = recurse || children.is_empty();
        self.store_index(table, &index, &new, valid)?;
        if recurse {
            for child in children {
                self.index_on_partition(table, &index, &new, &child)?;
            }
        }
        Ok(index)
    }

    /// The name of an index that the statement does not name; follows `ChooseIndexName`.
    pub(super) fn choose_index_name(&self, table: &QualifiedName, new: &NewIndex) -> Elaborated<Name> {
        let columns = names_joined(new.column_names.iter().map(String::as_str));
        let (name2, label, constraint) = match new.owner {
            Owner::PrimaryKey => (None, "pkey", true),
            Owner::Exclusion(_) => (Some(columns.as_str()), "excl", true),
            Owner::Unique => (Some(columns.as_str()), "key", true),
            Owner::Itself => (Some(columns.as_str()), "idx", false),
        };
        self.choose_relation_name(table.name.as_str(), name2, label, &table.schema, constraint)
    }

    /// Unique indexes of a partitioned table must cover its partition key.
    fn check_partitioned_index(&self, table: &QualifiedName, new: &NewIndex) -> Elaborated<()> {
        let exclusion = matches!(new.owner, Owner::Exclusion(_));
        if exclusion && self.model.major() < Major::V17 {
            return Err(Problem::invalid(
                "0A000",
                format!("cannot create exclusion constraints on partitioned table \"{}\"", table.name.as_str()),
            ));
        }
        if !new.unique && !exclusion {
            return Ok(());
        }
        let what = match new.owner {
            Owner::PrimaryKey => "PRIMARY KEY",
            Owner::Unique => "UNIQUE",
            Owner::Exclusion(_) => "EXCLUDE",
            Owner::Itself => "UNIQUE",
        };
        let Some(key) = self.model.table(table).and_then(|t| t.partition_key.as_ref()) else { return Ok(()) };
        for part in &key.parts {
            let KeyTarget::Column(column) = &part.target else {
                return Err(Problem::invalid(
                    "0A000",
                    format!("unsupported {what} constraint with partition key definition"),
                )
                .detail(format!("{what} constraints cannot be used when partition keys include expressions.")));
            };
            let covered = new.keys.iter().any(|k| matches!(&k.target, KeyTarget::Column(c) if c == column));
            if !covered {
                return Err(Problem::invalid(
                    "0A000",
                    "unique constraint on partitioned table must include all partitioning columns",
                )
                .detail(format!(
                    "{what} constraint on table \"{}\" lacks column \"{}\" which is part of the partition key.",
                    table.name.as_str(),
                    column.as_str()
                )));
            }
        }
        Ok(())
    }

    /// Puts the fact of an index, or of the constraint that owns it, in.
    fn store_index(
        &mut self,
        table: &QualifiedName,
        index: &QualifiedName,
        new: &NewIndex,
        valid: bool,
    ) -> Elaborated<()> {
        let storage = IndexStorage {
            options: new.options.clone(),
            tablespace: new.tablespace.clone(),
            valid,
            ..IndexStorage::default()
        };
        let parent = match &new.attached {
            Some(Attached::Constraint(table, name)) => Some((table.clone(), name.clone())),
            _ => None,
        };
        let (id, payload) = match &new.owner {
            Owner::Itself => {
                let attached_to = match &new.attached {
                    Some(Attached::Index(parent)) => Some(parent.clone()),
                    Some(Attached::Constraint(table, name)) => {
                        Some(QualifiedName::new(table.schema.clone(), name.clone()))
                    }
                    None => None,
                };
                let payload = Index {
                    table: table.clone(),
                    method: new.method.clone(),
                    keys: new.keys.clone(),
                    include: new.include.clone(),
                    unique: new.unique,
                    nulls_not_distinct: new.nulls_not_distinct,
                    predicate: new.predicate.clone(),
                    storage,
                    attached_to,
                };
                (FactId::Index(index.clone()), Payload::Index(payload))
            }
            owner => {
                let is = match owner {
                    Owner::Exclusion(operators) => ConstraintKind::Exclusion(Exclusion {
                        method: new.method.clone(),
                        elements: new
                            .keys
                            .iter()
                            .zip(operators)
                            .map(|(key, operator)| ExclusionElement { key: key.clone(), operator: operator.clone() })
                            .collect(),
                        include: new.include.clone(),
                        predicate: new.predicate.clone(),
                        index: storage,
                    }),
                    _ => {
                        let mut columns = Vec::new();
                        for key in &new.keys {
                            match &key.target {
                                KeyTarget::Column(column) => columns.push(column.clone()),
                                KeyTarget::Expression(_) => {
                                    return Err(Problem::internal("a key constraint over an expression"));
                                }
                            }
                        }
                        let key = KeyConstraint {
                            columns,
                            include: new.include.clone(),
                            nulls_not_distinct: new.nulls_not_distinct,
                            without_overlaps: new.without_overlaps,
                            index_keys: None,
                            index: storage,
                        };
                        match owner {
                            Owner::PrimaryKey => ConstraintKind::PrimaryKey(key),
                            _ => ConstraintKind::Unique(key),
                        }
                    }
                };
                let constraint = Constraint {
                    is,
                    deferrable: new.deferrable,
                    initially_deferred: new.initially_deferred,
                    validated: true,
                    enforced: true,
                    is_local: parent.is_none(),
                    inherit_count: u32::from(parent.is_some()),
                    parent,
                    switched: Vec::new(),
                };
                (FactId::Constraint(table.clone(), index.name.clone()), Payload::Constraint(constraint))
            }
        };
        let mut fact = Fact::new(id.clone(), payload);
        fact.needs = new.needs.clone();
        self.model.put(fact);
        for (part, raw) in &new.raw {
            let part = match (part, &new.owner) {
                (Part::IndexKey(at), Owner::Exclusion(_)) => Part::ExclusionKey(*at),
                (part, _) => *part,
            };
            self.remember(&id, part, raw);
        }
        Ok(())
    }

    /// Attaches a fitting index of a partition to the parent's, or makes one.
    pub(super) fn index_on_partition(
        &mut self,
        parent: &QualifiedName,
        index: &QualifiedName,
        new: &NewIndex,
        child: &QualifiedName,
    ) -> Elaborated<()> {
        let attached = match new.owner {
            Owner::Itself => Attached::Index(index.clone()),
            _ => Attached::Constraint(parent.clone(), index.name.clone()),
        };
        if let Some(found) = self.fitting_index(child, new)? {
            return self.attach(&found, child, &attached);
        }
        let mut needs = new.needs.clone();
        needs.retain(|need| !matches!(need, FactId::Column(..) | FactId::Table(_)));
        let for_child = NewIndex { name: None, attached: Some(attached), needs, raw: Vec::new(), ..new.clone() };
        self.make_index(child, for_child, true)?;
        Ok(())
    }
}

/// The order of a key.
fn key_order(
    method: &AccessMethodRow,
    ordering: i32,
    nulls_ordering: i32,
) -> Elaborated<(SortOrder, Option<NullsOrder>)> {
    let ordering = SortByDir::try_from(ordering).unwrap_or(SortByDir::SortbyDefault);
    let nulls = SortByNulls::try_from(nulls_ordering).unwrap_or(SortByNulls::SortbyNullsDefault);
    let plain_order = matches!(ordering, SortByDir::SortbyDefault | SortByDir::Undefined);
    let plain_nulls = matches!(nulls, SortByNulls::SortbyNullsDefault | SortByNulls::Undefined);
    if !method.can_order {
        if !plain_order {
            return Err(Problem::invalid(
                "0A000",
                format!("access method \"{}\" does not support ASC/DESC options", method.name),
            ));
        }
        if !plain_nulls {
            return Err(Problem::invalid(
                "0A000",
                format!("access method \"{}\" does not support NULLS FIRST/LAST options", method.name),
            ));
        }
        return Ok((SortOrder::Ascending, None));
    }
    let order = if ordering == SortByDir::SortbyDesc { SortOrder::Descending } else { SortOrder::Ascending };
    let nulls = match (order, nulls) {
        (SortOrder::Ascending, SortByNulls::SortbyNullsFirst) => Some(NullsOrder::First),
        (SortOrder::Descending, SortByNulls::SortbyNullsLast) => Some(NullsOrder::Last),
        _ => None,
    };
    Ok((order, nulls))
}
