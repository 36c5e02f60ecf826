//! ALTER TABLE and ALTER INDEX: the subcommands in the order in which a server carries them out.
//!
//! Follows `ATPrepCmd` and `ATRewriteCatalogs`, tablecmds.c (PG 14 to 18): drops first, then types, new columns, constraints,
//! attributes, keys, defaults and foreign keys, and the rest.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, ConstrType, Constraint, ObjectType, RangeVar};
use pgseal_catalog::facts::{ConstraintKind, Enabled, IndexStorage, KeyTarget, Payload, Persistence, ReplicaIdentity};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::column_definition::constraint_type;
use super::dispatch::object_type;
use super::error::{Elaborated, Problem};
use super::names::name;
use super::options::{OptionsOf, reset_options, set_options};
use super::run::Interpreter;
use crate::env::{Major, RelationKind};

/// The pass in which a subcommand runs.
fn pass(command: &AlterTableCmd, kind: AlterTableType) -> u8 {
    use AlterTableType as T;
    match kind {
        T::AtDropNotNull | T::AtDropColumn | T::AtDropConstraint | T::AtDropIdentity | T::AtDropExpression => 0,
        T::AtColumnDefault if command.def.is_none() => 0,
        T::AtAlterColumnType => 1,
        T::AtAddColumn => 2,
        T::AtSetExpression => 3,
        T::AtAddConstraint => match constraint_of(command).map(constraint_type) {
            Some(ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion) => 6,
            Some(ConstrType::ConstrForeign) => 7,
            _ => 4,
        },
        T::AtSetNotNull | T::AtSetIdentity => 5,
        T::AtColumnDefault | T::AtAddIdentity => 7,
        _ => 8,
    }
}

/// The constraint that a subcommand is about.
fn constraint_of(command: &AlterTableCmd) -> Option<&Constraint> {
    match command.def.as_ref()?.node.as_ref()? {
        NodeEnum::Constraint(constraint) => Some(constraint),
        _ => None,
    }
}

impl Interpreter<'_> {
    /// Whether there is an index of that name, of any table.
    pub(super) fn is_index(&self, name: &QualifiedName) -> bool {
        self.model
            .relation_row(name)
            .is_some_and(|row| matches!(row.kind, RelationKind::Index | RelationKind::PartitionedIndex))
    }

    /// Carries out ALTER TABLE, ALTER INDEX, and ALTER of what shares their statement.
    pub(super) fn alter_relation(&mut self, statement: &AlterTableStmt) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("ALTER TABLE of nothing")) };
        let of = object_type(statement.objtype);
        if of == ObjectType::ObjectType {
            return self.alter_composite(statement);
        }
        let Some((found, kind)) = self.find_relation(range)? else {
            if statement.missing_ok {
                return Ok(());
            }
            return self.relation(range).map(|_| ());
        };
        let mut commands: Vec<(u8, &AlterTableCmd, AlterTableType)> = Vec::new();
        for node in &statement.cmds {
            let Some(NodeEnum::AlterTableCmd(command)) = &node.node else { continue };
            let kind = AlterTableType::try_from(command.subtype).unwrap_or(AlterTableType::Undefined);
            commands.push((pass(command, kind), command, kind));
        }
        match kind {
            RelationKind::Index | RelationKind::PartitionedIndex => {
                let index = self.index_address(&found)?;
                for (_, command, kind) in commands {
                    self.alter_index(&index, command, kind)?;
                }
                Ok(())
            }
            RelationKind::Sequence => {
                for (_, command, kind) in commands {
                    self.alter_sequence_relation(&found, command, kind)?;
                }
                Ok(())
            }
            RelationKind::View if !matches!(of, ObjectType::ObjectIndex | ObjectType::ObjectSequence) => {
                for (_, command, kind) in commands {
                    self.alter_view(&found, command, kind)?;
                }
                Ok(())
            }
            RelationKind::MaterializedView if !matches!(of, ObjectType::ObjectIndex | ObjectType::ObjectSequence) => {
                self.require_materialized_view(&found).map_err(|p| p.at(range.location))?;
                for (_, command, kind) in commands {
                    self.alter_materialized_view(&found, command, kind)?;
                }
                Ok(())
            }
            _ if of == ObjectType::ObjectMatview => {
                Err(Problem::invalid("42809", format!("\"{}\" is not a materialized view", range.relname))
                    .at(range.location))
            }
            _ if of == ObjectType::ObjectView => {
                Err(Problem::invalid("42809", format!("\"{}\" is not a view", range.relname)).at(range.location))
            }
            _ => {
                if of == ObjectType::ObjectIndex {
                    return Err(Problem::invalid("42809", format!("\"{}\" is not an index", range.relname)));
                }
                self.require_table(&found, kind).map_err(|p| p.at(range.location))?;
                commands.sort_by_key(|(pass, ..)| *pass);
                for (_, command, kind) in commands {
                    self.alter_table(&found, command, kind, range.inh)?;
                }
                Ok(())
            }
        }
    }

    fn alter_table(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        kind: AlterTableType,
        recurse: bool,
    ) -> Elaborated<()> {
        use AlterTableType as T;
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        match kind {
            T::AtAddColumn => self.add_column(table, command, recurse),
            T::AtDropColumn => self.drop_column(table, command, recurse),
            T::AtColumnDefault => self.set_default(table, command, recurse),
            T::AtDropNotNull => self.drop_not_null(table, &name(&command.name)?, recurse),
            T::AtSetNotNull => self.set_not_null(table, &name(&command.name)?, None, recurse, false),
            T::AtSetExpression => self.set_expression(table, command, recurse),
            T::AtDropExpression => self.drop_expression(table, command, recurse),
            T::AtSetStatistics => self.set_statistics(table, command, recurse),
            T::AtSetOptions | T::AtResetOptions => self.set_column_options(table, command, kind, recurse),
            T::AtSetStorage => self.set_storage(table, command, recurse),
            T::AtSetCompression => self.set_compression(table, command),
            T::AtAddIdentity => self.add_identity(table, command, recurse),
            T::AtSetIdentity => self.set_identity(table, command, recurse),
            T::AtDropIdentity => self.drop_identity(table, command, recurse),
            T::AtAlterColumnType => self.alter_column_type(table, command, recurse),
            T::AtAddConstraint => {
                let Some(raw) = constraint_of(command) else { return Err(Problem::internal("no constraint")) };
                self.add_constraint(table, raw, recurse)
            }
            T::AtDropConstraint => {
                let constraint = name(&command.name)?;
                let behavior = super::drop::behavior(command.behavior);
                if self.model.constraint(table, &constraint).is_none() && command.missing_ok {
                    return Ok(());
                }
                let cascade = behavior == super::drop::Behavior::Cascade;
                self.drop_constraint(table, &constraint, recurse, false, cascade)
            }
            T::AtValidateConstraint => self.validate_constraint(table, &name(&command.name)?, recurse),
            T::AtAlterConstraint => self.alter_constraint(table, command),
            T::AtClusterOn => self.cluster_on(table, Some(&name(&command.name)?)),
            T::AtDropCluster => self.cluster_on(table, None),
            T::AtSetLogged => self.set_persistence(table, Persistence::Permanent),
            T::AtSetUnLogged => self.set_persistence(table, Persistence::Unlogged),
            T::AtSetAccessMethod => self.set_access_method(table, &command.name),
            T::AtSetTableSpace => {
                let tablespace = name(&command.name)?;
                self.edit_table(table, |t| t.tablespace = Some(tablespace).filter(|n| *n != *"pg_default"))
            }
            T::AtSetRelOptions | T::AtResetRelOptions => {
                let of = if partitioned { OptionsOf::PartitionedTable } else { OptionsOf::Table };
                let mut options = self.model.table(table).map(|t| t.options.clone()).unwrap_or_default();
                change_options(&mut options, command, kind, of)?;
                self.edit_table(table, |t| t.options = options)
            }
            T::AtEnableTrig | T::AtEnableTrigAll | T::AtEnableTrigUser => {
                self.enable_triggers(table, command, kind, Enabled::Origin, recurse)
            }
            T::AtEnableAlwaysTrig => self.enable_triggers(table, command, kind, Enabled::Always, recurse),
            T::AtEnableReplicaTrig => self.enable_triggers(table, command, kind, Enabled::Replica, recurse),
            T::AtDisableTrig | T::AtDisableTrigAll | T::AtDisableTrigUser => {
                self.enable_triggers(table, command, kind, Enabled::Disabled, recurse)
            }
            T::AtEnableRule => self.enable_rule(table, &name(&command.name)?, Enabled::Origin),
            T::AtEnableAlwaysRule => self.enable_rule(table, &name(&command.name)?, Enabled::Always),
            T::AtEnableReplicaRule => self.enable_rule(table, &name(&command.name)?, Enabled::Replica),
            T::AtDisableRule => self.enable_rule(table, &name(&command.name)?, Enabled::Disabled),
            T::AtAddInherit | T::AtDropInherit => {
                let Some(range) = range_of(command) else { return Err(Problem::internal("no parent")) };
                let parent = self.table(range)?;
                if partitioned {
                    return Err(Problem::invalid("42809", "cannot change inheritance of partitioned table"));
                }
                match kind {
                    T::AtAddInherit => self.add_inherit(table, &parent),
                    _ => self.drop_inherit(table, &parent),
                }
            }
            T::AtAddOf | T::AtDropOf => self.change_type_of(table, command, kind),
            T::AtReplicaIdentity => self.set_replica_identity(table, command),
            T::AtEnableRowSecurity => self.set_row_security(table, Some(true), None),
            T::AtDisableRowSecurity => self.set_row_security(table, Some(false), None),
            T::AtForceRowSecurity => self.set_row_security(table, None, Some(true)),
            T::AtNoForceRowSecurity => self.set_row_security(table, None, Some(false)),
            T::AtAttachPartition | T::AtDetachPartition | T::AtDetachPartitionFinalize => {
                let Some(NodeEnum::PartitionCmd(partition)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
                    return Err(Problem::internal("no partition"));
                };
                let Some(range) = &partition.name else { return Err(Problem::internal("no partition")) };
                let child = self.table(range)?;
                if !partitioned {
                    return Err(Problem::invalid(
                        if self.model.major() >= Major::V18 { "42809" } else { "42P17" },
                        format!("table \"{}\" is not partitioned", table.name.as_str()),
                    ));
                }
                match (&partition.bound, kind) {
                    (Some(bound), T::AtAttachPartition) => self.attach_partition(table, &child, bound),
                    (_, T::AtDetachPartition) => self.detach_partition(table, &child),
                    _ => Err(Problem::unsupported("DETACH PARTITION … FINALIZE")),
                }
            }
            _ => Err(Problem::unsupported(format!("this form of ALTER TABLE ({})", kind.as_str_name()))),
        }
    }

    /// ADD CONSTRAINT.
    fn add_constraint(&mut self, table: &QualifiedName, raw: &Constraint, recurse: bool) -> Elaborated<()> {
        if self.model.table(table).is_some_and(|t| t.partition_of.is_some())
            && constraint_type(raw) == ConstrType::ConstrNotnull
        {
            // allowed as for any table
        }
        match constraint_type(raw) {
            ConstrType::ConstrCheck => {
                let mut taken = std::collections::BTreeSet::new();
                let valid = !raw.skip_validation;
                self.add_check(table, raw, valid, &mut taken, recurse).map(|_| ())
            }
            ConstrType::ConstrNotnull => {
                let mut collected = super::column_definition::Collected::default();
                self.collect_table_constraint(raw, &mut collected)?;
                for new in &collected.not_nulls {
                    self.add_not_null(table, new, recurse, true, &std::collections::BTreeSet::new())
                        .map_err(|p| p.at(raw.location))?;
                }
                Ok(())
            }
            ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion => {
                self.add_key(table, raw, recurse)
            }
            ConstrType::ConstrForeign => {
                let chosen = self.foreign_key_name(table, raw)?;
                self.add_foreign_key(table, raw, &chosen, recurse, false).map_err(|p| p.at(raw.location))
            }
            _ => Err(Problem::unsupported("this constraint").at(raw.location)),
        }
    }

    /// CLUSTER ON and SET WITHOUT CLUSTER.
    pub(super) fn cluster_on(&mut self, table: &QualifiedName, index: Option<&Name>) -> Elaborated<()> {
        let mut found = false;
        for (id, _) in self.indexes_to_clone(table)? {
            let this = match &id {
                FactId::Index(own) => &own.name,
                FactId::Constraint(_, own) => own,
                _ => continue,
            };
            let clustered = index == Some(this);
            found |= clustered;
            self.edit_storage(&id, |storage| storage.clustered = clustered)?;
        }
        match index {
            Some(index) if !found && self.is_index(&QualifiedName::new(table.schema.clone(), index.clone())) => {
                Err(Problem::invalid(
                    "42809",
                    format!("\"{}\" is not an index for table \"{}\"", index.as_str(), table.name.as_str()),
                ))
            }
            Some(index) if !found => Err(Problem::undefined(
                "42704",
                format!("index \"{}\" for table \"{}\" does not exist", index.as_str(), table.name.as_str()),
                index.as_str(),
            )),
            _ => Ok(()),
        }
    }

    /// Changes what an index has besides its definition, wherever facts keep it.
    pub(super) fn edit_storage(&mut self, id: &FactId, edit: impl FnOnce(&mut IndexStorage)) -> Elaborated<()> {
        match id {
            FactId::Index(index) => self.edit_index(index, |i| edit(&mut i.storage)),
            FactId::Constraint(table, constraint) => self.edit_constraint(table, constraint, |c| {
                if let Some(index) = c.index_mut() {
                    edit(index);
                }
            }),
            _ => Err(Problem::internal("no index")),
        }
    }

    fn set_persistence(&mut self, table: &QualifiedName, persistence: Persistence) -> Elaborated<()> {
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if partitioned && self.model.major() >= Major::V18 {
            return Err(Problem::invalid(
                "42809",
                format!("ALTER action SET LOGGED cannot be performed on relation \"{}\"", table.name.as_str()),
            )
            .detail("This operation is not supported for partitioned tables."));
        }
        let permanent =
            |name: &QualifiedName| self.model.table(name).is_none_or(|t| t.persistence == Persistence::Permanent);
        let keys: Vec<(QualifiedName, QualifiedName)> = self
            .model
            .catalog
            .constraints(table)
            .map(|fact| fact.id.clone())
            .chain(self.model.dependents(&FactId::Table(table.clone())).cloned())
            .filter_map(|id| match &id {
                FactId::Constraint(owner, constraint) => {
                    match self.model.constraint(owner, constraint).map(|c| &c.is) {
                        Some(ConstraintKind::ForeignKey(key)) => Some((owner.clone(), key.references.clone())),
                        _ => None,
                    }
                }
                _ => None,
            })
            .collect();
        for (owner, references) in keys {
            if owner == references {
                continue;
            }
            let broken = match persistence {
                Persistence::Unlogged => references == *table && permanent(&owner),
                Persistence::Permanent => owner == *table && !permanent(&references),
            };
            if broken {
                let (to, other) = match persistence {
                    Persistence::Unlogged => ("unlogged", &owner),
                    Persistence::Permanent => ("logged", &references),
                };
                return Err(Problem::invalid(
                    "42P16",
                    format!(
                        "could not change table \"{}\" to {to} because it references {} table \"{}\"",
                        table.name.as_str(),
                        if to == "logged" { "unlogged" } else { "logged" },
                        other.name.as_str()
                    ),
                ));
            }
        }
        self.edit_table(table, |t| t.persistence = persistence)?;
        if self.model.major() >= Major::V15 {
            for (column, _) in self.model.columns(table) {
                let owned: Vec<FactId> = self
                    .model
                    .dependents(&FactId::Column(table.clone(), column.clone()))
                    .filter(|id| matches!(id, FactId::Sequence(_)))
                    .cloned()
                    .collect();
                for id in owned {
                    if let Some(mut fact) = self.model.fact(&id).cloned() {
                        if let Payload::Sequence(sequence) = &mut fact.payload {
                            sequence.unlogged = persistence == Persistence::Unlogged;
                        }
                        self.model.put(fact);
                    }
                }
            }
        }
        Ok(())
    }

    fn set_access_method(&mut self, table: &QualifiedName, text: &str) -> Elaborated<()> {
        if self.model.major() < Major::V15 {
            return Err(Problem::invalid("42601", "syntax error: SET ACCESS METHOD is not known before PostgreSQL 15"));
        }
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if partitioned && self.model.major() < Major::V17 {
            return Err(Problem::invalid("42809", "cannot change access method of a partitioned table"));
        }
        let method = match text {
            "" if self.model.major() < Major::V17 => {
                return Err(Problem::invalid(
                    "42601",
                    "syntax error: SET ACCESS METHOD DEFAULT is not known before PostgreSQL 17",
                ));
            }
            "" if partitioned => None,
            "" => Some(name(&self.settings.default_table_access_method)?),
            text => Some(name(text)?),
        };
        if let Some(method) = &method
            && self.model.env.lookup_access_method(method.as_str()).is_none()
        {
            return Err(Problem::undefined(
                "42704",
                format!("access method \"{}\" does not exist", method.as_str()),
                method.as_str(),
            ));
        }
        self.edit_table(table, |t| t.access_method = method.filter(|method| *method != *"heap"))
    }

    fn enable_triggers(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        kind: AlterTableType,
        enabled: Enabled,
        recurse: bool,
    ) -> Elaborated<()> {
        use AlterTableType as T;
        let all = matches!(kind, T::AtEnableTrigAll | T::AtEnableTrigUser | T::AtDisableTrigAll | T::AtDisableTrigUser);
        let wanted = if all { None } else { Some(name(&command.name)?) };
        if kind == T::AtDisableTrigAll && self.is_kept_by_triggers(table) {
            let what = "DISABLE TRIGGER ALL of a table with foreign or deferrable keys, which it would switch off,";
            return Err(Problem::unsupported(what).hint("DISABLE TRIGGER USER leaves them alone"));
        }
        let mut found = false;
        let triggers: Vec<_> = self.model.catalog.triggers(table).cloned().collect();
        for mut fact in triggers {
            let FactId::Trigger(_, trigger) = &fact.id else { continue };
            if wanted.as_ref().is_some_and(|wanted| wanted != trigger) {
                continue;
            }
            found = true;
            if let Payload::Trigger(trigger) = &mut fact.payload {
                trigger.enabled = enabled;
            }
            self.model.put(fact);
        }
        if let Some(wanted) = &wanted
            && !found
        {
            return Err(Problem::undefined(
                "42704",
                format!("trigger \"{}\" for table \"{}\" does not exist", wanted.as_str(), table.name.as_str()),
                wanted.as_str(),
            ));
        }
        // only clones on partitions follow
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if recurse && partitioned {
            for child in self.model.children(table) {
                if let Some(wanted) = &wanted
                    && !self.model.contains(&FactId::Trigger(child.clone(), wanted.clone()))
                {
                    continue;
                }
                if self.model.major() >= Major::V15 || wanted.is_some() || all {
                    self.enable_triggers(&child, command, kind, enabled, recurse)?;
                }
            }
        }
        Ok(())
    }

    /// Whether the server keeps a constraint of the table, or one that references it, by triggers of its own.
    fn is_kept_by_triggers(&self, table: &QualifiedName) -> bool {
        self.model.catalog.iter().any(|fact| {
            let (FactId::Constraint(of, _), Payload::Constraint(constraint)) = (&fact.id, &fact.payload) else {
                return false;
            };
            match &constraint.is {
                ConstraintKind::ForeignKey(key) => constraint.enforced && (of == table || key.references == *table),
                ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_) => {
                    constraint.deferrable && of == table
                }
                ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => false,
            }
        })
    }

    fn change_type_of(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        kind: AlterTableType,
    ) -> Elaborated<()> {
        if kind == AlterTableType::AtDropOf {
            if self.model.table(table).is_none_or(|t| t.of_type.is_none()) {
                return Err(Problem::invalid("42809", format!("\"{}\" is not a typed table", table.name.as_str())));
            }
            return self.edit_table(table, |t| t.of_type = None);
        }
        let Some(NodeEnum::TypeName(ty)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
            return Err(Problem::internal("OF nothing"));
        };
        let (oid, _) = self.type_of(ty)?;
        let row = self.model.env.relation_of_type(oid).cloned();
        let Some(row) = row.filter(|row| row.kind == RelationKind::CompositeType) else {
            return Err(Problem::invalid(
                "42809",
                format!("type {} is not a composite type", self.model.env.format_type_be(oid)),
            ));
        };
        let own = self.model.relation_row(table).map(|row| row.columns.clone()).unwrap_or_default();
        let same = own.len() == row.columns.len()
            && own.iter().zip(&row.columns).all(|(a, b)| {
                a.name == b.name && a.type_oid == b.type_oid && a.typmod == b.typmod && a.collation == b.collation
            });
        if !same {
            return Err(Problem::invalid("42804", "table has other columns than the type that it is to be of"));
        }
        let of = QualifiedName::new(name(&row.schema)?, name(&row.name)?);
        self.edit_table(table, |t| t.of_type = Some(of))
    }

    fn set_replica_identity(&mut self, table: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let Some(NodeEnum::ReplicaIdentityStmt(statement)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
            return Err(Problem::internal("no replica identity"));
        };
        let identity = match statement.identity_type.as_str() {
            "d" => ReplicaIdentity::Default,
            "f" => ReplicaIdentity::Full,
            "n" => ReplicaIdentity::Nothing,
            _ => {
                let index = name(&statement.name)?;
                let known = self.indexes_to_clone(table)?.into_iter().find(|(id, _)| match id {
                    FactId::Index(own) => own.name == index,
                    FactId::Constraint(_, own) => *own == index,
                    _ => false,
                });
                let Some((_, definition)) = known else {
                    return Err(Problem::undefined(
                        "42704",
                        format!("index \"{}\" for table \"{}\" does not exist", index.as_str(), table.name.as_str()),
                        index.as_str(),
                    ));
                };
                let refuse = |why: &str| {
                    Err(Problem::invalid(
                        "42809",
                        format!("cannot use {why} index \"{}\" as replica identity", index.as_str()),
                    ))
                };
                if !definition.unique {
                    return refuse("non-unique");
                }
                if definition.deferrable {
                    return refuse("non-immediate");
                }
                if definition.keys.iter().any(|key| matches!(key.target, KeyTarget::Expression(_))) {
                    return refuse("expression");
                }
                if definition.predicate.is_some() {
                    return refuse("partial");
                }
                for key in &definition.keys {
                    if let KeyTarget::Column(column) = &key.target
                        && self.model.column(table, column).is_some_and(|c| !c.not_null)
                    {
                        return Err(Problem::invalid(
                            "42809",
                            format!(
                                "index \"{}\" cannot be used as replica identity because column \"{}\" is nullable",
                                index.as_str(),
                                column.as_str()
                            ),
                        ));
                    }
                }
                ReplicaIdentity::Index(index)
            }
        };
        self.edit_table(table, |t| t.replica_identity = identity)
    }

    /// One subcommand of ALTER INDEX.
    fn alter_index(&mut self, index: &FactId, command: &AlterTableCmd, kind: AlterTableType) -> Elaborated<()> {
        use AlterTableType as T;
        match kind {
            T::AtSetRelOptions | T::AtResetRelOptions => {
                let method = match self.model.fact(index).map(|fact| &fact.payload) {
                    Some(Payload::Index(found)) => found.method.to_string(),
                    _ => String::new(),
                };
                let of = self.options_of_index(&method);
                let mut options = std::collections::BTreeMap::new();
                self.edit_storage(index, |storage| options = std::mem::take(&mut storage.options))?;
                change_options(&mut options, command, kind, of)?;
                self.edit_storage(index, |storage| storage.options = options)
            }
            T::AtSetTableSpace => {
                let tablespace = name(&command.name)?;
                self.edit_storage(index, |storage| {
                    storage.tablespace = Some(tablespace).filter(|n| *n != *"pg_default");
                })
            }
            T::AtSetStatistics => {
                let number = u16::try_from(command.num).unwrap_or(0);
                let target = statistics_target(command)?;
                self.edit_storage(index, |storage| {
                    match target {
                        Some(target) => storage.statistics.insert(number, target),
                        None => storage.statistics.remove(&number),
                    };
                })
            }
            T::AtAttachPartition => {
                let Some(NodeEnum::PartitionCmd(partition)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
                    return Err(Problem::internal("no partition"));
                };
                let Some(range) = &partition.name else { return Err(Problem::internal("no partition")) };
                let (found, _) = self.relation(range)?;
                let child = self.index_address(&found)?;
                self.attach_index(index, &child)
            }
            _ => Err(Problem::unsupported(format!("this form of ALTER INDEX ({})", kind.as_str_name()))),
        }
    }

    /// One subcommand of ALTER SEQUENCE that goes by ALTER TABLE's grammar.
    fn alter_sequence_relation(
        &mut self,
        sequence: &QualifiedName,
        _command: &AlterTableCmd,
        kind: AlterTableType,
    ) -> Elaborated<()> {
        let unlogged = match kind {
            AlterTableType::AtSetLogged => false,
            AlterTableType::AtSetUnLogged => true,
            _ => return Err(Problem::unsupported(format!("this form of ALTER SEQUENCE ({})", kind.as_str_name()))),
        };
        let id = FactId::Sequence(sequence.clone());
        let Some(mut fact) = self.model.fact(&id).cloned() else {
            return Err(Problem::unsupported("SET LOGGED of an identity column's sequence"));
        };
        if let Payload::Sequence(found) = &mut fact.payload {
            found.unlogged = unlogged;
        }
        self.model.put(fact);
        Ok(())
    }
}

/// The relation that a subcommand names.
fn range_of(command: &AlterTableCmd) -> Option<&RangeVar> {
    match command.def.as_ref()?.node.as_ref()? {
        NodeEnum::RangeVar(range) => Some(range),
        _ => None,
    }
}

/// A list of options set or reset.
pub(super) fn change_options(
    options: &mut std::collections::BTreeMap<String, String>,
    command: &AlterTableCmd,
    kind: AlterTableType,
    of: OptionsOf,
) -> Elaborated<()> {
    let nodes = match command.def.as_ref().and_then(|d| d.node.as_ref()) {
        Some(NodeEnum::List(list)) => list.items.as_slice(),
        _ => &[],
    };
    match kind {
        AlterTableType::AtResetRelOptions | AlterTableType::AtResetOptions => reset_options(options, nodes, of),
        _ => set_options(options, nodes, of),
    }
}

/// A statistics target: none for -1 and DEFAULT.
pub(super) fn statistics_target(command: &AlterTableCmd) -> Elaborated<Option<i32>> {
    let value = match command.def.as_ref().and_then(|d| d.node.as_ref()) {
        Some(NodeEnum::Integer(value)) => value.ival,
        _ => return Ok(None),
    };
    match value {
        -1 => Ok(None),
        value if value < -1 => Err(Problem::invalid("22023", format!("statistics target {value} is too low"))),
        value => Ok(Some(value.min(10_000))),
    }
}
