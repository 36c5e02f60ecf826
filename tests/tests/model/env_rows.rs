//! The rows that the compiler reads from its tables, against what each server says of the same objects.

use std::collections::BTreeSet;

use pgseal::env::{
    AggregateKind, ArgMode, CastContext, CastMethod, Env, Major, Oid, ProcKind, ProcRow, SearchPath, Volatility,
};
use pgseal_tests::server::{MAJORS, Server};
use postgres::{Client, SimpleQueryMessage};

fn texts(session: &mut Client, statement: &str) -> BTreeSet<String> {
    let messages = session.simple_query(statement).unwrap_or_else(|error| panic!("{error:?}\nin: {statement}"));
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            _ => None,
        })
        .collect()
}

fn compare(what: &str, major: u16, ours: &BTreeSet<String>, said: &BTreeSet<String>) {
    let missing: Vec<_> = said.difference(ours).take(5).collect();
    let invented: Vec<_> = ours.difference(said).take(5).collect();
    assert!(missing.is_empty() && invented.is_empty(), "{major}: {what}: missing {missing:#?}, invented {invented:#?}");
    assert!(said.len() > 3, "{major}: {what}: {}", said.len());
}

fn bit(flag: bool) -> &'static str {
    if flag { "t" } else { "f" }
}

fn type_text(env: &Env, oid: Oid) -> String {
    env.format_type_be(oid)
}

/// `schema.name(types)`, as `oid::regprocedure` says it under an empty search path.
fn proc_text(env: &Env, oid: Oid) -> String {
    let Some(row) = env.proc_by_oid(oid) else { return "-".to_owned() };
    let schema = (!env.function_is_visible(&SearchPath::empty(), oid)).then_some(&*row.schema);
    let types: Vec<String> = row.args.iter().map(|oid| type_text(env, *oid)).collect();
    format!("{}({})", env.quote_qualified(schema, &row.name), types.join(","))
}

fn operator_text(env: &Env, oid: Oid) -> String {
    let Some(row) = env.operator_by_oid(oid) else { return "0".to_owned() };
    let side = |oid: Oid| if oid.is_valid() { type_text(env, oid) } else { "NONE".to_owned() };
    format!("{}({},{})", row.name, side(row.left), side(row.right))
}

fn proc_row_text(env: &Env, row: &ProcRow) -> String {
    let kind = match row.kind {
        ProcKind::Function => "f",
        ProcKind::Procedure => "p",
        ProcKind::Aggregate => "a",
        ProcKind::Window => "w",
    };
    let volatility = match row.volatility {
        Volatility::Immutable => "i",
        Volatility::Stable => "s",
        Volatility::Volatile => "v",
    };
    let aggregate = row.aggregate.map_or(String::new(), |aggregate| {
        let kind = match aggregate.kind {
            AggregateKind::Normal => 'n',
            AggregateKind::OrderedSet => 'o',
            AggregateKind::Hypothetical => 'h',
        };
        format!("{kind}{}", aggregate.direct_args)
    });
    let parameters: Vec<String> = row
        .parameters
        .iter()
        .map(|parameter| {
            let mode = match parameter.mode {
                ArgMode::In => 'i',
                ArgMode::Out => 'o',
                ArgMode::InOut => 'b',
                ArgMode::Variadic => 'v',
                ArgMode::Table => 't',
            };
            format!("{mode} {} {}", parameter.name, type_text(env, parameter.type_oid))
        })
        .collect();
    let language = &env.language_by_oid(row.language).unwrap().name;
    [
        &proc_text(env, row.oid),
        kind,
        &type_text(env, row.result),
        bit(row.returns_set),
        bit(row.strict),
        bit(row.leakproof),
        volatility,
        &row.default_count.to_string(),
        &type_text(env, row.variadic),
        language,
        &aggregate,
        &parameters.join(";"),
    ]
    .join("|")
}

const PROCS: &str = "
SELECT concat_ws('|', oid::regprocedure, prokind, format_type(prorettype, NULL), proretset, proisstrict, proleakproof,
         provolatile, pronargdefaults, format_type(provariadic, NULL), (SELECT lanname FROM pg_language l WHERE l.oid = prolang),
         coalesce((SELECT aggkind::text || aggnumdirectargs FROM pg_aggregate WHERE aggfnoid = p.oid), ''),
         coalesce((SELECT string_agg(coalesce(proargmodes[i]::text, 'i') || ' ' || coalesce(proargnames[i], '') || ' '
                            || format_type(y, NULL), ';' ORDER BY i)
          FROM unnest(coalesce(proallargtypes, proargtypes::oid[])) WITH ORDINALITY x(y, i)
          WHERE proargnames IS NOT NULL OR proargmodes IS NOT NULL), ''))
FROM pg_proc p WHERE oid < 16384";

#[test]
fn routines_operators_and_casts_are_read_as_the_server_has_them() {
    for major in MAJORS {
        let database = Server::shared(major).database("envrows");
        let mut session = database.connect();
        session.batch_execute("SET search_path = ''").unwrap();
        let env = Env::for_major(Major::from_number(major.into()).unwrap());

        let ours = env.procs().map(|row| proc_row_text(&env, row)).collect();
        compare("routines", major, &ours, &texts(&mut session, PROCS));

        let ours = env
            .operators()
            .map(|row| {
                [
                    &operator_text(&env, row.oid),
                    &type_text(&env, row.result),
                    &proc_text(&env, row.proc),
                    &operator_text(&env, row.commutator),
                    &operator_text(&env, row.negator),
                    bit(row.can_merge),
                    bit(row.can_hash),
                ]
                .join("|")
            })
            .collect();
        let said = "SELECT concat_ws('|', oid::regoperator, format_type(oprresult, NULL), oprcode::regprocedure,
                           oprcom::regoperator, oprnegate::regoperator, oprcanmerge, oprcanhash) FROM pg_operator";
        compare("operators", major, &ours, &texts(&mut session, said));

        let ours = env
            .casts()
            .map(|row| {
                let context = match row.context {
                    CastContext::Implicit => "i",
                    CastContext::Assignment => "a",
                    CastContext::Explicit => "e",
                };
                let method = match row.method {
                    CastMethod::Function => "f",
                    CastMethod::Binary => "b",
                    CastMethod::InOut => "i",
                };
                let (source, target) = (type_text(&env, row.source), type_text(&env, row.target));
                [&source, &target, &proc_text(&env, row.func), context, method].join("|")
            })
            .collect();
        let said = "SELECT concat_ws('|', format_type(castsource, NULL), format_type(casttarget, NULL),
                           castfunc::regprocedure, castcontext, castmethod) FROM pg_cast";
        compare("casts", major, &ours, &texts(&mut session, said));
    }
}

#[test]
fn operator_classes_families_and_relations_are_read_as_the_server_has_them() {
    for major in MAJORS {
        let database = Server::shared(major).database("envrows");
        let mut session = database.connect();
        session.batch_execute("SET search_path = ''").unwrap();
        let env = Env::for_major(Major::from_number(major.into()).unwrap());
        let method = |oid: Oid| env.access_method_by_oid(oid).unwrap().name.to_string();

        let ours = env
            .opclasses()
            .map(|row| {
                let family = &env.opfamily_by_oid(row.family).unwrap().name;
                let (input, key) = (type_text(&env, row.input), type_text(&env, row.key));
                [&*method(row.method), &row.name, family, &input, &key, bit(row.default)].join("|")
            })
            .collect();
        let said = "SELECT concat_ws('|', amname, opcname, opfname, format_type(opcintype, NULL),
                           format_type(opckeytype, NULL), opcdefault)
                    FROM pg_opclass JOIN pg_am a ON a.oid = opcmethod JOIN pg_opfamily f ON f.oid = opcfamily";
        compare("operator classes", major, &ours, &texts(&mut session, said));

        let members = env.opfamilies().flat_map(|family| family.operators.iter().map(move |op| (family, op)));
        let ours = members
            .map(|(family, op)| {
                let sort = env.opfamily_by_oid(op.sort_family).map_or("", |sort| &sort.name);
                let strategy = op.strategy.to_string();
                let (left, right) = (type_text(&env, op.left), type_text(&env, op.right));
                let operator = operator_text(&env, op.operator);
                [&*method(family.method), &family.name, &left, &right, &strategy, &operator, bit(op.ordering), sort]
                    .join("|")
            })
            .collect();
        let said = "SELECT concat_ws('|', amname, f.opfname, format_type(amoplefttype, NULL),
                           format_type(amoprighttype, NULL), amopstrategy, amopopr::regoperator, amoppurpose = 'o',
                           coalesce(s.opfname, ''))
                    FROM pg_amop JOIN pg_am a ON a.oid = amopmethod JOIN pg_opfamily f ON f.oid = amopfamily
                      LEFT JOIN pg_opfamily s ON s.oid = amopsortfamily";
        compare("operators of families", major, &ours, &texts(&mut session, said));

        let ours = env
            .relations()
            .flat_map(|relation| relation.columns.iter().map(move |column| (relation, column)))
            .map(|(relation, column)| {
                let collation = env.collation_by_oid(column.collation).map_or("", |row| &row.name);
                let number = column.number.to_string();
                let column_type = env.format_type(column.type_oid, column.typmod);
                let place = format!("{}.{}", relation.schema, relation.name);
                [&place, &number, &*column.name, &column_type, bit(column.not_null), collation].join("|")
            })
            .collect();
        let said = "SELECT concat_ws('|', nspname || '.' || relname, attnum, attname, format_type(atttypid, atttypmod),
                           attnotnull, coalesce(collname, ''))
                    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
                      LEFT JOIN pg_collation l ON l.oid = attcollation
                    WHERE attnum > 0 AND relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema')";
        compare("columns", major, &ours, &texts(&mut session, said));

        let ours = ["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"]
            .into_iter()
            .filter_map(|name| env.system_column(name))
            .map(|column| format!("{} {} {}", column.name, column.number, env.format_type(column.type_oid, -1)))
            .collect();
        let said = "SELECT attname || ' ' || attnum || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
                    WHERE attnum < 0 AND attrelid = 'pg_catalog.pg_class'::regclass";
        compare("system columns", major, &ours, &texts(&mut session, said));
    }
}
