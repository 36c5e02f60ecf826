//! When a name needs its schema.
//!
//! Follows `generate_function_name`, `generate_operator_name` and `generate_collation_name`, ruleutils.c (PG 18):
//! the schema is printed only if the parser would not find the same object by the bare name, given the
//! argument types at hand, under an empty search path.

use std::sync::LazyLock;

use super::{DeparseError, Printer};
use crate::analyze::{function_meant, operator_meant};
use crate::env::{CollationRow, Oid, PG_CATALOG, SearchPath};

/// The search path that everything is printed for.
pub(super) static EMPTY_PATH: LazyLock<SearchPath> = LazyLock::new(SearchPath::empty);

impl Printer<'_> {
    /// Prints the name of a function called with arguments of these types, the last of them named.
    pub(super) fn function_name(
        &mut self,
        funcid: Oid,
        argnames: &[String],
        argtypes: &[Oid],
        variadic: bool,
    ) -> Result<(), DeparseError> {
        let Some(row) = self.env.proc_by_oid(funcid) else {
            return Err(DeparseError::Missing { kind: "function", oid: funcid });
        };
        // inside GROUP BY these two words are read as something else
        let grouping_word = self.context.in_group_by && (row.name == *"cube" || row.name == *"rollup");
        let bare = row.schema == PG_CATALOG
            && !grouping_word
            && function_meant(self.env, &EMPTY_PATH, &row.name, argnames, argtypes, !variadic) == Some(funcid);
        let text = self.env.quote_qualified((!bare).then_some(row.schema.as_str()), &row.name);
        self.out.push_str(&text);
        Ok(())
    }

    /// Prints the name of an operator between operands of these types; the left one is invalid for a prefix one.
    pub(super) fn operator_name(&mut self, opno: Oid, left: Oid, right: Oid) -> Result<(), DeparseError> {
        let text = self.operator_text(opno, left, right)?;
        self.out.push_str(&text);
        Ok(())
    }

    /// The name of an operator between operands of these types.
    pub(super) fn operator_text(&self, opno: Oid, left: Oid, right: Oid) -> Result<String, DeparseError> {
        let Some(row) = self.env.operator_by_oid(opno) else {
            return Err(DeparseError::Missing { kind: "operator", oid: opno });
        };
        let bare =
            row.schema == PG_CATALOG && operator_meant(self.env, &EMPTY_PATH, &row.name, left, right) == Some(opno);
        Ok(if bare {
            row.name.as_str().to_owned()
        } else {
            format!("OPERATOR({}.{})", self.env.quote_ident(&row.schema), row.name.as_str())
        })
    }

    /// Prints the name of an operator class, behind a space, unless it is the default of what it is for.
    pub(super) fn opclass(&mut self, oid: Oid) -> Result<(), DeparseError> {
        let Some(row) = self.env.opclass_by_oid(oid) else {
            return Err(DeparseError::Missing { kind: "operator class", oid });
        };
        if self.env.default_opclass(row.input, row.method) != Some(oid) {
            let visible = self.env.opclass_is_visible(&EMPTY_PATH, oid);
            let text = self.env.quote_qualified((!visible).then_some(row.schema.as_str()), &row.name);
            self.push(" ");
            self.push(&text);
        }
        Ok(())
    }

    /// Prints the name of a collation.
    pub(super) fn collation_name(&mut self, collation: Oid) -> Result<(), DeparseError> {
        match self.env.collation_by_oid(collation) {
            Some(row) => {
                self.push_collation(row);
                Ok(())
            }
            None => Err(DeparseError::Missing { kind: "collation", oid: collation }),
        }
    }

    pub(super) fn push_collation(&mut self, row: &CollationRow) {
        let visible = self.env.collation_is_visible(&EMPTY_PATH, row.oid);
        let text = self.env.quote_qualified((!visible).then_some(row.schema.as_str()), &row.name);
        self.out.push_str(&text);
    }
}
