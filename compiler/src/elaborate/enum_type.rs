//! Enum types: CREATE TYPE … AS ENUM, ALTER TYPE … ADD VALUE and RENAME VALUE.
//!
//! Follows `DefineEnum` and `AlterEnum`, typecmds.c, and `AddEnumLabel` and `RenameEnumLabel`, pg_enum.c (PG 14 to 18).

use pg_query::protobuf::{AlterEnumStmt, CreateEnumStmt, Node};
use pgseal_catalog::facts::{Enum, Payload};
use pgseal_catalog::id::MAX_NAME_BYTES;
use pgseal_catalog::{Fact, FactId};

use super::error::{Elaborated, Problem};
use super::names::string_of;
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE TYPE … AS ENUM.
    pub(super) fn create_enum(&mut self, statement: &CreateEnumStmt) -> Elaborated<()> {
        let new = self.creation_name_of(&statement.type_name)?;
        self.type_is_free(&new)?;
        let mut labels: Vec<String> = Vec::with_capacity(statement.vals.len());
        for label in statement.vals.iter().filter_map(string_of) {
            check_label(label)?;
            if labels.iter().any(|known| known == label) {
                return Err(Problem::duplicate("42710", format!("enum label \"{label}\" used more than once"))
                    .hint("Each value of an enum is listed once."));
            }
            labels.push(label.to_owned());
        }
        self.model.put(Fact::new(FactId::Enum(new), Payload::Enum(Enum { labels })));
        Ok(())
    }

    /// Carries out ALTER TYPE … ADD VALUE or RENAME VALUE.
    pub(super) fn alter_enum(&mut self, statement: &AlterEnumStmt) -> Elaborated<()> {
        let (id, mut found) = self.enum_named(&statement.type_name)?;
        if statement.old_val.is_empty() {
            if !add_label(&mut found.labels, statement)? {
                return Ok(());
            }
        } else {
            rename_label(&mut found.labels, statement)?;
        }
        self.edit_payload(&id, Payload::Enum(found))
    }

    fn enum_named(&self, names: &[Node]) -> Elaborated<(FactId, Enum)> {
        let (oid, written) = self.type_named(names)?;
        if !self.env().is_enum(oid) {
            return Err(Problem::invalid("42809", format!("{} is not an enum", self.env().format_type_be(oid))));
        }
        let id = self.type_fact(oid, &written)?;
        match self.model.fact(&id).map(|fact| &fact.payload) {
            Some(Payload::Enum(found)) => Ok((id, found.clone())),
            _ => Err(Problem::internal(format!("enum \"{written}\" has no labels"))),
        }
    }
}

fn check_label(label: &str) -> Elaborated<()> {
    if label.len() > MAX_NAME_BYTES {
        return Err(Problem::invalid("42602", format!("invalid enum label \"{label}\""))
            .detail("Labels must be 63 bytes or less."));
    }
    Ok(())
}

/// Puts a label in its place; says whether it is new.
fn add_label(labels: &mut Vec<String>, statement: &AlterEnumStmt) -> Elaborated<bool> {
    let label = &statement.new_val;
    check_label(label)?;
    if labels.contains(label) {
        if statement.skip_if_new_val_exists {
            return Ok(false);
        }
        return Err(Problem::duplicate("42710", format!("enum label \"{label}\" already exists")));
    }
    let at = if statement.new_val_neighbor.is_empty() {
        labels.len()
    } else {
        let neighbor = position(labels, &statement.new_val_neighbor)?;
        if statement.new_val_is_after { neighbor + 1 } else { neighbor }
    };
    labels.insert(at, label.clone());
    Ok(true)
}

fn rename_label(labels: &mut [String], statement: &AlterEnumStmt) -> Elaborated<()> {
    let label = &statement.new_val;
    check_label(label)?;
    let at = position(labels, &statement.old_val)?;
    if labels.contains(label) {
        return Err(Problem::duplicate("42710", format!("enum label \"{label}\" already exists")));
    }
    if let Some(found) = labels.get_mut(at) {
        found.clone_from(label);
    }
    Ok(())
}

fn position(labels: &[String], label: &str) -> Elaborated<usize> {
    labels
        .iter()
        .position(|known| known == label)
        .ok_or_else(|| Problem::undefined("22023", format!("\"{label}\" is not an existing enum label"), label))
}
