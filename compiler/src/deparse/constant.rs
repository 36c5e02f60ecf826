//! Literals.
//!
//! Follows `get_const_expr`, `get_const_collation` and `simple_quote_literal`, ruleutils.c (PG 18).

use super::Printer;
use crate::env::Oid;
use crate::tree::Const;

/// Whether a literal carries its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// Unless it would be read as that type anyway.
    IfNeeded,
    /// No, since the caller prints it.
    Never,
    /// Even where it would be read as that type anyway.
    Always,
}

impl Printer<'_> {
    /// Prints a literal.
    pub(super) fn constant(&mut self, node: &Const, label: Label) {
        let Some(value) = &node.value else {
            self.push("NULL");
            if label != Label::Never {
                self.push_label(node.ty, node.typmod);
                self.constant_collation(node);
            }
            return;
        };
        let needs_label = self.constant_value(node, value);
        if label == Label::Never {
            return;
        }
        if needs_label || label == Label::Always {
            self.push_label(node.ty, node.typmod);
        }
        self.constant_collation(node);
    }

    /// Prints the value alone; says whether it must be labelled to be read back as its type.
    fn constant_value(&mut self, node: &Const, value: &str) -> bool {
        match node.ty {
            Oid::INT4 if !value.starts_with('-') => {
                self.push(value);
                false
            }
            Oid::NUMERIC if value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(['e', 'E', '.']) => {
                self.push(value);
                node.typmod >= 0
            }
            Oid::BOOL => {
                self.push(if value == "t" { "true" } else { "false" });
                false
            }
            ty => {
                self.quote_literal(value);
                ty != Oid::UNKNOWN
            }
        }
    }

    fn constant_collation(&mut self, node: &Const) {
        if node.collation.is_valid()
            && node.collation != self.env.type_collation(node.ty)
            && let Some(row) = self.env.collation_by_oid(node.collation)
        {
            self.push(" COLLATE ");
            self.push_collation(row);
        }
    }

    /// Prints a string literal as standard_conforming_strings reads it.
    pub(super) fn quote_literal(&mut self, text: &str) {
        self.out.push('\'');
        for letter in text.chars() {
            if letter == '\'' {
                self.out.push('\'');
            }
            self.out.push(letter);
        }
        self.out.push('\'');
    }
}
