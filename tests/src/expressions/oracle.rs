//! What a server stores an expression as.

use std::collections::BTreeSet;

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
CREATE FUNCTION oracle.answers(path text, words text[], statements text[], questions text[])
RETURNS TABLE(n int, stored text, code text, message text) LANGUAGE plpgsql AS $$
DECLARE columns text;
BEGIN
    IF words IS NOT NULL THEN
        SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)) || CASE WHEN attcollation <> typcollation
            THEN format(' COLLATE %I', collname) ELSE '' END, ', ' ORDER BY attnum) INTO columns
        FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid LEFT JOIN pg_collation ON pg_collation.oid = attcollation
        WHERE attrelid = 'oracle.template'::regclass AND attnum > 0 AND ('t' = ANY (words) OR attname = ANY (words));
        DROP TABLE public.t;
        EXECUTE format('CREATE TABLE public.t (%s)', columns);
    END IF;
    FOR n IN 1 .. array_length(statements, 1) LOOP
        stored := NULL; code := NULL; message := NULL;
        BEGIN
            PERFORM set_config('search_path', path, true);
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

/// One run of expressions.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// The search path that they are read with.
    pub path: &'a str,
    /// What the names of this run's objects start with; no two rounds in one database share it.
    pub tag: &'a str,
    /// How many expressions share one table, with none but the columns they name. Without it the table stays as it is.
    pub batch: Option<usize>,
}

/// Readies a database that has a table `public.t` and a schema `oracle`.
///
/// # Panics
/// When the server refuses.
pub fn prepare(session: &mut Client) {
    session.batch_execute(PREPARE).expect("the oracle's functions");
}

/// The answer to each case, in order.
///
/// # Panics
/// When the server fails otherwise than by rejecting an expression.
pub fn answers(session: &mut Client, round: Round<'_>, cases: &[Case]) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(cases.len());
    for (batch, cases) in cases.chunks(round.batch.unwrap_or(usize::MAX)).enumerate() {
        let (statements, questions): (Vec<String>, Vec<String>) =
            cases.iter().enumerate().map(|(at, case)| statement(&format!("{}{batch}_{at}", round.tag), case)).unzip();
        let rows = session
            .query(
                "SELECT * FROM oracle.answers($1, $2, $3, $4)",
                &[&round.path, &round.batch.map(|_| words(cases)), &statements, &questions],
            )
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

/// Every word of the expressions that could be the name of a column; `t` is among them where the whole row is needed.
fn words(cases: &[Case]) -> Vec<&str> {
    let mut words = BTreeSet::new();
    for case in cases {
        let column = match &case.place {
            Place::Default(column) => column.as_str(),
            Place::Check | Place::Domain(_) | Place::Index | Place::Trigger => "id",
        };
        for text in [column, &case.text] {
            words.extend(text.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
            words.extend(text.split('"'));
        }
        if matches!(case.place, Place::Trigger) {
            words.insert("t");
        }
    }
    words.into_iter().collect()
}

fn statement(name: &str, case: &Case) -> (String, String) {
    let text = &case.text;
    let table = "public.t";
    match &case.place {
        Place::Check => (
            format!("ALTER TABLE {table} ADD CONSTRAINT k{name} CHECK ({text}) NOT VALID"),
            format!(
                "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = '{table}'::regclass AND conname = 'k{name}'"
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
            format!("CREATE DOMAIN public.d{name} AS {base} CONSTRAINT k CHECK ({text})"),
            format!("SELECT pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid = 'public.d{name}'::regtype AND contype = 'c'"),
        ),
        Place::Index => (
            format!("CREATE INDEX i{name} ON {table} (({text}))"),
            format!("SELECT pg_get_expr(indexprs, indrelid) FROM pg_index WHERE indexrelid = 'public.i{name}'::regclass"),
        ),
        Place::Trigger => (
            format!(
                "CREATE TRIGGER r{name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({text}) EXECUTE FUNCTION oracle.noop()"
            ),
            format!(
                "SELECT substring(pg_get_triggerdef(oid) from ' WHEN \\((.*)\\) EXECUTE FUNCTION ') FROM pg_trigger
                 WHERE tgrelid = '{table}'::regclass AND tgname = 'r{name}'"
            ),
        ),
    }
}
