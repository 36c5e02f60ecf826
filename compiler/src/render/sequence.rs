//! Sequences.

use pgseal_catalog::facts::{Sequence, SequenceOptions};
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
            Some(FactId::Column(table, column)) => format!("{}.{}", self.qualified(table), self.name(column)),
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

/// Least and greatest value of an integer type.
fn type_bounds(data_type: &str) -> (i64, i64) {
    match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}
