//! Functions and procedures.

use pgseal_catalog::facts::{
    Argument, ArgumentMode, Body, Expression, Function, Parallel, Payload, RoutineKind, Volatility,
};
use pgseal_catalog::{Fact, FactId, Name, Routine};

use super::address::class;
use super::build::Build;
use super::error::CaptureError;
use super::session::{FIRST_NORMAL_OID, Session};

/// `ClanguageId`.
const LANGUAGE_C: u32 = 13;

/// A row of `pg_proc`, with its row of `pg_aggregate`.
pub(super) struct ProcRow {
    pub oid: u32,
    pub schema: u32,
    pub name: Name,
    pub kind: char,
    pub language: u32,
    pub cost: String,
    pub rows: String,
    pub variadic: u32,
    pub support: u32,
    pub security_definer: bool,
    pub leakproof: bool,
    pub strict: bool,
    pub returns_set: bool,
    pub volatility: char,
    pub parallel: char,
    pub default_count: i16,
    pub returns: u32,
    pub input_types: Vec<u32>,
    pub all_types: Vec<u32>,
    pub modes: Vec<i8>,
    pub argument_names: Vec<String>,
    pub defaults: Vec<Option<String>>,
    pub transforms: Vec<u32>,
    pub source: String,
    pub object: Option<String>,
    pub has_sql_body: bool,
    pub sql_body: Option<String>,
    pub settings: Vec<String>,
    pub aggregate_kind: Option<char>,
    pub direct_arguments: i16,
}

impl ProcRow {
    /// Whether it was made by a user or an extension.
    pub fn is_user(&self) -> bool {
        self.oid >= FIRST_NORMAL_OID
    }

    /// Whether facts can say what it is.
    pub fn is_modelled(&self) -> bool {
        matches!(self.kind, 'f' | 'w' | 'p' | 'a')
    }
}

/// Every routine that users or extensions made, and the built-in ones that their objects refer to.
pub(super) fn read_procs(s: &mut Session<'_>) -> Result<Vec<ProcRow>, CaptureError> {
    s.rows(
        "functions",
        "SELECT p.oid, p.pronamespace, p.proname, p.prokind, p.prolang, p.procost::text, p.prorows::text, p.provariadic, \
         p.prosupport::oid, p.prosecdef, p.proleakproof, p.proisstrict, p.proretset, p.provolatile, p.proparallel, \
         p.pronargdefaults, p.prorettype, p.proargtypes::oid[], p.proallargtypes, p.proargmodes, p.proargnames, \
         CASE WHEN p.pronargdefaults > 0 AND p.oid >= 16384 THEN ARRAY(SELECT pg_get_function_arg_default(p.oid, n) \
         FROM generate_series(1, coalesce(array_length(p.proallargtypes, 1), p.pronargs)) n) END, p.protrftypes, \
         CASE WHEN p.oid >= 16384 THEN p.prosrc ELSE '' END, p.probin, p.prosqlbody IS NOT NULL, CASE WHEN p.oid >= 16384 AND p.prosqlbody IS NOT NULL \
         THEN pg_get_function_sqlbody(p.oid) END, p.proconfig, a.aggkind, \
         a.aggnumdirectargs FROM pg_proc p LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid \
         WHERE p.oid >= 16384 OR p.oid IN (\
         SELECT tgfoid FROM pg_trigger \
         UNION ALL SELECT rngcanonical::oid FROM pg_range WHERE rngtypid >= 16384 \
         UNION ALL SELECT rngsubdiff::oid FROM pg_range WHERE rngtypid >= 16384 \
         UNION ALL SELECT u.oid FROM pg_type t, LATERAL (VALUES (t.typinput::oid), (t.typmodin::oid), (t.typmodout::oid)) \
         u (oid) WHERE t.oid >= 16384 \
         UNION ALL SELECT prosupport::oid FROM pg_proc WHERE oid >= 16384 \
         UNION ALL SELECT oprcode::oid FROM pg_operator WHERE oid >= 16384 \
         UNION ALL SELECT castfunc FROM pg_cast WHERE oid >= 16384 \
         UNION ALL SELECT u.oid FROM pg_aggregate a, LATERAL (VALUES (a.aggtransfn::oid), (a.aggfinalfn::oid), \
         (a.aggcombinefn::oid), (a.aggserialfn::oid), (a.aggdeserialfn::oid), (a.aggmtransfn::oid), \
         (a.aggminvtransfn::oid), (a.aggmfinalfn::oid)) u (oid) WHERE a.aggfnoid::oid >= 16384)",
        |c| {
            Ok(ProcRow {
                oid: c.next()?,
                schema: c.next()?,
                name: c.name()?,
                kind: c.letter()?,
                language: c.next()?,
                cost: c.next()?,
                rows: c.next()?,
                variadic: c.next()?,
                support: c.next()?,
                security_definer: c.next()?,
                leakproof: c.next()?,
                strict: c.next()?,
                returns_set: c.next()?,
                volatility: c.letter()?,
                parallel: c.letter()?,
                default_count: c.next()?,
                returns: c.next()?,
                input_types: c.next()?,
                all_types: c.next::<Option<_>>()?.unwrap_or_default(),
                modes: c.next::<Option<_>>()?.unwrap_or_default(),
                argument_names: c.next::<Option<_>>()?.unwrap_or_default(),
                defaults: c.next::<Option<_>>()?.unwrap_or_default(),
                transforms: c.next::<Option<_>>()?.unwrap_or_default(),
                source: c.next()?,
                object: c.next()?,
                has_sql_body: c.next()?,
                sql_body: c.next()?,
                settings: c.next::<Option<_>>()?.unwrap_or_default(),
                aggregate_kind: c.next::<Option<i8>>()?.and_then(|byte| u8::try_from(byte).ok()).map(char::from),
                direct_arguments: c.next::<Option<_>>()?.unwrap_or_default(),
            })
        },
    )
}

/// Adds the facts of functions and procedures.
pub(super) fn add_functions(b: &mut Build<'_>) -> Result<(), CaptureError> {
    for row in &b.raw.procs {
        if row.kind == 'a' || !row.is_user() || !row.is_modelled() || b.is_member(class::PROC, row.oid) {
            continue;
        }
        if let Some(range) = b.type_made_with(row.oid) {
            // the constructors of a range type and of its multirange follow from it
            if let Some(range) = b.nodes.covering(class::TYPE, range) {
                b.nodes.part(class::PROC, row.oid, range);
            }
            continue;
        }
        let routine = b.names.routine(row.oid)?;
        let id = if row.kind == 'p' { FactId::Procedure(routine) } else { FactId::Function(routine) };
        if !b.scope.holds(&id) {
            continue;
        }
        let function = function(b, row, &id)?;
        let payload = if row.kind == 'p' { Payload::Procedure(function) } else { Payload::Function(function) };
        b.nodes.add_at(class::PROC, row.oid, Fact::new(id, payload));
    }
    Ok(())
}

fn function(b: &Build<'_>, row: &ProcRow, id: &FactId) -> Result<Function, CaptureError> {
    let returns = b.names.type_text(row.returns)?;
    Ok(Function {
        kind: match row.kind {
            'p' => RoutineKind::Procedure,
            'w' => RoutineKind::Window,
            _ => RoutineKind::Function,
        },
        arguments: arguments(b, row, id)?,
        returns: if row.kind == 'p' && returns == "void" { None } else { Some(returns) },
        returns_set: row.returns_set,
        language: b.names.language(row.language)?.clone(),
        body: match &row.object {
            _ if row.has_sql_body => {
                let text = row.sql_body.clone();
                Body::Sql(Expression(text.ok_or_else(|| CaptureError::Concurrent { what: id.in_words() })?))
            }
            Some(object) if row.language == LANGUAGE_C => {
                Body::Library { object: object.clone(), symbol: row.source.clone() }
            }
            _ => Body::Source(row.source.clone()),
        },
        volatility: match row.volatility {
            'i' => Volatility::Immutable,
            's' => Volatility::Stable,
            _ => Volatility::Volatile,
        },
        strict: row.strict,
        security_definer: row.security_definer,
        leakproof: row.leakproof,
        parallel: match row.parallel {
            's' => Parallel::Safe,
            'r' => Parallel::Restricted,
            _ => Parallel::Unsafe,
        },
        cost: row.cost.clone(),
        rows: row.returns_set.then(|| row.rows.clone()),
        support: support(b, row)?,
        transforms: row.transforms.iter().map(|&oid| b.names.type_text(oid)).collect::<Result<_, _>>()?,
        settings: row.settings.clone(),
    })
}

fn support(b: &Build<'_>, row: &ProcRow) -> Result<Option<Routine>, CaptureError> {
    b.names.routine_if_any(row.support)
}

/// The arguments of a routine.
pub(super) fn arguments(b: &Build<'_>, row: &ProcRow, id: &FactId) -> Result<Vec<Argument>, CaptureError> {
    let types = if row.all_types.is_empty() { &row.input_types } else { &row.all_types };
    if row.default_count > 0 && row.defaults.iter().flatten().count() != usize::try_from(row.default_count).unwrap_or(0)
    {
        return Err(CaptureError::Concurrent { what: id.in_words() });
    }
    let mut arguments = Vec::with_capacity(types.len());
    for (at, &data_type) in types.iter().enumerate() {
        let mode = row.modes.get(at).and_then(|&byte| u8::try_from(byte).ok()).map(char::from);
        let name = row.argument_names.get(at).filter(|name| !name.is_empty());
        arguments.push(Argument {
            mode: match mode {
                None | Some('i') => ArgumentMode::In,
                Some('o') => ArgumentMode::Out,
                Some('b') => ArgumentMode::InOut,
                Some('v') => ArgumentMode::Variadic,
                Some('t') => ArgumentMode::Table,
                Some(other) => {
                    return Err(CaptureError::unexpected("argument", format!("{id} has one of the mode '{other}'")));
                }
            },
            name: name.map(|name| Name::new(name.as_str())).transpose()?,
            data_type: b.names.type_text(data_type)?,
            default: row.defaults.get(at).cloned().flatten().map(Expression),
        });
    }
    Ok(arguments)
}
