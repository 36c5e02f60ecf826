//! Sequences.

use pgseal_catalog::facts::{Column, Identity, Sequence, SequenceOptions};
use pgseal_catalog::{FactId, QualifiedName};

use super::{Renderer, Sql};

impl Renderer<'_> {
    /// `CREATE SEQUENCE`, without its owner.
    #[must_use]
    pub fn create_sequence(&self, name: &QualifiedName, payload: &Sequence) -> Sql {
        let unlogged = if payload.unlogged { "UNLOGGED " } else { "" };
        let options = self.sequence_options(&payload.options, true);
        self.plain(format!("CREATE {unlogged}SEQUENCE {}{options}", self.qualified(name)))
    }

    /// `ALTER SEQUENCE … OWNED BY`.
    #[must_use]
    pub fn sequence_owner(&self, name: &QualifiedName, owner: Option<&FactId>) -> Sql {
        let owner = match owner {
            Some(FactId::Column(table, column) | FactId::ViewColumn(table, column)) => {
                format!("{}.{}", self.qualified(table), self.name(column))
            }
            _ => "NONE".to_owned(),
        };
        self.plain(format!("ALTER SEQUENCE {} OWNED BY {owner}", self.qualified(name)))
    }

    /// ` AS type START WITH …`: what is not the default of such a sequence, each with a leading blank.
    #[must_use]
    pub fn sequence_options(&self, options: &SequenceOptions, with_type: bool) -> String {
        let ascending = options.increment > 0;
        let (least, greatest) = type_bounds(&options.data_type);
        let (min, max) = if ascending { (1, greatest) } else { (least, -1) };
        let start = if ascending { options.min } else { options.max };
        let mut out = String::new();
        if with_type && options.data_type != "bigint" {
            out.push_str(&format!(" AS {}", options.data_type));
        }
        if options.start != start {
            out.push_str(&format!(" START WITH {}", options.start));
        }
        if options.increment != 1 {
            out.push_str(&format!(" INCREMENT BY {}", options.increment));
        }
        if options.min != min {
            out.push_str(&format!(" MINVALUE {}", options.min));
        }
        if options.max != max {
            out.push_str(&format!(" MAXVALUE {}", options.max));
        }
        if options.cache != 1 {
            out.push_str(&format!(" CACHE {}", options.cache));
        }
        if options.cycle {
            out.push_str(" CYCLE");
        }
        out
    }

    /// What `GENERATED … AS IDENTITY (…)` says about the sequence, each option with a leading blank. The sequence is of the
    /// column's type there; [`Self::identity_retype`] makes up for one that is of another.
    #[must_use]
    pub fn identity_options(&self, column: &Column, options: &SequenceOptions) -> String {
        self.sequence_options(&of_type(options, &column.data_type), false)
    }

    /// The statement that gives the sequence of a new identity column a type that is not the column's (a table made LIKE
    /// another has such).
    #[must_use]
    pub fn identity_retype(&self, column: &Column, identity: &Identity) -> Option<Sql> {
        let made = of_type(&identity.options, &column.data_type);
        let changes = self.sequence_changes(&made, &identity.options, " ");
        if changes.is_empty() {
            return None;
        }
        let restart = if made.start == identity.options.start { "" } else { " RESTART" };
        Some(self.plain(format!("ALTER SEQUENCE {}{changes}{restart}", self.qualified(&identity.sequence))))
    }

    /// The clauses that bring one set of options to another, each with `prefix` before it (` ` or ` SET `); empty when equal.
    #[must_use]
    pub fn sequence_changes(&self, from: &SequenceOptions, to: &SequenceOptions, prefix: &str) -> String {
        let mut out = String::new();
        let mut clause = |text: String| {
            out.push_str(prefix);
            out.push_str(&text);
        };
        if from.data_type != to.data_type {
            clause(format!("AS {}", to.data_type));
        }
        if from.increment != to.increment {
            clause(format!("INCREMENT BY {}", to.increment));
        }
        // changing the type moves bounds that stand at the old type's end
        let retyped = from.data_type != to.data_type;
        if from.min != to.min || retyped {
            clause(format!("MINVALUE {}", to.min));
        }
        if from.max != to.max || retyped {
            clause(format!("MAXVALUE {}", to.max));
        }
        if from.start != to.start {
            clause(format!("START WITH {}", to.start));
        }
        if from.cache != to.cache {
            clause(format!("CACHE {}", to.cache));
        }
        if from.cycle != to.cycle {
            clause(if to.cycle { "CYCLE".to_owned() } else { "NO CYCLE".to_owned() });
        }
        out
    }
}

/// What an identity column's sequence has to count for its column to become of another type: within that. Bounds that stand at
/// the end of the sequence's type are moved by the server.
#[must_use]
pub(crate) fn options_within(options: &SequenceOptions, data_type: &str) -> SequenceOptions {
    let (least, greatest) = type_bounds(&options.data_type);
    let within = of_type(options, data_type);
    SequenceOptions {
        data_type: options.data_type.clone(),
        min: if options.min == least { least } else { within.min },
        max: if options.max == greatest { greatest } else { within.max },
        ..within
    }
}

/// Options for a sequence of another type, with bounds that it can have.
fn of_type(options: &SequenceOptions, data_type: &str) -> SequenceOptions {
    let mut out = options.clone();
    if options.data_type == data_type {
        return out;
    }
    let (least, greatest) = type_bounds(data_type);
    data_type.clone_into(&mut out.data_type);
    out.min = options.min.clamp(least, greatest);
    out.max = options.max.clamp(least, greatest);
    if out.min >= out.max {
        (out.min, out.max) = (least, greatest);
    }
    out.start = options.start.clamp(out.min, out.max);
    out
}

/// Least and greatest value of an integer type.
fn type_bounds(data_type: &str) -> (i64, i64) {
    match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}
