//! What a server stores an expression as.

use postgres::Client;

use super::{Case, Place};

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The text it prints under an empty search path.
    Stored(String),
    /// It stores nothing: a default of NULL.
    Nothing,
    /// It refused the expression, with this SQLSTATE and message.
    Rejected {
        /// The five characters.
        sqlstate: String,
        /// The message.
        message: String,
    },
}

const PREPARE: &str = r"
CREATE TABLE oracle.template (LIKE public.t);
CREATE FUNCTION oracle.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION oracle.answers(statements text[], questions text[])
RETURNS TABLE(n int, stored text, code text, message text) LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE public.t;
    CREATE TABLE public.t (LIKE oracle.template);
    FOR n IN 1 .. array_length(statements, 1) LOOP
        stored := NULL; code := NULL; message := NULL;
        BEGIN
            PERFORM set_config('search_path', 'public', true);
            EXECUTE statements[n];
            PERFORM set_config('search_path', '', true);
            EXECUTE questions[n] INTO stored;
        EXCEPTION WHEN OTHERS THEN
            code := SQLSTATE; message := SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END $$;
";

/// How many expressions share one table.
const BATCH: usize = 150;

/// The answer to each case, in order. The database holds [`super::SCHEMA`]; cases are read with `public` as the
/// search path, in tables `public.t` that are made anew for each batch.
///
/// # Panics
/// When the server fails otherwise than by rejecting an expression.
pub fn answers(session: &mut Client, cases: &[Case]) -> Vec<Answer> {
    session.batch_execute(PREPARE).expect("the oracle's functions");
    let mut answers = Vec::with_capacity(cases.len());
    for (batch, cases) in cases.chunks(BATCH).enumerate() {
        let (statements, questions): (Vec<String>, Vec<String>) =
            cases.iter().enumerate().map(|(at, case)| statement(batch, at, case)).unzip();
        let rows = session
            .query("SELECT * FROM oracle.answers($1, $2)", &[&statements, &questions])
            .expect("the oracle answers");
        for row in rows {
            answers.push(match row.get::<_, Option<String>>("stored") {
                Some(text) => Answer::Stored(text),
                None => match row.get::<_, Option<String>>("code") {
                    Some(sqlstate) => Answer::Rejected {
                        sqlstate,
                        message: row.get::<_, Option<String>>("message").unwrap_or_default(),
                    },
                    None => Answer::Nothing,
                },
            });
        }
    }
    assert_eq!(answers.len(), cases.len());
    answers
}

fn statement(batch: usize, at: usize, case: &Case) -> (String, String) {
    let text = &case.text;
    let table = "public.t";
    match &case.place {
        Place::Check => (
            format!("ALTER TABLE {table} ADD CONSTRAINT k{at} CHECK ({text}) NOT VALID"),
            format!(
                "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = '{table}'::regclass AND conname = 'k{at}'"
            ),
        ),
        Place::Default(column) => (
            format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {text}"),
            format!(
                "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
                 WHERE adrelid = '{table}'::regclass AND quote_ident(attname) = $c${column}$c$"
            ),
        ),
        Place::Domain(base) => (
            format!("CREATE DOMAIN public.d{batch}_{at} AS {base} CONSTRAINT k CHECK ({text})"),
            format!("SELECT pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid = 'public.d{batch}_{at}'::regtype AND contype = 'c'"),
        ),
        Place::Index => (
            format!("CREATE INDEX i{batch}_{at} ON {table} (({text}))"),
            format!("SELECT pg_get_expr(indexprs, indrelid) FROM pg_index WHERE indexrelid = 'public.i{batch}_{at}'::regclass"),
        ),
        Place::Trigger => (
            format!(
                "CREATE TRIGGER r{at} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({text}) EXECUTE FUNCTION oracle.noop()"
            ),
            format!(
                "SELECT substring(pg_get_triggerdef(oid) from ' WHEN \\((.*)\\) EXECUTE FUNCTION ') FROM pg_trigger
                 WHERE tgrelid = '{table}'::regclass AND tgname = 'r{at}'"
            ),
        ),
    }
}
