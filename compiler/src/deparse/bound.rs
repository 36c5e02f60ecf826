//! Partition bounds, as `pg_get_expr(relpartbound, oid)` prints them.
//!
//! Follows the `T_PartitionBoundSpec` arm of `get_rule_expr` and `get_range_partbound_string`, ruleutils.c (PG 18).

use super::constant::Label;
use super::{Printer, Scope};
use crate::env::Env;
use crate::tree::Const;

/// One end of a range in one key column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundDatum {
    /// Below everything.
    MinValue,
    /// A value, coerced to the key column's type.
    Value(Const),
    /// Above everything.
    MaxValue,
}

/// Which rows a partition takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionBound {
    /// Those that no other takes.
    Default,
    /// Those with a hash of that remainder.
    Hash {
        /// Modulus.
        modulus: i32,
        /// Remainder.
        remainder: i32,
    },
    /// Those with one of these values, NULL being one.
    List(Vec<Const>),
    /// Those from the lower end, included, to the upper one, excluded.
    Range {
        /// Lower end.
        from: Vec<BoundDatum>,
        /// Upper end.
        to: Vec<BoundDatum>,
    },
}

/// The text of a partition bound.
#[must_use]
pub fn deparse_partition_bound(env: &Env, bound: &PartitionBound) -> String {
    let mut printer = Printer::new(env, Scope::Nothing);
    match bound {
        PartitionBound::Default => printer.push("DEFAULT"),
        PartitionBound::Hash { modulus, remainder } => {
            printer.out.push_str(&format!("FOR VALUES WITH (modulus {modulus}, remainder {remainder})"));
        }
        PartitionBound::List(values) => {
            printer.push("FOR VALUES IN (");
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    printer.push(", ");
                }
                printer.constant(value, Label::Never);
            }
            printer.push(")");
        }
        PartitionBound::Range { from, to } => {
            printer.push("FOR VALUES FROM ");
            printer.range_end(from);
            printer.push(" TO ");
            printer.range_end(to);
        }
    }
    printer.out
}

impl Printer<'_> {
    fn range_end(&mut self, end: &[BoundDatum]) {
        self.push("(");
        for (at, datum) in end.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            match datum {
                BoundDatum::MinValue => self.push("MINVALUE"),
                BoundDatum::MaxValue => self.push("MAXVALUE"),
                BoundDatum::Value(value) => self.constant(value, Label::Never),
            }
        }
        self.push(")");
    }
}
