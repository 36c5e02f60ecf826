//! RENAME and SET SCHEMA, with everything that follows: members, edges, and the names within stored texts.
//!
//! Follows `ExecRenameStmt` and `ExecAlterObjectSchemaStmt`, alter.c, `renameatt` and `rename_constraint_internal`, tablecmds.c
//! (PG 14 to 18). Bodies of functions that are strings are text that nothing reads, so they stay.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use pg_query::protobuf::{AlterObjectSchemaStmt, ObjectType, RenameStmt};
use pgseal_catalog::facts::{ConstraintKind, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName, Routine};

use super::dispatch::object_type;
use super::error::{Elaborated, Problem};
use super::names::name;
use super::rename_query::Requeried;
use super::rewrite::Rewrite;
use super::run::Interpreter;
use super::stored_query::{Texts, holds_query, set_texts};
use crate::env::{Env, Major, RelationKind};

impl Interpreter<'_> {
    /// Carries out ALTER … RENAME.
    pub(super) fn rename(&mut self, statement: &RenameStmt) -> Elaborated<()> {
        let of = object_type(statement.rename_type);
        let new = name(&statement.newname)?;
        match of {
            ObjectType::ObjectColumn | ObjectType::ObjectAttribute => self.rename_column_statement(statement, &new),
            ObjectType::ObjectTabconstraint | ObjectType::ObjectTrigger | ObjectType::ObjectPolicy => {
                self.rename_member(statement, of, &new)
            }
            ObjectType::ObjectRule => self.rename_rule(statement, &new),
            ObjectType::ObjectDomconstraint => self.rename_domain_constraint(statement, &new),
            ObjectType::ObjectTable
            | ObjectType::ObjectIndex
            | ObjectType::ObjectSequence
            | ObjectType::ObjectView
            | ObjectType::ObjectMatview
            | ObjectType::ObjectForeignTable => {
                let Some(range) = &statement.relation else { return Err(Problem::internal("RENAME of nothing")) };
                if self.find_relation(range)?.is_none() && statement.missing_ok {
                    return Ok(());
                }
                let (found, kind) = self.relation(range)?;
                let id = match kind {
                    RelationKind::CompositeType if matches!(of, ObjectType::ObjectIndex | ObjectType::ObjectTable) => {
                        let message = format!("\"{}\" is a composite type", range.relname);
                        return Err(Problem::invalid("42809", message).hint("Use ALTER TYPE instead."));
                    }
                    RelationKind::Index | RelationKind::PartitionedIndex
                        if matches!(of, ObjectType::ObjectIndex | ObjectType::ObjectTable) =>
                    {
                        self.index_address(&found)?
                    }
                    _ => self.relation_address(any_relation(of, kind), range)?,
                };
                self.rename_object(&id, &found.schema, &new)
            }
            ObjectType::ObjectSchema => {
                let id = self.must_address(of, &super::column_definition::string_node(&statement.subname))?;
                let FactId::Schema(old) = id else { return Err(Problem::internal("no schema")) };
                if self.model.env.schema_exists(new.as_str()) {
                    return Err(Problem::duplicate("42P06", format!("schema \"{}\" already exists", new.as_str())));
                }
                let rewrite = Rewrite { schema: Some((old, new)), ..Rewrite::default() };
                self.apply(&rewrite)?;
                Ok(())
            }
            _ => {
                let Some(object) = &statement.object else { return Err(Problem::internal("RENAME of nothing")) };
                let id = self.must_address(of, object)?;
                let schema = id.schema().cloned();
                match schema {
                    Some(schema) => self.rename_object(&id, &schema, &new),
                    None => Err(Problem::unsupported("RENAME of this object")),
                }
            }
        }
    }

    /// Gives an object another name in a schema, or moves it there under its own.
    fn rename_object(&mut self, id: &FactId, schema: &Name, new: &Name) -> Elaborated<()> {
        let mut rewrite = Rewrite::default();
        let target = QualifiedName::new(schema.clone(), new.clone());
        match id {
            FactId::Table(old) | FactId::Composite(old) | FactId::View(old) | FactId::MaterializedView(old) => {
                self.relation_is_free(&target)?;
                self.type_is_free(&target)?;
                rewrite.relations.insert(old.clone(), target.clone());
                rewrite.types.insert(old.clone(), target);
            }
            FactId::Range(old) => {
                return Err(Problem::unsupported(format!(
                    "another name or schema for range type \"{old}\", whose constructor functions keep theirs,"
                )));
            }
            FactId::Enum(old) | FactId::Domain(old) => {
                self.type_is_free(&target)?;
                rewrite.types.insert(old.clone(), target);
            }
            FactId::Index(old) | FactId::Sequence(old) => {
                self.relation_is_free(&target)?;
                rewrite.relations.insert(old.clone(), target);
            }
            FactId::Constraint(table, old) => {
                // the index of a constraint takes the constraint along
                self.relation_is_free(&QualifiedName::new(table.schema.clone(), new.clone()))?;
                self.constraint_is_free(table, new)?;
                rewrite.constraints.push((table.clone(), old.clone(), new.clone()));
            }
            FactId::Function(old) | FactId::Procedure(old) | FactId::Aggregate(old) => {
                let target = Routine { name: target, arguments: old.arguments.clone() };
                self.routine_is_free(&target)?;
                rewrite.routines.insert(old.clone(), target);
            }
            _ => return Err(Problem::unsupported("RENAME of this object")),
        }
        self.apply(&rewrite)
    }

    fn routine_is_free(&self, target: &Routine) -> Elaborated<()> {
        let taken = self.model.contains(&FactId::Function(target.clone()))
            || self.model.contains(&FactId::Procedure(target.clone()))
            || self.model.contains(&FactId::Aggregate(target.clone()));
        if taken {
            return Err(Problem::duplicate(
                "42723",
                format!(
                    "function {}({}) already exists in schema \"{}\"",
                    target.name.name.as_str(),
                    target.arguments.join(", "),
                    target.name.schema.as_str()
                ),
            ));
        }
        Ok(())
    }

    fn rename_column_statement(&mut self, statement: &RenameStmt, new: &Name) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("RENAME of nothing")) };
        if statement.missing_ok && self.find_relation(range)?.is_none() {
            return Ok(());
        }
        let (owner, kind) = self.relation(range)?;
        let old = name(&statement.subname)?;
        if kind == RelationKind::CompositeType {
            let owner = self.composite_named(range)?;
            self.may_rename_attribute(&owner, &old, new)?;
            let rewrite = Rewrite { attributes: vec![(owner, old, new.clone())], ..Rewrite::default() };
            self.apply(&rewrite)?;
            return Ok(());
        }
        if matches!(kind, RelationKind::View | RelationKind::MaterializedView) {
            return self.rename_view_column(&owner, &old, new);
        }
        self.require_table(&owner, kind)?;
        let mut columns = Vec::new();
        self.columns_to_rename(&owner, &old, new, range.inh, false, &mut columns)?;
        let rewrite = Rewrite { columns, ..Rewrite::default() };
        self.apply(&rewrite)
    }

    fn columns_to_rename(
        &self,
        table: &QualifiedName,
        old: &Name,
        new: &Name,
        recurse: bool,
        recursing: bool,
        columns: &mut Vec<(QualifiedName, Name, Name)>,
    ) -> Elaborated<()> {
        let Some(found) = self.model.column(table, old) else { return Err(self.no_column(table, old)) };
        if self.model.table(table).is_some_and(|t| t.of_type.is_some()) {
            return Err(Problem::invalid("42809", "cannot rename column of typed table"));
        }
        if found.inherit_count > 0 && !recursing {
            return Err(Problem::invalid("42P16", format!("cannot rename inherited column \"{}\"", old.as_str())));
        }
        if self.model.env.system_column(new.as_str()).is_some() {
            let message = format!("column name \"{}\" conflicts with a system column name", new.as_str());
            return Err(Problem::duplicate("42701", message));
        }
        if self.model.column(table, new).is_some() {
            return Err(Problem::duplicate(
                "42701",
                format!("column \"{}\" of relation \"{}\" already exists", new.as_str(), table.name.as_str()),
            ));
        }
        let children = self.model.children(table);
        if !recurse && !children.is_empty() {
            return Err(Problem::invalid(
                "42P16",
                format!("inherited column \"{}\" must be renamed in child tables too", old.as_str()),
            ));
        }
        columns.push((table.clone(), old.clone(), new.clone()));
        for child in children {
            if !columns.iter().any(|(known, ..)| *known == child) {
                self.columns_to_rename(&child, old, new, recurse, true, columns)?;
            }
        }
        Ok(())
    }

    fn rename_member(&mut self, statement: &RenameStmt, of: ObjectType, new: &Name) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("RENAME of nothing")) };
        if statement.missing_ok && self.find_relation(range)?.is_none() {
            return Ok(());
        }
        let old = name(&statement.subname)?;
        let mut rewrite = Rewrite::default();
        let (owner, kind) = self.relation(range)?;
        if of == ObjectType::ObjectTrigger && kind == RelationKind::View {
            self.may_rename_trigger(&owner, &old, new)?;
            rewrite.triggers.push((owner, old, new.clone()));
            return self.apply(&rewrite);
        }
        let table = self.table(range)?;
        if of == ObjectType::ObjectTrigger {
            self.may_rename_trigger(&table, &old, new)?;
            self.triggers_to_rename(&table, &old, new, &mut rewrite);
        } else if of == ObjectType::ObjectPolicy {
            self.may_rename_policy(&table, &old, new)?;
            rewrite.policies.push((table, old, new.clone()));
        } else {
            let Some(found) = self.model.constraint(&table, &old).cloned() else {
                return Err(Problem::undefined(
                    "42704",
                    format!("constraint \"{}\" for table \"{}\" does not exist", old.as_str(), table.name.as_str()),
                    old.as_str(),
                ));
            };
            let by_name = match &found.is {
                ConstraintKind::Check(check) => !check.no_inherit,
                ConstraintKind::NotNull(not_null) => !not_null.no_inherit,
                ConstraintKind::PrimaryKey(_)
                | ConstraintKind::Unique(_)
                | ConstraintKind::Exclusion(_)
                | ConstraintKind::ForeignKey(_) => false,
            };
            if by_name && found.inherit_count > 0 {
                return Err(Problem::invalid(
                    "42P16",
                    format!("cannot rename inherited constraint \"{}\"", old.as_str()),
                ));
            }
            self.constraints_to_rename(&table, &old, new, &mut rewrite)?;
        }
        self.apply(&rewrite)
    }

    fn triggers_to_rename(&self, table: &QualifiedName, old: &Name, new: &Name, rewrite: &mut Rewrite) {
        rewrite.triggers.push((table.clone(), old.clone(), new.clone()));
        if self.model.major() >= Major::V15 {
            for child in self.model.children(table) {
                if self.model.contains(&FactId::Trigger(child.clone(), old.clone())) {
                    self.triggers_to_rename(&child, old, new, rewrite);
                }
            }
        }
    }

    fn constraints_to_rename(
        &self,
        table: &QualifiedName,
        old: &Name,
        new: &Name,
        rewrite: &mut Rewrite,
    ) -> Elaborated<()> {
        self.constraint_is_free(table, new)?;
        let Some(found) = self.model.constraint(table, old) else { return Ok(()) };
        let inherited_by_name = match &found.is {
            ConstraintKind::Check(check) => !check.no_inherit,
            ConstraintKind::NotNull(not_null) => !not_null.no_inherit,
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_) => {
                self.relation_is_free(&QualifiedName::new(table.schema.clone(), new.clone()))?;
                false
            }
            ConstraintKind::ForeignKey(_) => false,
        };
        rewrite.constraints.push((table.clone(), old.clone(), new.clone()));
        if inherited_by_name {
            for child in self.model.children(table) {
                if self.model.constraint(&child, old).is_some() {
                    self.constraints_to_rename(&child, old, new, rewrite)?;
                }
            }
        }
        Ok(())
    }

    fn rename_domain_constraint(&mut self, statement: &RenameStmt, new: &Name) -> Elaborated<()> {
        let Some(object) = &statement.object else { return Err(Problem::internal("RENAME of nothing")) };
        let FactId::Domain(domain) = self.must_address(ObjectType::ObjectDomain, object)? else {
            return Err(Problem::internal("no domain"));
        };
        let old = name(&statement.subname)?;
        if self.rename_domain_not_null(&domain, &old, new)? {
            return Ok(());
        }
        let rewrite = Rewrite { domain_constraints: vec![(domain, old, new.clone())], ..Rewrite::default() };
        self.apply(&rewrite)
    }

    /// Carries out ALTER … SET SCHEMA.
    pub(super) fn set_schema(&mut self, statement: &AlterObjectSchemaStmt) -> Elaborated<()> {
        let of = object_type(statement.object_type);
        let schema = self.existing_schema(&statement.newschema)?;
        let id = match (&statement.relation, &statement.object) {
            (Some(range), _) => {
                if statement.missing_ok && self.find_relation(range)?.is_none() {
                    return Ok(());
                }
                let (_, kind) = self.relation(range)?;
                if matches!(kind, RelationKind::Index | RelationKind::PartitionedIndex) && of == ObjectType::ObjectTable
                {
                    let message = format!("cannot change schema of index \"{}\"", range.relname);
                    return Err(Problem::invalid("42809", message).hint("Change the schema of the table instead."));
                }
                self.relation_address(any_relation(of, kind), range)?
            }
            (None, Some(object)) => self.must_address(of, object)?,
            (None, None) => return Err(Problem::internal("SET SCHEMA of nothing")),
        };
        if id.schema() == Some(&schema) {
            return Ok(());
        }
        match &id {
            FactId::Extension(extension) => self.move_extension(extension, &schema),
            FactId::Table(table) => self.move_table(table, &schema),
            FactId::Sequence(sequence) => {
                let owned = matches!(
                    self.model.fact(&id).map(|fact| &fact.payload),
                    Some(pgseal_catalog::facts::Payload::Sequence(s)) if s.owned_by.is_some()
                );
                if owned {
                    return Err(Problem::invalid("0A000", "cannot move an owned sequence into another schema")
                        .detail(format!("Sequence \"{}\" is linked to a table.", sequence.name.as_str())));
                }
                self.rename_object(&id, &schema, &sequence.name)
            }
            FactId::View(view) | FactId::MaterializedView(view) => {
                let mut rewrite = Rewrite::default();
                let indexes = self.model.indexes(view).into_iter().map(|(index, _)| index);
                let owned = self.sequences_owned_by(&id).into_iter().filter_map(|owned| match owned {
                    FactId::Sequence(sequence) => Some(sequence),
                    _ => None,
                });
                let moved: Vec<QualifiedName> = std::iter::once(view.clone()).chain(indexes).chain(owned).collect();
                for old in moved {
                    let target = QualifiedName::new(schema.clone(), old.name.clone());
                    self.relation_is_free_there(&target)?;
                    rewrite.relations.insert(old, target);
                }
                let target = QualifiedName::new(schema.clone(), view.name.clone());
                self.type_is_free(&target)?;
                rewrite.types.insert(view.clone(), target);
                self.apply(&rewrite)
            }
            FactId::Enum(n) | FactId::Domain(n) | FactId::Composite(n) | FactId::Range(n) => {
                self.rename_object(&id, &schema, &n.name)
            }
            FactId::Function(r) | FactId::Procedure(r) | FactId::Aggregate(r) => {
                self.rename_object(&id, &schema, &r.name.name)
            }
            _ => Err(Problem::unsupported("SET SCHEMA of this object")),
        }
    }

    /// The sequences that columns of a view or a materialized view own.
    pub(super) fn sequences_owned_by(&self, owner: &FactId) -> Vec<FactId> {
        let owned = |id: &&FactId| match self.model.fact(id).map(|fact| &fact.payload) {
            Some(Payload::Sequence(sequence)) => sequence.owner().as_ref() == Some(owner),
            _ => false,
        };
        self.model.dependents(owner).filter(owned).cloned().collect()
    }

    /// Moves a table with its row type, indexes and sequences.
    fn move_table(&mut self, table: &QualifiedName, schema: &Name) -> Elaborated<()> {
        let to = |old: &QualifiedName| QualifiedName::new(schema.clone(), old.name.clone());
        let mut rewrite = Rewrite::default();
        let target = to(table);
        self.relation_is_free_there(&target)?;
        self.type_is_free(&target)?;
        rewrite.relations.insert(table.clone(), target.clone());
        rewrite.types.insert(table.clone(), target);
        let mut also: Vec<QualifiedName> = self.model.indexes(table).into_iter().map(|(index, _)| index).collect();
        for (column, found) in self.model.columns(table) {
            let id = FactId::Column(table.clone(), column);
            also.extend(self.model.dependents(&id).filter_map(|dependent| match dependent {
                FactId::Sequence(sequence) => Some(sequence.clone()),
                _ => None,
            }));
            let of_parent = self.model.table(table).is_some_and(|t| t.partition_of.is_some());
            also.extend(found.identity.filter(|_| !of_parent).map(|identity| identity.sequence));
        }
        for old in also {
            let target = to(&old);
            self.relation_is_free_there(&target)?;
            rewrite.relations.insert(old, target);
        }
        self.apply(&rewrite)
    }

    /// Applies a rewrite to every fact that it changes. Refused where a query uses what gets another name and its text does not tell
    /// what a server prints then.
    pub(super) fn apply(&mut self, rewrite: &Rewrite) -> Elaborated<()> {
        let env = self.model.env.clone();
        let mut changed: BTreeMap<FactId, Fact> = self
            .model
            .catalog
            .iter()
            .filter_map(|fact| rewrite.fact(&env, fact).map(|new| (fact.id.clone(), new)))
            .collect();
        for (id, new) in changed.iter().filter(|(_, new)| !holds_query(&new.payload)) {
            let Some(fact) = self.model.fact(id).filter(|fact| fact.payload != new.payload) else { continue };
            if let Some(used) = rewrite.one_of_several(fact) {
                return Err(Problem::unsupported(format!(
                    "another name for {}, which {} uses beside another one of its name,",
                    used.in_words(),
                    id.in_words()
                ))
                .hint("Write the new name where it is created, and in what uses it."));
            }
        }
        let mut queries: BTreeMap<FactId, Texts> = BTreeMap::new();
        // for all facts that ask
        let renamed = OnceCell::new();
        let after = || renamed.get_or_init(|| self.model.under_other_names(rewrite)).as_ref();
        let is_tree = |fact: &Fact| holds_query(&fact.payload) || matches!(fact.payload, Payload::Policy(_));
        for (id, new) in changed.iter().filter(|(_, fact)| is_tree(fact)) {
            let Some(fact) = self.model.fact(id) else { continue };
            let texts = after()
                .and_then(|after| self.model.queries_under_other_names(fact, (&new.id, &new.payload), rewrite, after));
            match (texts, used_by_query(fact, new)) {
                (Some(texts), _) => {
                    queries.insert(id.clone(), texts);
                }
                (None, Some(used)) if holds_query(&new.payload) => {
                    return Err(Problem::unsupported(format!(
                        "another name for {}, which {} uses,",
                        used.in_words(),
                        id.in_words()
                    ))
                    .hint("Write the new name where it is created, and in what uses it."));
                }
                // nothing in its text gets another name, or a plain expression does
                (None, _) => {}
            }
        }
        self.queries_beside(rewrite, after, &mut queries)?;
        for id in queries.keys().filter(|id| !changed.contains_key(*id)).cloned().collect::<Vec<_>>() {
            changed.extend(self.model.fact(&id).map(|fact| (id, fact.clone())));
        }
        for (id, texts) in queries {
            if let Some(fact) = changed.get_mut(&id) {
                set_texts(&mut fact.payload, &texts);
            }
        }
        self.model.replace(changed);
        Ok(())
    }

    /// The queries that use a table of which another column gets another name, as far as they are printed otherwise.
    fn queries_beside<'e>(
        &self,
        rewrite: &Rewrite,
        after: impl Fn() -> Option<&'e Env>,
        queries: &mut BTreeMap<FactId, Texts>,
    ) -> Elaborated<()> {
        let columns = rewrite.columns.iter().map(|(table, ..)| FactId::Table(table.clone()));
        let fields = rewrite.attributes.iter().map(|(composite, ..)| FactId::Composite(composite.clone()));
        let tables: BTreeSet<FactId> = columns.chain(fields).collect();
        if tables.is_empty() {
            return Ok(());
        }
        let is_tree = |fact: &&Fact| holds_query(&fact.payload) || matches!(fact.payload, Payload::Policy(_));
        for fact in self.model.catalog.iter().filter(is_tree) {
            let uses = fact.needs.iter().map(FactId::object).find(|object| tables.contains(object));
            let (Some(table), false) = (uses, queries.contains_key(&fact.id)) else { continue };
            match self.model.queries_beside_other_names(fact, rewrite, after()) {
                Requeried::Same => {}
                Requeried::Other(texts) => {
                    queries.insert(fact.id.clone(), texts);
                }
                // what a plain expression names has been seen to
                Requeried::Unknown if !holds_query(&fact.payload) && rewrite.attributes.is_empty() => {}
                Requeried::Unknown => {
                    return Err(Problem::unsupported(format!(
                        "another name for a column of {}, which {} joins,",
                        table.in_words(),
                        fact.id.in_words()
                    ))
                    .hint("Write the new name where it is created, and in what uses it."));
                }
            }
        }
        Ok(())
    }
}

/// What a fact with queries uses that gets another name, so that its texts may change.
fn used_by_query(fact: &Fact, new: &Fact) -> Option<FactId> {
    // a rule says nothing of the name of its own relation, unless it does
    let own = Some(fact.id.object()).filter(|_| matches!(new.payload, Payload::Rule(_)) && new.payload == fact.payload);
    let kept = |need: &FactId| match need {
        FactId::Schema(_) => true,
        FactId::Column(_, column) if Some(need.object()) == own => {
            new.needs.iter().any(|new| matches!(new, FactId::Column(_, after) if after == column))
        }
        need => Some(need) == own.as_ref(),
    };
    // a body names the function where it tells its arguments from columns
    let itself = Some(&fact.id).filter(|id| {
        matches!((id, &new.id), (FactId::Function(a) | FactId::Procedure(a), FactId::Function(b) | FactId::Procedure(b)) if a.name.name != b.name.name)
    });
    fact.needs.iter().find(|need| !new.needs.contains(need) && !kept(need)).or(itself).cloned()
}

/// ALTER TABLE, and ALTER INDEX … RENAME, take most other kinds of relations too (`RangeVarCallbackForAlterRelation`).
fn any_relation(of: ObjectType, kind: RelationKind) -> ObjectType {
    if !matches!(of, ObjectType::ObjectTable | ObjectType::ObjectIndex) {
        return of;
    }
    match kind {
        RelationKind::Table | RelationKind::PartitionedTable => ObjectType::ObjectTable,
        RelationKind::View => ObjectType::ObjectView,
        RelationKind::MaterializedView => ObjectType::ObjectMatview,
        RelationKind::Sequence => ObjectType::ObjectSequence,
        RelationKind::ForeignTable => ObjectType::ObjectForeignTable,
        RelationKind::CompositeType | RelationKind::Index | RelationKind::PartitionedIndex => of,
    }
}
