//! Partitioned tables: keys and bounds, and what a partition shares with its parent (indexes, keys, foreign keys, triggers).
//!
//! Follows `ComputePartitionAttrs` and `ATExecAttachPartition`, tablecmds.c, `transformPartitionBound`, parse_utilcmd.c, and
//! `CompareIndexInfo`, catalog/index.c (PG 14 to 18). Bounds that overlap are left for the server to refuse.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, PartitionBoundSpec, PartitionSpec, PartitionStrategy as RawStrategy};
use pgseal_catalog::facts::{
    ConstraintKind, Expression, IndexKey, KeyTarget, Partition, PartitionKey, PartitionKeyPart, PartitionStrategy,
    Payload, Trigger, TriggerLevel,
};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::index::{Attached, NewIndex, Owner};
use super::model::Part;
use super::names::{name, string_of};
use super::run::Interpreter;
use crate::analyze::{self, Target};
use crate::deparse::{BoundDatum, PartitionBound, deparse_partition_bound};
use crate::env::{Major, Oid};
use crate::tree::Const;

/// A column of a partition key as bounds need it.
struct KeyColumn {
    shown: String,
    type_oid: Oid,
    typmod: i32,
    collation: Oid,
}

impl Interpreter<'_> {
    /// PARTITION BY.
    pub(super) fn make_partitioned(&mut self, table: &QualifiedName, spec: &PartitionSpec) -> Elaborated<()> {
        let strategy = match RawStrategy::try_from(spec.strategy) {
            Ok(RawStrategy::List) => PartitionStrategy::List,
            Ok(RawStrategy::Range) => PartitionStrategy::Range,
            Ok(RawStrategy::Hash) => PartitionStrategy::Hash,
            _ => return Err(Problem::invalid("22023", "unrecognized partitioning strategy").at(spec.location)),
        };
        if strategy == PartitionStrategy::List && spec.part_params.len() != 1 {
            return Err(Problem::invalid("42P17", "cannot use \"list\" partition strategy with more than one column"));
        }
        let method = self.index_method(if strategy == PartitionStrategy::Hash { "hash" } else { "btree" })?;
        let mut parts = Vec::new();
        let mut needs = Needs::new();
        let mut raws = Vec::new();
        for (param, at) in spec.part_params.iter().zip(0_u16..) {
            let Some(NodeEnum::PartitionElem(element)) = &param.node else {
                return Err(Problem::internal("a part of a partition key is no part"));
            };
            let (target, ty, own, natural) = match &element.expr {
                Some(raw) => {
                    let cooked = self.model.partition_key_over(table, &self.path, raw)?;
                    needs.extend(cooked.needs);
                    match cooked.column {
                        Some(column) => (KeyTarget::Column(column), cooked.ty, cooked.own_collation, cooked.collation),
                        None => {
                            raws.push((at, raw.as_ref().clone()));
                            (KeyTarget::Expression(cooked.text), cooked.ty, cooked.own_collation, cooked.collation)
                        }
                    }
                }
                None => {
                    let column = name(&element.name)?;
                    let row = self.model.relation_row(table).and_then(|row| row.column(column.as_str()));
                    if row.is_none() && self.model.env.system_column(column.as_str()).is_some() {
                        return Err(Problem::invalid(
                            "42P17",
                            format!("cannot use system column \"{}\" in partition key", column.as_str()),
                        )
                        .at(element.location));
                    }
                    let Some(row) = row else {
                        return Err(Problem::undefined(
                            "42703",
                            format!("column \"{}\" named in partition key does not exist", column.as_str()),
                            column.as_str(),
                        )
                        .at(element.location));
                    };
                    if row.generated {
                        return Err(Problem::invalid("42P17", "cannot use generated column in partition key")
                            .detail(format!("Column \"{}\" is a generated column.", column.as_str()))
                            .at(element.location));
                    }
                    (KeyTarget::Column(column), row.type_oid, row.collation, row.collation)
                }
            };
            let collation = self.key_collation(&element.collation, ty, natural)?;
            let (opclass, _) = self.key_opclass(&method, &element.opclass, ty).map_err(|p| p.at(element.location))?;
            needs.extend(self.model.fact_of(opclass).cloned());
            let default = self.model.env.default_opclass(ty, method.oid) == Some(opclass);
            let opclass = match self.model.env.opclass_by_oid(opclass) {
                Some(row) if !default => Some(QualifiedName::new(name(&row.schema)?, name(&row.name)?)),
                _ => None,
            };
            parts.push(PartitionKeyPart { target, collation: self.collation_beside(collation, own)?, opclass });
        }
        self.edit_table(table, |t| t.partition_key = Some(PartitionKey { strategy, parts }))?;
        let id = FactId::Table(table.clone());
        needs.retain(|need| !matches!(need, FactId::Column(owner, _) | FactId::Constraint(owner, _) if owner == table));
        needs.remove(&id);
        self.add_needs(&id, needs);
        for (at, raw) in raws {
            self.remember(&id, Part::PartitionKey(at), &raw);
        }
        Ok(())
    }

    /// PARTITION OF, or the bound of ATTACH PARTITION.
    pub(super) fn make_partition(
        &mut self,
        table: &QualifiedName,
        parent: &QualifiedName,
        spec: &PartitionBoundSpec,
    ) -> Elaborated<()> {
        let bound = self.partition_bound(parent, spec)?;
        let shown = deparse_partition_bound(&self.model.env, &bound);
        for other in self.model.children(parent) {
            let same = self
                .model
                .table(&other)
                .and_then(|t| t.partition_of.as_ref())
                .is_some_and(|p| p.bound.as_str() == shown);
            if same && other != *table {
                return Err(Problem::invalid(
                    "42P17",
                    format!(
                        "partition \"{}\" would overlap partition \"{}\"",
                        table.name.as_str(),
                        other.name.as_str()
                    ),
                )
                .at(spec.location));
            }
        }
        let partition = Partition { parent: parent.clone(), bound: Expression(shown) };
        self.edit_table(table, |t| t.partition_of = Some(partition))
    }

    fn partition_bound(&self, parent: &QualifiedName, spec: &PartitionBoundSpec) -> Elaborated<PartitionBound> {
        let Some(key) = self.model.table(parent).and_then(|t| t.partition_key.clone()) else {
            return Err(Problem::invalid("42P17", format!("\"{}\" is not partitioned", parent.name.as_str())));
        };
        if spec.is_default {
            if key.strategy == PartitionStrategy::Hash {
                return Err(Problem::invalid("42P16", "a hash-partitioned table may not have a default partition"));
            }
            return Ok(PartitionBound::Default);
        }
        let columns = self.partition_key_columns(parent, &key)?;
        let wrong = |what: &str| {
            Err(Problem::invalid("42P16", format!("invalid bound specification for a {what} partition"))
                .at(spec.location))
        };
        match (key.strategy, spec.strategy.as_str()) {
            (PartitionStrategy::Hash, "h") => {
                let wrong = |message: &str| Err(Problem::invalid("42P16", message));
                if spec.modulus <= 0 {
                    return wrong("modulus for hash partition must be an integer value greater than zero");
                }
                if spec.remainder < 0 {
                    return wrong(
                        "remainder for hash partition must be an integer value greater than or equal to zero",
                    );
                }
                if spec.remainder >= spec.modulus {
                    return wrong("remainder for hash partition must be less than modulus");
                }
                Ok(PartitionBound::Hash { modulus: spec.modulus, remainder: spec.remainder })
            }
            (PartitionStrategy::List, "l") => {
                let Some(column) = columns.first() else { return wrong("list") };
                let mut values: Vec<Const> = Vec::new();
                for raw in &spec.listdatums {
                    let value = self.bound_value(column, raw)?;
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                Ok(PartitionBound::List(values))
            }
            (PartitionStrategy::Range, "r") => {
                let end = |list: &[Node], which: &str| -> Elaborated<Vec<BoundDatum>> {
                    if list.len() != columns.len() {
                        return Err(Problem::invalid(
                            "42P16",
                            format!("{which} must specify exactly one value per partitioning column"),
                        ));
                    }
                    list.iter().zip(&columns).map(|(raw, column)| self.range_datum(column, raw)).collect()
                };
                Ok(PartitionBound::Range { from: end(&spec.lowerdatums, "FROM")?, to: end(&spec.upperdatums, "TO")? })
            }
            (PartitionStrategy::Hash, _) => wrong("hash"),
            (PartitionStrategy::List, _) => wrong("list"),
            (PartitionStrategy::Range, _) => wrong("range"),
        }
    }

    fn range_datum(&self, column: &KeyColumn, raw: &Node) -> Elaborated<BoundDatum> {
        if let Some(NodeEnum::ColumnRef(reference)) = &raw.node
            && let [one] = reference.fields.as_slice()
        {
            match string_of(one) {
                Some("minvalue") => return Ok(BoundDatum::MinValue),
                Some("maxvalue") => return Ok(BoundDatum::MaxValue),
                _ => {}
            }
        }
        let value = self.bound_value(column, raw)?;
        if value.value.is_none() {
            return Err(Problem::invalid("42P17", "cannot specify NULL in range bound"));
        }
        Ok(BoundDatum::Value(value))
    }

    fn bound_value(&self, column: &KeyColumn, raw: &Node) -> Elaborated<Const> {
        let target = Target { name: &column.shown, type_oid: column.type_oid, typmod: column.typmod };
        analyze::cook_partition_bound_value(&self.model.env, &self.path, raw, &target, column.collation)
            .map_err(Box::<Problem>::from)
    }

    fn partition_key_columns(&self, table: &QualifiedName, key: &PartitionKey) -> Elaborated<Vec<KeyColumn>> {
        key.parts
            .iter()
            .map(|part| match &part.target {
                KeyTarget::Column(column) => {
                    let row = self
                        .model
                        .relation_row(table)
                        .and_then(|row| row.column(column.as_str()))
                        .ok_or_else(|| Problem::internal("a partition key without its column"))?;
                    let collation = match &part.collation {
                        Some(named) => self.model.stored_collation(named),
                        None => row.collation,
                    };
                    Ok(KeyColumn {
                        shown: column.as_str().to_owned(),
                        type_oid: row.type_oid,
                        typmod: row.typmod,
                        collation,
                    })
                }
                KeyTarget::Expression(text) => {
                    let raw = analyze::parse_expr_text(text.as_str()).map_err(Box::<Problem>::from)?;
                    let cooked = self.model.partition_key_over(table, &crate::env::SearchPath::empty(), &raw)?;
                    Ok(KeyColumn {
                        shown: text.as_str().to_owned(),
                        type_oid: cooked.ty,
                        typmod: -1,
                        collation: cooked.collation,
                    })
                }
            })
            .collect()
    }

    /// Gives a new partition its parent's indexes, row triggers and foreign keys.
    pub(super) fn clone_to_partition(&mut self, parent: &QualifiedName, table: &QualifiedName) -> Elaborated<()> {
        for (id, new) in self.indexes_to_clone(parent)? {
            let index = match &id {
                FactId::Index(index) => index.clone(),
                FactId::Constraint(owner, name) => QualifiedName::new(owner.schema.clone(), name.clone()),
                _ => continue,
            };
            self.index_on_partition(parent, &index, &new, table)?;
        }
        self.clone_triggers(parent, table)?;
        let keys: Vec<Name> = self
            .model
            .constraints(parent)
            .filter(|(_, c)| matches!(c.is, ConstraintKind::ForeignKey(_)))
            .map(|(name, _)| name.clone())
            .collect();
        for key in keys {
            self.foreign_key_on_partition(parent, &key, table)?;
        }
        Ok(())
    }

    /// Clones the row triggers of a partitioned table to a partition.
    pub(super) fn clone_triggers(&mut self, parent: &QualifiedName, table: &QualifiedName) -> Elaborated<()> {
        let triggers: Vec<Fact> = self.model.catalog.triggers(parent).cloned().collect();
        for fact in triggers {
            let (FactId::Trigger(_, trigger), Payload::Trigger(found)) = (&fact.id, &fact.payload) else { continue };
            if found.level == TriggerLevel::Row {
                self.clone_trigger(table, trigger, found, &fact)?;
            }
        }
        Ok(())
    }

    /// Puts the clone of a trigger on a partition and on its partitions.
    pub(super) fn clone_trigger(
        &mut self,
        table: &QualifiedName,
        trigger: &Name,
        found: &Trigger,
        of: &Fact,
    ) -> Elaborated<()> {
        let id = FactId::Trigger(table.clone(), trigger.clone());
        if self.model.contains(&id) {
            return Err(Problem::duplicate(
                "42710",
                format!("trigger \"{}\" for relation \"{}\" already exists", trigger.as_str(), table.name.as_str()),
            ));
        }
        let mut fact = Fact::new(id, Payload::Trigger(Trigger { cloned: true, ..found.clone() }));
        fact.needs = of
            .needs
            .iter()
            .filter(|need| !matches!(need, FactId::Column(..) | FactId::Table(_) | FactId::Trigger(..)))
            .cloned()
            .collect();
        fact.needs.insert(of.id.clone());
        self.model.put(fact);
        for child in self.model.children(table) {
            if self.model.table(&child).is_some_and(|t| t.partition_of.is_some()) {
                self.clone_trigger(&child, trigger, found, of)?;
            }
        }
        Ok(())
    }

    /// An index of a partition that fits its parent's and is attached to none.
    pub(super) fn fitting_index(&self, table: &QualifiedName, new: &NewIndex) -> Elaborated<Option<FactId>> {
        if new.owner == Owner::Itself {
            for (index, found) in self.model.indexes(table) {
                let fits = found.attached_to.is_none()
                    && found.method == new.method
                    && found.unique == new.unique
                    && found.nulls_not_distinct == new.nulls_not_distinct
                    && found.include == new.include
                    && found.predicate == new.predicate
                    && same_keys(&found.keys, &new.keys);
                if fits {
                    return Ok(Some(FactId::Index(index)));
                }
            }
            return Ok(None);
        }
        for (id, found) in self.indexes_to_clone(table)? {
            let FactId::Constraint(owner, constraint) = &id else { continue };
            let free = self.model.constraint(owner, constraint).is_some_and(|c| c.parent.is_none());
            let fits = free
                && found.owner == new.owner
                && found.method == new.method
                && found.include == new.include
                && found.predicate == new.predicate
                && found.nulls_not_distinct == new.nulls_not_distinct
                && found.without_overlaps == new.without_overlaps
                && same_keys(&found.keys, &new.keys);
            if fits {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Attaches an index or key of a partition to its parent's.
    pub(super) fn attach(&mut self, found: &FactId, child: &QualifiedName, to: &Attached) -> Elaborated<()> {
        match (found, to) {
            (FactId::Index(index), Attached::Index(parent)) => {
                self.edit_index(index, |i| i.attached_to = Some(parent.clone()))?;
                let invalid = self.model.index(index).is_some_and(|i| !i.storage.valid);
                if invalid {
                    self.edit_index(parent, |i| i.storage.valid = false)?;
                }
            }
            (FactId::Constraint(_, constraint), Attached::Constraint(table, of)) => {
                let parent = Some((table.clone(), of.clone()));
                self.edit_constraint(child, constraint, |c| {
                    c.parent = parent;
                    c.is_local = false;
                    c.inherit_count += 1;
                })?;
            }
            _ => return Err(Problem::unsupported("attaching a constraint's index to an index that is none's")),
        }
        Ok(())
    }

    /// ATTACH PARTITION.
    pub(super) fn attach_partition(
        &mut self,
        parent: &QualifiedName,
        table: &QualifiedName,
        spec: &PartitionBoundSpec,
    ) -> Elaborated<()> {
        let Some(found) = self.model.table(table).cloned() else { return Ok(()) };
        // the bound is read before anything is compared
        self.partition_bound(parent, spec)?;
        let shown = table.name.as_str();
        if table == parent {
            return Err(Problem::invalid("42P07", "circular inheritance not allowed")
                .detail(format!("\"{shown}\" is already a child of \"{shown}\".")));
        }
        let wrong = |message: String| Err(Problem::invalid("42809", message));
        if found.partition_of.is_some() {
            return wrong(format!("\"{shown}\" is already a partition"));
        }
        if found.of_type.is_some() {
            return wrong("cannot attach a typed table as partition".to_owned());
        }
        if !found.inherits.is_empty() {
            return wrong("cannot attach inheritance child as partition".to_owned());
        }
        if found.partition_key.is_none() && !self.model.children(table).is_empty() {
            return wrong("cannot attach inheritance parent as partition".to_owned());
        }
        for (column, _) in self.model.columns(table) {
            if self.model.column(parent, &column).is_none() {
                return Err(Problem::invalid(
                    "42804",
                    format!(
                        "table \"{shown}\" contains column \"{}\" not found in parent \"{}\"",
                        column.as_str(),
                        parent.name.as_str()
                    ),
                )
                .detail("The new partition may contain only the columns present in parent."));
            }
        }
        self.merge_into_existing(table, parent, true)?;
        self.make_partition(table, parent, spec)?;
        self.clone_to_partition(parent, table)
    }

    /// DETACH PARTITION.
    pub(super) fn detach_partition(&mut self, parent: &QualifiedName, table: &QualifiedName) -> Elaborated<()> {
        let is_child =
            self.model.table(table).and_then(|t| t.partition_of.as_ref()).is_some_and(|p| p.parent == *parent);
        if !is_child {
            return Err(Problem::invalid(
                "42P01",
                format!(
                    "relation \"{}\" is not a partition of relation \"{}\"",
                    table.name.as_str(),
                    parent.name.as_str()
                ),
            ));
        }
        self.take_out_of_parent(table, parent)?;
        for (constraint, found) in self.model.constraints_copied(table) {
            if found.parent.as_ref().is_some_and(|(of, _)| of == parent) {
                self.edit_constraint(table, &constraint, |c| {
                    c.parent = None;
                    c.inherit_count = c.inherit_count.saturating_sub(1);
                    if c.inherit_count == 0 {
                        c.is_local = true;
                    }
                })?;
            }
        }
        for (index, found) in self.model.indexes(table) {
            let of_parent = found.attached_to.as_ref().is_some_and(|to| {
                self.model.index(to).is_some_and(|i| i.table == *parent)
                    || self.model.constraint(parent, &to.name).is_some()
            });
            if of_parent {
                self.edit_index(&index, |i| i.attached_to = None)?;
            }
        }
        self.drop_cloned_triggers(parent, table);
        if self.model.major() >= Major::V17 {
            for (column, found) in self.model.columns(table) {
                if found.identity.is_some() {
                    self.drop_identity_down(table, &column)?;
                }
            }
        }
        self.edit_table(table, |t| t.partition_of = None)
    }

    fn drop_identity_down(&mut self, table: &QualifiedName, column: &Name) -> Elaborated<()> {
        self.edit_column(table, column, |c| c.identity = None)?;
        for child in self.model.children(table) {
            self.drop_identity_down(&child, column)?;
        }
        Ok(())
    }

    /// Takes the clones of a parent's triggers away from a table and its partitions.
    fn drop_cloned_triggers(&mut self, parent: &QualifiedName, table: &QualifiedName) {
        let of_parent: Vec<Name> = self
            .model
            .catalog
            .triggers(parent)
            .filter_map(|fact| match &fact.id {
                FactId::Trigger(_, name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        for trigger in of_parent {
            let id = FactId::Trigger(table.clone(), trigger);
            let cloned = self
                .model
                .fact(&id)
                .is_some_and(|fact| matches!(&fact.payload, Payload::Trigger(trigger) if trigger.cloned));
            if cloned {
                for child in self.model.children(table) {
                    self.drop_cloned_triggers(table, &child);
                }
                self.model.take(&id);
            }
        }
    }

    /// ALTER INDEX … ATTACH PARTITION.
    pub(super) fn attach_index(&mut self, parent: &FactId, child: &FactId) -> Elaborated<()> {
        match (parent, child) {
            (FactId::Index(parent), FactId::Index(child)) => {
                let of_parent = self.model.index(parent).cloned();
                let of_child = self.model.index(child).cloned();
                let (Some(of_parent), Some(of_child)) = (of_parent, of_child) else {
                    return Err(Problem::internal("an index is gone"));
                };
                if of_child.attached_to.as_ref() == Some(parent) {
                    return Ok(());
                }
                let is_partition =
                    self.model.table(&of_child.table).and_then(|t| t.partition_of.as_ref()).map(|p| &p.parent)
                        == Some(&of_parent.table);
                let cannot = |why: String| {
                    Err(Problem::invalid(
                        "42P17",
                        format!(
                            "cannot attach index \"{}\" as a partition of index \"{}\"",
                            child.name.as_str(),
                            parent.name.as_str()
                        ),
                    )
                    .detail(why))
                };
                if !is_partition {
                    return cannot(format!(
                        "Index \"{}\" is not an index on any partition of table \"{}\".",
                        child.name.as_str(),
                        of_parent.table.name.as_str()
                    ));
                }
                if of_child.attached_to.is_some() {
                    return cannot(format!("Index \"{}\" is already attached to another index.", child.name.as_str()));
                }
                let same = of_child.method == of_parent.method
                    && of_child.unique == of_parent.unique
                    && of_child.include == of_parent.include
                    && of_child.predicate == of_parent.predicate
                    && of_child.nulls_not_distinct == of_parent.nulls_not_distinct
                    && same_keys(&of_child.keys, &of_parent.keys);
                if !same {
                    return cannot("The index definitions do not match.".to_owned());
                }
                self.edit_index(child, |i| i.attached_to = Some(parent.clone()))?;
            }
            (FactId::Constraint(parent_table, parent), FactId::Constraint(table, child)) => {
                let attached = self.model.constraint(table, child).is_some_and(|c| c.parent.is_some());
                if attached {
                    return Ok(());
                }
                let to = Attached::Constraint(parent_table.clone(), parent.clone());
                self.attach(&FactId::Constraint(table.clone(), child.clone()), table, &to)?;
            }
            _ => {
                return Err(Problem::invalid(
                    "42P17",
                    "cannot attach an index with a constraint to one without, or the reverse",
                ));
            }
        }
        self.validate_partitioned_index(parent)
    }

    /// A partitioned index is valid once every partition has a valid index attached; follows `validatePartitionedIndex`.
    pub(super) fn validate_partitioned_index(&mut self, id: &FactId) -> Elaborated<()> {
        let (table, up) = match id {
            FactId::Index(index) => match self.model.index(index) {
                Some(found) if !found.storage.valid => (found.table.clone(), found.attached_to.clone()),
                _ => return Ok(()),
            },
            FactId::Constraint(table, constraint) => match self.model.constraint(table, constraint) {
                Some(found) if !storage_valid(&found.is) => {
                    let up = found.parent.clone().map(|(t, n)| QualifiedName::new(t.schema, n));
                    (table.clone(), up)
                }
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let attached = |child: &QualifiedName| match id {
            FactId::Index(index) => {
                self.model.indexes(child).iter().any(|(_, i)| i.attached_to.as_ref() == Some(index) && i.storage.valid)
            }
            FactId::Constraint(table, constraint) => self.model.constraints(child).any(|(_, c)| {
                c.parent.as_ref().is_some_and(|(t, n)| t == table && n == constraint) && storage_valid(&c.is)
            }),
            _ => false,
        };
        if !self.model.children(&table).iter().all(attached) {
            return Ok(());
        }
        match id {
            FactId::Index(index) => {
                self.edit_index(index, |i| i.storage.valid = true)?;
                match up {
                    Some(up) => self.validate_partitioned_index(&FactId::Index(up)),
                    None => Ok(()),
                }
            }
            FactId::Constraint(table, constraint) => {
                self.edit_constraint(table, constraint, |c| set_storage_valid(&mut c.is))?;
                match self.model.constraint(table, constraint).and_then(|c| c.parent.clone()) {
                    Some((table, constraint)) => {
                        self.validate_partitioned_index(&FactId::Constraint(table, constraint))
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// Whether keys are over the same columns by the same collations and operator classes (their order does not matter).
fn same_keys(a: &[IndexKey], b: &[IndexKey]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| a.target == b.target && a.collation == b.collation && a.opclass == b.opclass)
}

fn storage_valid(kind: &ConstraintKind) -> bool {
    match kind {
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => key.index.valid,
        ConstraintKind::Exclusion(exclusion) => exclusion.index.valid,
        _ => true,
    }
}

fn set_storage_valid(kind: &mut ConstraintKind) {
    match kind {
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => key.index.valid = true,
        ConstraintKind::Exclusion(exclusion) => exclusion.index.valid = true,
        _ => {}
    }
}
