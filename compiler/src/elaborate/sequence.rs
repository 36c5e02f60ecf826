//! Sequences that stand for themselves, and the ones behind identity columns.
//!
//! Follows `DefineSequence`, `AlterSequence` and `process_owned_by`, sequence.c (PG 14 to 18). Where a sequence stands at is
//! data: `RESTART` is read and changes nothing.

use pg_query::protobuf::{AlterSeqStmt, CreateSeqStmt, DefElem, Node, RangeVar};
use pgseal_catalog::facts::{Payload, Sequence, SequenceOptions};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::{name, name_parts};
use super::options::definitions;
use super::run::Interpreter;
use crate::env::{Major, RelationKind};

/// The sequence that a statement is about.
enum Target {
    /// A fact of its own.
    Own(QualifiedName, Sequence),
    /// The one behind an identity column.
    Identity(QualifiedName, Name),
}

impl Interpreter<'_> {
    /// Carries out CREATE SEQUENCE.
    pub(super) fn create_sequence(&mut self, statement: &CreateSeqStmt) -> Elaborated<()> {
        let Some(range) = &statement.sequence else { return Err(Problem::internal("a sequence without a name")) };
        let unlogged = range.relpersistence == "u";
        if unlogged && self.model.major() < Major::V15 {
            return Err(Problem::invalid("0A000", "unlogged sequences are not supported").at(range.location));
        }
        let new = self.creation_name(range)?;
        if statement.if_not_exists && self.relation_exists(&new) {
            return Ok(());
        }
        refuse_identity_options(&statement.options)?;
        let options = self.sequence_options(None, None, &statement.options)?;
        self.relation_is_free(&new)?;
        self.type_is_free(&new)?;
        let owned_by = match owner_option(&statement.options)? {
            Some(owner) => self.sequence_owner(&new, owner)?,
            None => None,
        };
        self.model.put(Fact::new(FactId::Sequence(new), Payload::Sequence(Sequence { options, unlogged, owned_by })));
        Ok(())
    }

    /// Carries out ALTER SEQUENCE.
    pub(super) fn alter_sequence(&mut self, statement: &AlterSeqStmt) -> Elaborated<()> {
        let Some(range) = &statement.sequence else { return Err(Problem::internal("a sequence without a name")) };
        if statement.missing_ok && self.find_relation(range)?.is_none() {
            return Ok(());
        }
        refuse_identity_options(&statement.options)?;
        let owner = owner_option(&statement.options)?;
        match self.sequence_named(range)? {
            Target::Own(sequence, mut found) => {
                found.options = self.sequence_options(Some(&found.options), None, &statement.options)?;
                if let Some(owner) = owner {
                    found.owned_by = self.sequence_owner(&sequence, owner)?;
                }
                self.model.put(Fact::new(FactId::Sequence(sequence), Payload::Sequence(found)));
                Ok(())
            }
            Target::Identity(table, column) => {
                if owner.is_some() {
                    return Err(Problem::invalid("0A000", "cannot change ownership of identity sequence").detail(
                        format!("Sequence \"{}\" is linked to table \"{}\".", range.relname, table.name.as_str()),
                    ));
                }
                self.alter_identity_sequence(&table, &column, &statement.options)
            }
        }
    }

    fn alter_identity_sequence(&mut self, table: &QualifiedName, column: &Name, nodes: &[Node]) -> Elaborated<()> {
        let Some(before) = self.model.column(table, column).and_then(|found| found.identity.clone()) else {
            return Err(Problem::internal("an identity column without its sequence"));
        };
        let options: SequenceOptions = self.sequence_options(Some(&before.options), None, nodes)?;
        let mut columns = vec![(table.clone(), column.clone())];
        // partitions share the sequence of their parent
        let mut waiting = self.model.children(table);
        while let Some(child) = waiting.pop() {
            waiting.extend(self.model.children(&child));
            let shares = self
                .model
                .column(&child, column)
                .and_then(|found| found.identity.as_ref())
                .is_some_and(|identity| identity.sequence == before.sequence);
            if shares {
                columns.push((child, column.clone()));
            }
        }
        for (table, column) in columns {
            let options = options.clone();
            self.edit_column(&table, &column, |found| {
                if let Some(identity) = &mut found.identity {
                    identity.options = options;
                }
            })?;
        }
        Ok(())
    }

    fn sequence_named(&self, range: &RangeVar) -> Elaborated<Target> {
        let (found, kind) = self.relation(range)?;
        if kind != RelationKind::Sequence {
            return Err(
                Problem::invalid("42809", format!("\"{}\" is not a sequence", found.name.as_str())).at(range.location)
            );
        }
        let id = FactId::Sequence(found.clone());
        if let Some(Payload::Sequence(payload)) = self.model.fact(&id).map(|fact| &fact.payload) {
            return Ok(Target::Own(found, payload.clone()));
        }
        match self.model.relation_row(&found).and_then(|row| self.model.fact_of(row.oid)) {
            Some(FactId::Column(table, column)) => Ok(Target::Identity(table.clone(), column.clone())),
            _ => Err(Problem::unsupported(format!(
                "a change of sequence \"{found}\", which an extension owns or which is outside of the scope,"
            ))),
        }
    }

    /// The column that `OWNED BY` names; none for `OWNED BY NONE`.
    fn sequence_owner(&self, sequence: &QualifiedName, element: &DefElem) -> Elaborated<Option<FactId>> {
        let parts = element.arg.as_deref().map(name_parts).unwrap_or_default();
        let Some((column, relation)) = parts.split_last() else {
            return Err(Problem::internal("OWNED BY without a name"));
        };
        if relation.is_empty() {
            if column == "none" {
                return Ok(None);
            }
            return Err(Problem::invalid("42601", "invalid OWNED BY option")
                .hint("Specify OWNED BY table.column or OWNED BY NONE.")
                .at(element.location));
        }
        let range = Self::range_of(relation)?;
        let (table, kind) = self.relation(&range).map_err(|p| p.at(element.location))?;
        if !matches!(
            kind,
            RelationKind::Table | RelationKind::PartitionedTable | RelationKind::ForeignTable | RelationKind::View
        ) {
            let shown = table.name.as_str();
            let message = match self.model.major() {
                Major::V14 => format!("referenced relation \"{shown}\" is not a table or foreign table"),
                _ => format!("sequence cannot be owned by relation \"{shown}\""),
            };
            return Err(Problem::invalid("42809", message).at(element.location));
        }
        if table.schema != sequence.schema {
            return Err(Problem::invalid("55000", "sequence must be in same schema as table it is linked to")
                .at(element.location));
        }
        let column = name(column)?;
        if let Some(view) = self.model.view(&table) {
            if view.columns.iter().any(|known| known.name == column) {
                return Ok(Some(FactId::ViewColumn(table, column)));
            }
            return Err(self.no_column(&table, &column).at(element.location));
        }
        self.require_table(&table, kind).map_err(|p| p.at(element.location))?;
        if self.model.column(&table, &column).is_none() {
            return Err(self.no_column(&table, &column).at(element.location));
        }
        Ok(Some(FactId::Column(table, column)))
    }
}

/// Options that only the sequences of identity columns know.
fn refuse_identity_options(nodes: &[Node]) -> Elaborated<()> {
    match definitions(nodes).find(|e| matches!(e.defname.as_str(), "sequence_name" | "logged" | "unlogged")) {
        Some(element) => {
            Err(Problem::invalid("42601", format!("invalid sequence option {}", element.defname.to_uppercase()))
                .at(element.location))
        }
        None => Ok(()),
    }
}

/// The `OWNED BY` among the options.
fn owner_option(nodes: &[Node]) -> Elaborated<Option<&DefElem>> {
    let mut owners = definitions(nodes).filter(|element| element.defname == "owned_by");
    let first = owners.next();
    match owners.next() {
        Some(second) => Err(Problem::invalid("42601", "conflicting or redundant options").at(second.location)),
        None => Ok(first),
    }
}
