//! Statements that write, rules and `JSON_TABLE` as text. The trees are made of analysed queries that read the same tables, so that the
//! printer is compared with the servers alone.

use pgseal::analyze::{Parameters, analyze_statement};
use pgseal::deparse::{FunctionBody, Rule, RuleEvent, deparse_function_body, deparse_rule, deparse_view};
use pgseal::env::{Env, Oid, SearchPath};
use pgseal::tree::{
    Alias, ColumnDefinition, CommandType, Const, Expr, InferenceElem, JsonBehavior, JsonExpr, JsonTable,
    JsonTableColumn, JsonTablePath, Location, MergeAction, MergeMatch, OnConflict, OnConflictAction, Overriding, Query,
    RteKind, SetToDefault, TableFunc, TargetEntry, Var,
};
use pgseal_tests::queries::{SCHEMA, Stage, majors, stages, statements, world};
use pgseal_tests::server::Server;

struct Maker<'e> {
    env: &'e Env,
}

/// The first targets of a list, for the columns of these numbers, and the rest as what is returned.
fn split(list: Vec<TargetEntry>, columns: &[i16]) -> (Vec<TargetEntry>, Vec<TargetEntry>) {
    let mut written = list;
    let mut returned = written.split_off(columns.len());
    for (target, number) in written.iter_mut().zip(columns) {
        target.resno = *number;
    }
    for (target, number) in returned.iter_mut().zip(1..) {
        target.resno = number;
    }
    (written, returned)
}

impl Maker<'_> {
    fn read(&self, text: &str) -> Query {
        let raw = statements(text).remove(0);
        let path = SearchPath::new(["public"]);
        analyze_statement(self.env, &path, &raw, &Parameters::default())
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// A statement that writes the table at that position; the relations before it are hidden too.
    fn write(&self, command: CommandType, text: &str, position: u32, columns: &[i16]) -> Query {
        let mut query = self.read(text);
        query.command = command;
        query.result_relation = position;
        let hidden = usize::try_from(position).unwrap();
        query.rtable.iter_mut().take(hidden).for_each(|entry| entry.in_from = false);
        (query.target_list, query.returning) = split(query.target_list, columns);
        query
    }

    fn insert(&self, text: &str, position: u32, columns: &[i16]) -> Query {
        let mut query = self.write(CommandType::Insert, text, position, columns);
        // what the rows come from is not in FROM
        query.rtable.iter_mut().for_each(|entry| entry.in_from = false);
        query
    }

    fn conflict(&self, columns: &[i16], set: usize, elements: bool) -> Query {
        let text = "SELECT 1, 'x'::text, excluded.name || x.name, x.id FROM a AS x, a AS excluded WHERE x.id > 1";
        let mut query = self.insert(text, 1, columns);
        let mut list = query.returning.split_off(0);
        let key = list.pop().unwrap();
        let Expr::Var(key) = key.expr else { panic!("a key") };
        let condition = query.jointree.quals.take();
        let action = if set > 0 {
            list.iter_mut().for_each(|target| target.resno = 2);
            OnConflictAction::Update(list, condition)
        } else {
            OnConflictAction::Nothing
        };
        let elements = if elements {
            vec![InferenceElem { expr: Expr::Var(key), collation: Oid::INVALID, opclass: Oid::INVALID }]
        } else {
            Vec::new()
        };
        query.on_conflict = Some(Box::new(OnConflict {
            action,
            constraint: (elements.is_empty() && set > 0).then(|| "a_pkey".to_owned()),
            elements,
            arbiter_where: None,
            excluded_relation: 2,
        }));
        query
    }

    fn merge(&self) -> Query {
        let text = "SELECT b.name::text, b.id, b.name::text, b.name IS NULL AS c FROM a, b WHERE a.id = b.id";
        let mut query = self.write(CommandType::Merge, text, 1, &[2, 1, 2]);
        query.merge_condition = query.jointree.quals.take();
        let condition = query.returning.pop().map(|target| target.expr);
        let mut list = query.target_list.split_off(0);
        let insert = list.split_off(1);
        let action = |matched, command, condition, target_list| MergeAction {
            matched,
            command,
            overriding: Overriding::NotSet,
            condition,
            target_list,
        };
        query.merge_actions = vec![
            action(MergeMatch::Matched, CommandType::Delete, condition, Vec::new()),
            action(MergeMatch::Matched, CommandType::Update, None, list),
            action(MergeMatch::NotMatchedByTarget, CommandType::Insert, None, insert),
        ];
        query
    }
}

fn default_of(mut query: Query) -> Query {
    let target = query.target_list.last_mut().unwrap();
    target.expr = Expr::SetToDefault(SetToDefault {
        ty: Oid::TEXT,
        typmod: -1,
        collation: Oid::DEFAULT_COLLATION,
        location: Location::NONE,
    });
    query
}

/// Statements with their trees, for the body of a function.
fn bodies(maker: &Maker<'_>, major: u16) -> Vec<(&'static str, Query)> {
    use CommandType::{Delete, Update};
    let mut all = vec![
        ("UPDATE a SET name = 'x'", maker.write(Update, "SELECT 'x'::text FROM a", 1, &[2])),
        (
            "UPDATE ONLY a AS y SET name = upper(y.name), n = y.n * 2.0 WHERE y.id = 3 RETURNING y.id, y.name AS now",
            maker.write(
                Update,
                "SELECT upper(y.name), y.n * 2.0, y.id, y.name AS now FROM ONLY a AS y WHERE y.id = 3",
                1,
                &[2, 3],
            ),
        ),
        (
            "UPDATE a SET name = t.label, c = DEFAULT FROM b JOIN t ON t.k = b.id, old WHERE b.id = a.id AND old.id = t.k",
            default_of(maker.write(
                Update,
                "SELECT t.label, 'x'::text FROM a, b JOIN t ON t.k = b.id, old WHERE b.id = a.id AND old.id = t.k",
                1,
                &[2, 9],
            )),
        ),
        ("DELETE FROM a", maker.write(Delete, "SELECT FROM a", 1, &[])),
        (
            "DELETE FROM a USING b, t x WHERE b.id = a.id RETURNING a.id, b.name",
            maker.write(Delete, "SELECT a.id, b.name FROM a, b, t x WHERE b.id = a.id", 1, &[]),
        ),
        ("INSERT INTO a DEFAULT VALUES", maker.insert("SELECT FROM a", 1, &[])),
        ("INSERT INTO a (id, name) VALUES (1, 'x')", maker.insert("SELECT 1, 'x'::text FROM a", 1, &[1, 2])),
        (
            "INSERT INTO a AS y (name, id) VALUES ('x', 1) RETURNING y.id, y.name || 'x' AS z",
            maker.insert("SELECT 'x'::text, 1, y.id, y.name || 'x' AS z FROM a AS y", 1, &[2, 1]),
        ),
        (
            "INSERT INTO a (id, name) SELECT k, label FROM t ORDER BY k",
            maker.insert("SELECT s.k, s.label FROM a, (SELECT k, label FROM t ORDER BY k) s", 1, &[1, 2]),
        ),
        ("INSERT INTO a (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING", {
            // only the alias of the other cases is not there
            let mut query = maker.conflict(&[1, 2], 0, false);
            for entry in query.rtable.iter_mut().take(1) {
                entry.alias = None;
            }
            query
        }),
        (
            "INSERT INTO a AS x (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name || x.name \
             WHERE x.id > 1",
            maker.conflict(&[1, 2], 1, true),
        ),
        (
            "INSERT INTO a AS x (id, name) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT a_pkey DO UPDATE SET \
             name = excluded.name || x.name WHERE x.id > 1",
            maker.conflict(&[1, 2], 1, false),
        ),
    ];
    if major >= 15 {
        all.push((
            "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED AND b.name IS NULL THEN DELETE WHEN MATCHED THEN \
             UPDATE SET name = b.name::text WHEN NOT MATCHED THEN INSERT (id, name) VALUES (b.id, b.name::text)",
            maker.merge(),
        ));
    }
    all
}

#[test]
fn statements_that_write_are_printed_as_the_server_prints_them() {
    let mut problems = Vec::new();
    for stage in stages() {
        let Stage { major, mut session, env, .. } = stage;
        for (statement, query) in bodies(&Maker { env: &env }, major) {
            session.batch_execute("SET search_path = public").unwrap();
            session
                .batch_execute(&format!(
                    "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC {statement}; END; SET search_path = ''"
                ))
                .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            let rows = session.query("SELECT pg_get_function_sqlbody('public.f'::regproc)", &[]).unwrap();
            let said: String = rows.first().unwrap().get(0);
            session.batch_execute("DROP FUNCTION public.f").unwrap();
            let own = deparse_function_body(&env, "f", &[], FunctionBody::Atomic(&[query])).unwrap();
            if own != said {
                problems.push(format!("{major} {statement}\n--- ours\n{own}\n--- said\n{said}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}

/// A rule with its tree.
struct Case {
    sql: &'static str,
    event: RuleEvent,
    condition: Option<Expr>,
    instead: bool,
    actions: Vec<Query>,
}

const ROWS: &str = "FROM t AS old, t AS new";

fn rules(maker: &Maker<'_>) -> Vec<Case> {
    let condition = |text: &str| maker.read(&format!("SELECT {ROWS} WHERE {text}")).jointree.quals;
    let nothing = || {
        let mut query = maker.read(&format!("SELECT {ROWS}"));
        query.command = CommandType::Nothing;
        query.rtable.iter_mut().for_each(|entry| entry.in_from = false);
        query
    };
    let notify = |payload: Option<&str>| {
        let mut query = nothing();
        query.command = CommandType::Notify;
        query.notify = Some(("changed".to_owned(), payload.map(str::to_owned)));
        query
    };
    let log = || maker.insert(&format!("SELECT new.k, old.label {ROWS}, gone"), 3, &[1, 4]);
    let mut logged = maker.write(
        CommandType::Update,
        &format!("SELECT new.label {ROWS}, a, b WHERE a.id = old.k AND b.id = a.id"),
        3,
        &[2],
    );
    logged.rtable.iter_mut().take(3).for_each(|entry| entry.in_from = false);
    let mut select = maker.read(&format!("SELECT a.id, new.label {ROWS}, a WHERE a.id = new.k"));
    select.rtable.iter_mut().take(2).for_each(|entry| entry.in_from = false);
    vec![
        Case {
            sql: "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
            event: RuleEvent::Insert,
            condition: None,
            instead: true,
            actions: vec![nothing()],
        },
        Case {
            sql: "CREATE RULE r AS ON UPDATE TO t WHERE old.k IS DISTINCT FROM new.k AND old.label > 'x' \
                  DO ALSO INSERT INTO gone (one, four) VALUES (new.k, old.label)",
            event: RuleEvent::Update,
            condition: condition("old.k IS DISTINCT FROM new.k AND old.label > 'x'"),
            instead: false,
            actions: vec![log()],
        },
        Case {
            sql: "CREATE RULE r AS ON UPDATE TO t WHERE CASE WHEN old.k = 1 THEN EXISTS (SELECT 1 FROM gone WHERE \
                  one = new.k) ELSE false END DO INSTEAD (INSERT INTO gone (one, four) VALUES (new.k, old.label); \
                  UPDATE a SET name = new.label FROM b WHERE a.id = old.k AND b.id = a.id)",
            event: RuleEvent::Update,
            condition: condition(
                "CASE WHEN old.k = 1 THEN EXISTS (SELECT 1 FROM gone WHERE one = new.k) ELSE false END",
            ),
            instead: true,
            actions: vec![log(), logged],
        },
        Case {
            sql: "CREATE RULE r AS ON DELETE TO t DO ALSO (NOTIFY changed, 'it''s'; NOTIFY changed)",
            event: RuleEvent::Delete,
            condition: None,
            instead: false,
            actions: vec![notify(Some("it's")), notify(None)],
        },
        Case {
            sql: "CREATE RULE r AS ON UPDATE TO t DO INSTEAD SELECT a.id, new.label FROM a WHERE a.id = new.k",
            event: RuleEvent::Update,
            condition: None,
            instead: true,
            actions: vec![select],
        },
    ]
}

#[test]
fn rules_are_printed_as_the_server_prints_them() {
    let mut problems = Vec::new();
    for stage in stages() {
        let Stage { major, mut session, env, .. } = stage;
        let relation = env.lookup_relation(&SearchPath::new(["public"]), None, "t").unwrap().oid;
        for case in rules(&Maker { env: &env }) {
            session.batch_execute("SET search_path = public").unwrap();
            session
                .batch_execute(&format!("{}; SET search_path = ''", case.sql))
                .unwrap_or_else(|error| panic!("{}: {error:?}", case.sql));
            let rows = session.query("SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename = 'r'", &[]).unwrap();
            let said: String = rows.first().unwrap().get(0);
            session.batch_execute("DROP RULE r ON public.t").unwrap();
            let own = deparse_rule(
                &env,
                &Rule {
                    name: "r",
                    relation,
                    event: case.event,
                    condition: case.condition.as_ref(),
                    instead: case.instead,
                    actions: &case.actions,
                },
            )
            .unwrap();
            if own != said {
                problems.push(format!("{major} {}\n--- ours\n{own}\n--- said\n{said}", case.sql));
            }
        }
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}

/// A `JSON_TABLE` in the place of the second item of `FROM`, whose columns it has.
fn json_table(maker: &Maker<'_>, values: &[&str], names: [&str; 4], passing: bool) -> Query {
    let text = format!("SELECT a.id, jt.* FROM a, LATERAL (SELECT {}) AS jt ({})", values.join(", "), names.join(", "));
    let mut query = maker.read(&text);
    let columns: Vec<(String, JsonExpr)> = match &query.rtable[1].kind {
        RteKind::Subquery(inner) => {
            let targets = inner.target_list.iter().zip(names);
            let of = |target: &TargetEntry| match &target.expr {
                Expr::JsonExpr(json) => json.clone(),
                other => panic!("{other:?}"),
            };
            targets.map(|(target, name)| (name.to_owned(), of(target))).collect()
        }
        other => panic!("{other:?}"),
    };
    let document = columns[0].1.formatted.clone();
    let document = match *document {
        Expr::Var(var) => Expr::Var(Var { levels_up: 0, ..var }),
        other => other,
    };
    let value = |(name, json): &(String, JsonExpr)| {
        let definition =
            ColumnDefinition { name: name.clone(), ty: json.returning.ty, typmod: -1, collation: json.collation };
        JsonTableColumn::Value(definition, Box::new(Expr::JsonExpr(json.clone())))
    };
    let number = ColumnDefinition { name: columns[1].0.clone(), ty: Oid::INT4, typmod: -1, collation: Oid::INVALID };
    let nested = |path: &str, name: &str, columns| {
        JsonTableColumn::Nested(JsonTablePath { path: path.to_owned(), name: name.to_owned(), columns })
    };
    let root = JsonTablePath {
        path: "$.\"l\"[*]".to_owned(),
        name: "json_table_path_0".to_owned(),
        columns: vec![
            value(&columns[0]),
            nested("$.\"m\"[*]", "below", vec![value(&columns[2])]),
            JsonTableColumn::Ordinality(number),
            nested("$.\"n\"", "json_table_path_1", vec![value(&columns[3])]),
        ],
    };
    let entry = &mut query.rtable[1];
    entry.alias = Some(Alias { name: "jt".to_owned(), columns: Vec::new() });
    entry.lateral = true;
    let one = Expr::Const(Const {
        ty: Oid::INT4,
        typmod: -1,
        collation: Oid::INVALID,
        value: Some("1".to_owned()),
        location: Location::NONE,
    });
    entry.kind = RteKind::TableFunc(Box::new(TableFunc::Json(JsonTable {
        document,
        root,
        passing: if passing { vec![("v".to_owned(), one.clone()), ("w".to_owned(), one)] } else { Vec::new() },
        on_error: Some(if passing { JsonBehavior::Error } else { JsonBehavior::EmptyArray }),
    })));
    query
}

#[test]
fn json_table_is_printed_as_the_server_prints_it() {
    for major in majors().into_iter().filter(|major| *major >= 17) {
        let server = Server::shared(major);
        let database = server.scratch();
        let mut session = database.connect();
        session.batch_execute(SCHEMA).unwrap();
        let env = world(&mut session, major);
        let maker = Maker { env: &env };
        let values = [
            "JSON_VALUE(a.j, '$.\"x\"' RETURNING integer DEFAULT 3 ON EMPTY)",
            "JSON_VALUE(a.j, '$' RETURNING integer)",
            "JSON_QUERY(a.j, '$.\"q\"' RETURNING jsonb WITH WRAPPER ERROR ON ERROR)",
            "JSON_EXISTS(a.j, '$.\"e\"' TRUE ON ERROR)",
        ];
        let columns = "x integer DEFAULT 3 ON EMPTY, NESTED PATH '$.m[*]' AS below COLUMNS (q jsonb PATH '$.q' WITH \
             WRAPPER ERROR ON ERROR), n FOR ORDINALITY, NESTED '$.n' COLUMNS (e boolean EXISTS PATH '$.e' TRUE ON ERROR)";
        for passing in [false, true] {
            let (given, tail) = if passing { (" PASSING 1 AS v, 1 AS w", " ERROR ON ERROR") } else { ("", "") };
            session
                .batch_execute(&format!(
                    "SET search_path = public; CREATE VIEW v AS SELECT a.id, jt.x, jt.n, jt.q, jt.e \
                     FROM a, JSON_TABLE(a.j, '$.l[*]'{given} COLUMNS ({columns}){tail}) AS jt; SET search_path = ''"
                ))
                .unwrap_or_else(|error| panic!("{error:?}"));
            let rows = session.query("SELECT pg_get_viewdef('public.v'::regclass)", &[]).unwrap();
            let said: String = rows.first().unwrap().get(0);
            session.batch_execute("DROP VIEW public.v").unwrap();
            let query = json_table(&maker, &values, ["x", "n", "q", "e"], passing);
            assert_eq!(deparse_view(&env, &query).unwrap(), said, "{major}");
        }
    }
}
