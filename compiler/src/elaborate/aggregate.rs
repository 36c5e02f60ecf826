//! Aggregates: CREATE [OR REPLACE], and what they make known to name resolution.
//!
//! Follows `DefineAggregate`, aggregatecmds.c, and `AggregateCreate`, pg_aggregate.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::{AConst, DefElem, DefineStmt, FunctionParameter, Node, a_const};
use pgseal_catalog::facts::{
    Aggregate, AggregateKind, AggregateState, Argument, ArgumentMode, FinalModify, MovingState, Parallel, Payload,
};
use pgseal_catalog::{Fact, FactId, Needs, Routine};

use super::aggregate_options::Options;
use super::error::{Elaborated, Problem};
use super::function_arguments::{Signature, is_polymorphic, polymorphic_detail};
use super::model::Model;
use super::names::name;
use super::run::Interpreter;
use crate::analyze::{self, AggregateFunction, AnalyzeError, DefaultKind, Target, lookup_agg_function};
use crate::env::{
    AggregateKind as EnvKind, AggregateRow, ArgMode, Oid, ProcArg, ProcKind, ProcRow, SearchPath, Sym, TypeKind,
    Volatility,
};

/// How many arguments an aggregate may have (`FUNC_MAX_ARGS - 1`).
const MOST_ARGUMENTS: usize = 99;

/// The arguments of an aggregate while its functions are looked up.
struct Inputs {
    types: Vec<Oid>,
    direct: usize,
    /// What the variadic argument repeats, invalid for none.
    variadic: Oid,
    kind: AggregateKind,
}

impl Inputs {
    fn is_ordered(&self) -> bool {
        self.kind != AggregateKind::Normal
    }

    /// The types that a transition function takes after the state.
    fn of_transition(&self) -> &[Oid] {
        let from = match self.is_ordered() {
            // a variadic argument that covers direct and aggregated ones
            true if self.direct >= self.types.len() => self.types.len().saturating_sub(1),
            true => self.direct,
            false => 0,
        };
        self.types.get(from..).unwrap_or_default()
    }

    /// The types that a final function takes after the state, and whether the variadic one is among them.
    fn of_final(&self, extra: bool) -> (&[Oid], Oid) {
        match extra {
            true => (&self.types, self.variadic),
            false if self.direct < self.types.len() => {
                (self.types.get(..self.direct).unwrap_or_default(), Oid::INVALID)
            }
            false => (self.types.get(..self.direct).unwrap_or_default(), self.variadic),
        }
    }
}

impl Interpreter<'_> {
    /// Carries out CREATE AGGREGATE.
    pub(super) fn create_aggregate(&mut self, statement: &DefineStmt) -> Elaborated<()> {
        let new = self.creation_name_of(&statement.defnames)?;
        let options = Options::read(&statement.definition)?;
        let (signature, direct) = self.aggregate_arguments(statement, &options)?;
        let kind = match direct {
            None if options.hypothetical => {
                return Err(Problem::invalid("42P13", "only ordered-set aggregates can be hypothetical"));
            }
            None => AggregateKind::Normal,
            Some(_) if options.hypothetical => AggregateKind::HypotheticalSet,
            Some(_) => AggregateKind::OrderedSet,
        };
        let inputs = Inputs {
            types: signature.types.clone(),
            direct: direct.unwrap_or_default(),
            variadic: self.variadic_of(&signature),
            kind,
        };
        let mut needs = signature.needs.clone();
        let (mut aggregate, returns) = self.aggregate_over(&options, &inputs, &mut needs)?;
        self.type_needs(returns, &mut needs);
        aggregate.arguments = signature.arguments;
        let arguments = inputs.types.iter().map(|oid| self.env().format_type_be(*oid)).collect();
        let routine = Routine { name: new, arguments };
        self.may_replace_aggregate(statement.replace, &routine, &inputs, &aggregate)?;
        let mut fact = Fact::new(FactId::Aggregate(routine), Payload::Aggregate(Box::new(aggregate)));
        fact.needs = needs;
        self.model.put(fact);
        Ok(())
    }

    /// The arguments, and how many of them are direct ones where the aggregate is ordered.
    fn aggregate_arguments(
        &self,
        statement: &DefineStmt,
        options: &Options<'_>,
    ) -> Elaborated<(Signature, Option<usize>)> {
        let mut signature = Signature::default();
        if statement.oldstyle {
            let Some(base) = options.base_type else {
                return Err(Problem::invalid("42P13", "aggregate input type must be specified"));
            };
            let oid = match Options::text(base)?.filter(|text| text.eq_ignore_ascii_case("any")) {
                Some(_) => None,
                None => Some(self.type_option(base)?),
            };
            if let Some(oid) = oid {
                self.type_needs(oid, &mut signature.needs);
                signature.types.push(oid);
                signature.arguments.push(Argument {
                    mode: ArgumentMode::In,
                    name: None,
                    data_type: self.env().format_type_be(oid),
                    default: None,
                });
            }
            return Ok((signature, None));
        }
        if options.base_type.is_some() {
            return Err(Problem::invalid("42P13", "basetype is redundant with aggregate input type specification"));
        }
        let list = match statement.args.first().and_then(|node| node.node.as_ref()) {
            Some(NodeEnum::List(list)) => list.items.as_slice(),
            _ => &[],
        };
        let parameters: Vec<&FunctionParameter> = list
            .iter()
            .filter_map(|node| match &node.node {
                Some(NodeEnum::FunctionParameter(parameter)) => Some(parameter.as_ref()),
                _ => None,
            })
            .collect();
        if parameters.iter().any(|parameter| parameter.defexpr.is_some()) {
            return Err(Problem::invalid("42601", "arguments of aggregates cannot have default values"));
        }
        self.read_parameters(&parameters, false, &mut signature)?;
        if signature.types.len() > MOST_ARGUMENTS {
            return Err(Problem::invalid(
                "54023",
                format!("aggregates cannot have more than {MOST_ARGUMENTS} arguments"),
            ));
        }
        let direct = match statement.args.get(1).and_then(|node| node.node.as_ref()) {
            Some(NodeEnum::Integer(number)) => usize::try_from(number.ival).ok(),
            _ => None,
        };
        Ok((signature, direct))
    }

    /// What the variadic argument repeats (`variadicArgType`).
    fn variadic_of(&self, signature: &Signature) -> Oid {
        let last = signature.arguments.iter().zip(&signature.types).find(|(a, _)| a.mode == ArgumentMode::Variadic);
        last.map_or(Oid::INVALID, |(_, oid)| variadic_element(&self.model.env, *oid))
    }

    /// Everything but the arguments, and the type of the result.
    fn aggregate_over(
        &self,
        options: &Options<'_>,
        inputs: &Inputs,
        needs: &mut Needs,
    ) -> Elaborated<(Aggregate, Oid)> {
        let (Some(state_type), Some(function)) = (options.plain.state_type, options.plain.function) else {
            let missing = if options.plain.state_type.is_none() { "stype" } else { "sfunc" };
            return Err(Problem::invalid("42P13", format!("aggregate {missing} must be specified")));
        };
        options.check_moving()?;
        let state_type = self.state_type(state_type, inputs)?;
        if options.serialize.is_some() != options.deserialize.is_some() {
            return Err(Problem::invalid(
                "42P13",
                "must specify both or neither of serialization and deserialization functions",
            ));
        }
        if options.serialize.is_some() && state_type != Oid::INTERNAL {
            return Err(Problem::invalid(
                "42P13",
                "serialization functions may be specified only when the aggregate transition data type is internal",
            ));
        }
        let moving_type = options.moving.state_type.map(|element| self.state_type(element, inputs)).transpose()?;
        check_shape(inputs)?;
        let (state, returns) = self.state(&options.plain, state_type, function, inputs, needs)?;
        let combine = options.combine.map(|element| self.combine(element, state_type, needs)).transpose()?;
        let fixed = |element: Option<&DefElem>, what: &str, types: &[Oid], result: Oid, needs: &mut Needs| {
            element.map(|element| self.conversion(element, what, types, result, needs)).transpose()
        };
        let serialize = fixed(options.serialize, "serialization", &[Oid::INTERNAL], Oid::BYTEA, needs)?;
        let deserialize =
            fixed(options.deserialize, "deserialization", &[Oid::BYTEA, Oid::INTERNAL], Oid::INTERNAL, needs)?;
        if let Some(detail) = polymorphic_detail(self.env(), returns, &inputs.types) {
            return Err(Problem::invalid("42804", "cannot determine result data type").detail(detail));
        }
        if returns == Oid::INTERNAL && !inputs.types.contains(&Oid::INTERNAL) {
            return Err(Problem::invalid("42P13", "unsafe use of pseudo-type \"internal\"")
                .detail("A result of type internal requires at least one input of type internal."));
        }
        let moving = match moving_type {
            Some(moving_type) => Some(self.moving(options, moving_type, returns, inputs, needs)?),
            None => None,
        };
        let sort_operator = match options.sort_operator {
            Some(element) => Some(self.sort_operator(element, inputs, needs)?),
            None => None,
        };
        let aggregate = Aggregate {
            kind: inputs.kind,
            arguments: Vec::new(),
            direct_arguments: u16::try_from(inputs.direct).unwrap_or(u16::MAX),
            returns: self.env().format_type_be(returns),
            state,
            moving,
            combine,
            serialize,
            deserialize,
            sort_operator,
            parallel: options.parallel()?.unwrap_or(Parallel::Unsafe),
        };
        Ok((aggregate, returns))
    }

    fn state_type(&self, element: &DefElem, inputs: &Inputs) -> Elaborated<Oid> {
        let oid = self.type_option(element)?;
        let pseudo = self.env().type_by_oid(oid).is_some_and(|row| row.kind == TypeKind::Pseudo);
        if pseudo && !is_polymorphic(oid) && oid != Oid::INTERNAL {
            return Err(Problem::invalid(
                "42P13",
                format!("aggregate transition data type cannot be {}", self.env().format_type_be(oid)),
            )
            .at(element.location));
        }
        match polymorphic_detail(self.env(), oid, &inputs.types) {
            Some(detail) => Err(Problem::invalid("42P13", "cannot determine transition data type").detail(detail)),
            None => Ok(oid),
        }
    }

    /// A function of the aggregate.
    fn support(
        &self,
        element: &DefElem,
        types: &[Oid],
        variadic: Oid,
        needs: &mut Needs,
    ) -> Elaborated<(AggregateFunction<'_>, Routine)> {
        let parts = Options::name(element)?;
        let name = self.split_name(&parts).map_err(|problem| problem.at(element.location))?;
        let found = lookup_agg_function(self.env(), &self.path, name, types, variadic)
            .map_err(|error| Box::<Problem>::from(error).at(element.location))?;
        needs.extend(self.model.fact_of(found.row.oid).cloned());
        Ok((found, self.routine_called(found.row.oid)?))
    }

    /// One mode's state, and what comes of it in the end.
    fn state(
        &self,
        options: &super::aggregate_options::StateOptions<'_>,
        state_type: Oid,
        function: &DefElem,
        inputs: &Inputs,
        needs: &mut Needs,
    ) -> Elaborated<(AggregateState, Oid)> {
        let (found, routine) = self.transition(function, state_type, "transition", inputs, needs)?;
        let initial = options.initial()?;
        self.check_initial(initial.as_deref(), state_type, options)?;
        if found.row.strict && initial.is_none() {
            let fits = inputs.types.first().is_some_and(|first| self.env().is_binary_coercible(*first, state_type));
            if !fits {
                return Err(Problem::invalid(
                    "42P13",
                    "must not omit initial value when transition function is strict and transition type is not \
                     compatible with input type",
                ));
            }
        }
        let mut returns = state_type;
        let mut final_function = None;
        if let Some(element) = options.final_function {
            let (rest, variadic) = inputs.of_final(options.final_extra);
            let types: Vec<Oid> = std::iter::once(state_type).chain(rest.iter().copied()).collect();
            let (found, routine) = self.support(element, &types, variadic, needs)?;
            if options.final_extra && found.row.strict {
                return Err(Problem::invalid(
                    "42P13",
                    "final function with extra arguments must not be declared STRICT",
                ));
            }
            returns = found.result;
            final_function = Some(routine);
        }
        let state = AggregateState {
            function: routine,
            data_type: self.env().format_type_be(state_type),
            space: options.space()?,
            initial,
            final_function,
            final_extra: options.final_extra,
            final_modify: options.final_modify()?.unwrap_or_else(|| inputs.kind.usual_modify()),
        };
        Ok((state, returns))
    }

    /// A function that takes the state and a row to the next state.
    fn transition(
        &self,
        element: &DefElem,
        state_type: Oid,
        what: &str,
        inputs: &Inputs,
        needs: &mut Needs,
    ) -> Elaborated<(AggregateFunction<'_>, Routine)> {
        let types: Vec<Oid> = std::iter::once(state_type).chain(inputs.of_transition().iter().copied()).collect();
        let (found, routine) = self.support(element, &types, inputs.variadic, needs)?;
        self.returns(element, what, found.result, state_type)?;
        Ok((found, routine))
    }

    fn returns(&self, element: &DefElem, what: &str, result: Oid, wanted: Oid) -> Elaborated<()> {
        if result == wanted {
            return Ok(());
        }
        Err(Problem::invalid(
            "42804",
            format!(
                "return type of {what} function {} is not {}",
                Options::name(element)?.join("."),
                self.env().format_type_be(wanted)
            ),
        )
        .at(element.location))
    }

    fn combine(&self, element: &DefElem, state_type: Oid, needs: &mut Needs) -> Elaborated<Routine> {
        let (found, routine) = self.support(element, &[state_type, state_type], Oid::INVALID, needs)?;
        self.returns(element, "combine", found.result, state_type)?;
        if state_type == Oid::INTERNAL && found.row.strict {
            return Err(Problem::invalid(
                "42P13",
                "combine function with transition type internal must not be declared STRICT",
            ));
        }
        Ok(routine)
    }

    /// SERIALFUNC or DESERIALFUNC.
    fn conversion(
        &self,
        element: &DefElem,
        what: &str,
        types: &[Oid],
        result: Oid,
        needs: &mut Needs,
    ) -> Elaborated<Routine> {
        let (found, routine) = self.support(element, types, Oid::INVALID, needs)?;
        self.returns(element, what, found.result, result)?;
        Ok(routine)
    }

    fn moving(
        &self,
        options: &Options<'_>,
        state_type: Oid,
        returns: Oid,
        inputs: &Inputs,
        needs: &mut Needs,
    ) -> Elaborated<MovingState> {
        let (Some(function), Some(inverse)) = (options.moving.function, options.inverse) else {
            return Err(Problem::internal("a moving state without its functions"));
        };
        let (state, moving_returns) = self.state(&options.moving, state_type, function, inputs, needs)?;
        let (forward, _) = self.transition(function, state_type, "transition", inputs, needs)?;
        let (backward, inverse) = self.transition(inverse, state_type, "inverse transition", inputs, needs)?;
        if forward.row.strict != backward.row.strict {
            return Err(Problem::invalid(
                "42P13",
                "strictness of aggregate's forward and inverse transition functions must match",
            ));
        }
        if moving_returns != returns {
            return Err(Problem::invalid(
                "42P13",
                format!(
                    "moving-aggregate implementation returns type {}, but plain implementation returns type {}",
                    self.env().format_type_be(moving_returns),
                    self.env().format_type_be(returns)
                ),
            ));
        }
        Ok(MovingState { state, inverse })
    }

    fn sort_operator(
        &self,
        element: &DefElem,
        inputs: &Inputs,
        needs: &mut Needs,
    ) -> Elaborated<pgseal_catalog::QualifiedName> {
        let [input] = inputs.types.as_slice() else {
            return Err(Problem::invalid(
                "42P13",
                "sort operator can only be specified for single-argument aggregates",
            ));
        };
        let parts = Options::name(element)?;
        let (schema, operator) = self.split_name(&parts).map_err(|problem| problem.at(element.location))?;
        let Some(row) = self.env().lookup_operator(&self.path, schema, operator, *input, *input) else {
            let shown = self.env().format_type_be(*input);
            return Err(Problem::undefined(
                "42883",
                format!("operator does not exist: {shown} {} {shown}", parts.join(".")),
                operator,
            )
            .at(element.location));
        };
        needs.extend(self.model.fact_of(row.oid).cloned());
        Ok(pgseal_catalog::QualifiedName::new(name(&row.schema)?, name(&row.name)?))
    }

    /// Refuses an initial value that the type does not read. What only a server can read is left to it.
    fn check_initial(
        &self,
        initial: Option<&str>,
        state_type: Oid,
        options: &super::aggregate_options::StateOptions<'_>,
    ) -> Elaborated<()> {
        let Some(text) = initial else { return Ok(()) };
        if self.env().type_by_oid(state_type).is_none_or(|row| row.kind == TypeKind::Pseudo) {
            return Ok(());
        }
        let constant = AConst {
            val: Some(a_const::Val::Sval(pg_query::protobuf::String { sval: text.to_owned() })),
            isnull: false,
            location: -1,
        };
        let raw = Node { node: Some(NodeEnum::AConst(constant)) };
        let target = Target { name: "initcond", type_oid: state_type, typmod: -1 };
        match analyze::cook_default(self.env(), &self.path, None, &raw, &target, DefaultKind::Plain) {
            Err(error @ AnalyzeError::Rejected(_)) => {
                Err(Box::<Problem>::from(error).at(options.initial.map_or(-1, |element| element.location)))
            }
            Ok(_) | Err(AnalyzeError::Unsupported(_)) => Ok(()),
        }
    }

    /// Refuses to make an aggregate where there is a routine, unless it may take its place.
    fn may_replace_aggregate(
        &self,
        replace: bool,
        routine: &Routine,
        inputs: &Inputs,
        aggregate: &Aggregate,
    ) -> Elaborated<()> {
        let (schema, bare) = (routine.name.schema.as_str(), routine.name.name.as_str());
        let Some(old) = self.env().lookup_proc(&SearchPath::empty(), Some(schema), bare, &inputs.types) else {
            return Ok(());
        };
        if !replace {
            return Err(Problem::duplicate(
                "42723",
                format!("function \"{bare}\" already exists with same argument types"),
            ));
        }
        let refused = |is: &str| -> Box<Problem> {
            Problem::invalid("42809", "cannot change routine kind").detail(format!("\"{bare}\" is {is}."))
        };
        match old.kind {
            ProcKind::Aggregate => {}
            ProcKind::Function => return Err(refused("a function")),
            ProcKind::Procedure => return Err(refused("a procedure")),
            ProcKind::Window => return Err(refused("a window function")),
        }
        let id = self.routine_fact(old.oid)?;
        let Some(Payload::Aggregate(before)) = self.model.fact(&id).map(|fact| &fact.payload) else {
            return Err(Problem::internal(format!("{} is gone", id.in_words())));
        };
        let hint = format!("Use DROP AGGREGATE {} first.", self.signature(bare, &inputs.types));
        if before.returns != aggregate.returns {
            return Err(Problem::invalid("42P13", "cannot change return type of existing function").hint(hint));
        }
        if before.kind != aggregate.kind {
            return Err(refused(match before.kind {
                AggregateKind::Normal => "an ordinary aggregate function",
                AggregateKind::OrderedSet => "an ordered-set aggregate",
                AggregateKind::HypotheticalSet => "a hypothetical-set aggregate",
            }));
        }
        if before.direct_arguments != aggregate.direct_arguments {
            return Err(Problem::invalid("42P13", "cannot change number of direct arguments of an aggregate function"));
        }
        Ok(())
    }
}

/// Refuses arguments that do not fit the kind of aggregate.
fn check_shape(inputs: &Inputs) -> Elaborated<()> {
    if inputs.is_ordered() && inputs.variadic.is_valid() && inputs.variadic != Oid::ANY {
        return Err(Problem::invalid("0A000", "a variadic ordered-set aggregate must use VARIADIC type ANY"));
    }
    let aggregated = inputs.types.len().saturating_sub(inputs.direct);
    if inputs.kind == AggregateKind::HypotheticalSet && aggregated > 0 {
        let same = inputs.direct >= aggregated
            && inputs.types.get(inputs.direct - aggregated..inputs.direct) == inputs.types.get(inputs.direct..);
        if inputs.variadic.is_valid() || !same {
            return Err(Problem::invalid(
                "42P13",
                "a hypothetical-set aggregate must have direct arguments matching its aggregated arguments",
            ));
        }
    }
    Ok(())
}

/// What a variadic argument of a type repeats.
fn variadic_element(env: &crate::env::Env, array: Oid) -> Oid {
    match array {
        Oid::ANY => Oid::ANY,
        Oid::ANYARRAY => Oid::ANYELEMENT,
        Oid::ANYCOMPATIBLEARRAY => Oid::ANYCOMPATIBLE,
        array => env.element_type_of(array).unwrap_or(Oid::INVALID),
    }
}

impl Model {
    /// Makes an aggregate known.
    pub(super) fn define_aggregate(&mut self, oid: Oid, routine: &Routine, aggregate: &Aggregate) {
        let parameters: Vec<ProcArg> = aggregate
            .arguments
            .iter()
            .map(|argument| ProcArg {
                type_oid: self.stored_type(&argument.data_type).0,
                mode: if argument.mode == ArgumentMode::Variadic { ArgMode::Variadic } else { ArgMode::In },
                name: argument.name.as_ref().map_or(Sym::Static(""), |name| Sym::from(name.as_str())),
            })
            .collect();
        let variadic = parameters
            .iter()
            .find(|parameter| parameter.mode == ArgMode::Variadic)
            .map_or(Oid::INVALID, |parameter| variadic_element(&self.env, parameter.type_oid));
        self.env.put_proc(ProcRow {
            oid,
            schema: Sym::from(routine.name.schema.as_str()),
            name: Sym::from(routine.name.name.as_str()),
            kind: ProcKind::Aggregate,
            args: parameters.iter().map(|parameter| parameter.type_oid).collect(),
            parameters,
            default_count: 0,
            variadic,
            result: self.stored_type(&aggregate.returns).0,
            returns_set: false,
            volatility: Volatility::Immutable,
            strict: false,
            leakproof: false,
            language: Oid::INTERNAL_LANGUAGE,
            aggregate: Some(AggregateRow {
                kind: match aggregate.kind {
                    AggregateKind::Normal => EnvKind::Normal,
                    AggregateKind::OrderedSet => EnvKind::OrderedSet,
                    AggregateKind::HypotheticalSet => EnvKind::Hypothetical,
                },
                direct_args: i16::try_from(aggregate.direct_arguments).unwrap_or(i16::MAX),
            }),
            extension: None,
        });
    }
}

/// The word of FINALFUNC_MODIFY.
pub(super) fn modify_of(word: &str) -> Option<FinalModify> {
    match word {
        "read_only" => Some(FinalModify::ReadOnly),
        "shareable" => Some(FinalModify::Shareable),
        "read_write" => Some(FinalModify::ReadWrite),
        _ => None,
    }
}
