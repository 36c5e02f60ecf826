//! Aggregates.

use pgseal_catalog::facts::{Aggregate, AggregateKind, AggregateState, Argument, ArgumentMode, FinalModify, Parallel};
use pgseal_catalog::{QualifiedName, Routine};

use super::{Renderer, Sql, literal};

impl Renderer<'_> {
    /// An aggregate as ALTER, COMMENT and DROP name it.
    #[must_use]
    pub fn aggregate(&self, routine: &Routine) -> String {
        let arguments = match routine.arguments.as_slice() {
            [] => "*".to_owned(),
            types => types.join(", "),
        };
        format!("{}({arguments})", self.qualified(&routine.name))
    }

    /// `CREATE AGGREGATE`; with `replace`, `CREATE OR REPLACE`.
    #[must_use]
    pub fn create_aggregate(&self, routine: &Routine, aggregate: &Aggregate, replace: bool) -> Sql {
        let mut lines = Vec::new();
        self.state(&mut lines, "", &aggregate.state, aggregate.kind);
        for (word, function) in [
            ("COMBINEFUNC", &aggregate.combine),
            ("SERIALFUNC", &aggregate.serialize),
            ("DESERIALFUNC", &aggregate.deserialize),
        ] {
            lines.extend(function.as_ref().map(|function| format!("{word} = {}", self.qualified(&function.name))));
        }
        if let Some(moving) = &aggregate.moving {
            self.state(&mut lines, "M", &moving.state, aggregate.kind);
            lines.push(format!("MINVFUNC = {}", self.qualified(&moving.inverse.name)));
        }
        lines.extend(aggregate.sort_operator.as_ref().map(|operator| format!("SORTOP = {}", self.operator(operator))));
        match aggregate.parallel {
            Parallel::Unsafe => {}
            Parallel::Restricted => lines.push("PARALLEL = RESTRICTED".to_owned()),
            Parallel::Safe => lines.push("PARALLEL = SAFE".to_owned()),
        }
        if aggregate.kind == AggregateKind::HypotheticalSet {
            lines.push("HYPOTHETICAL".to_owned());
        }
        self.plain(format!(
            "CREATE {}AGGREGATE {}({}) (\n    {}\n)",
            if replace { "OR REPLACE " } else { "" },
            self.qualified(&routine.name),
            self.aggregate_arguments(aggregate),
            lines.join(",\n    ")
        ))
    }

    fn state(&self, lines: &mut Vec<String>, mode: &str, state: &AggregateState, kind: AggregateKind) {
        lines.push(format!("{mode}SFUNC = {}", self.qualified(&state.function.name)));
        lines.push(format!("{mode}STYPE = {}", state.data_type));
        if state.space != 0 {
            lines.push(format!("{mode}SSPACE = {}", state.space));
        }
        if let Some(function) = &state.final_function {
            lines.push(format!("{mode}FINALFUNC = {}", self.qualified(&function.name)));
        }
        if state.final_extra {
            lines.push(format!("{mode}FINALFUNC_EXTRA"));
        }
        if state.final_modify != kind.usual_modify() {
            let word = match state.final_modify {
                FinalModify::ReadOnly => "READ_ONLY",
                FinalModify::Shareable => "SHAREABLE",
                FinalModify::ReadWrite => "READ_WRITE",
            };
            lines.push(format!("{mode}FINALFUNC_MODIFY = {word}"));
        }
        lines.extend(state.initial.as_ref().map(|text| format!("{mode}INITCOND = {}", literal(text))));
    }

    fn operator(&self, operator: &QualifiedName) -> String {
        format!("OPERATOR({}.{})", self.name(&operator.schema), operator.name.as_str())
    }

    /// Direct arguments, `ORDER BY`, aggregated ones.
    fn aggregate_arguments(&self, aggregate: &Aggregate) -> String {
        if aggregate.arguments.is_empty() {
            return "*".to_owned();
        }
        let list = |arguments: &[Argument]| {
            arguments.iter().map(|argument| self.aggregate_argument(argument)).collect::<Vec<_>>().join(", ")
        };
        if aggregate.kind == AggregateKind::Normal {
            return list(&aggregate.arguments);
        }
        let (direct, aggregated) =
            aggregate.arguments.split_at(usize::from(aggregate.direct_arguments).min(aggregate.arguments.len()));
        // a variadic argument that is of both lists
        let aggregated = match (direct, aggregated) {
            ([.., last], []) => list(std::slice::from_ref(last)),
            _ => list(aggregated),
        };
        let direct = list(direct);
        if direct.is_empty() { format!("ORDER BY {aggregated}") } else { format!("{direct} ORDER BY {aggregated}") }
    }

    fn aggregate_argument(&self, argument: &Argument) -> String {
        let mode = if argument.mode == ArgumentMode::Variadic { "VARIADIC " } else { "" };
        let name = argument.name.as_ref().map(|name| format!("{} ", self.name(name))).unwrap_or_default();
        format!("{mode}{name}{}", argument.data_type)
    }
}
