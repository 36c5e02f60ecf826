//! The compiler's own answer to an expression, and how it compares with a server's.

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal::analyze::{
    AnalyzeError, Analyzed, DefaultKind, Target, TriggerEvents, cook_constraint, cook_default, cook_domain_check,
    cook_index_expression, cook_trigger_when, is_null_default, parse_expr_text,
};
use pgseal::deparse::{DeparseError, Scope, deparse_expression};
use pgseal::elaborate::Model;
use pgseal::env::{ColumnRow, Env, Major, Oid, RelationKind, RelationRow, SearchPath, Surroundings, TypeKind, TypeRow};
use pgseal::tree::Expr;
use postgres::Client;

use super::oracle::Answer;
use super::{Case, Place};

/// How the compiler did on one expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The same text, or nothing stored by either.
    Exact,
    /// The compiler refuses, with this code, what it does not cover.
    Refused(String),
    /// Both say that the expression is wrong.
    BothReject,
    /// The server rejects what the compiler takes or does not cover.
    Lenient,
    /// The compiler says something else than the server; what it says.
    Wrong(String),
}

/// The names that the expressions are read with.
pub struct Judge {
    env: Env,
    table: RelationRow,
    path: SearchPath,
}

/// A column of the table `t`, in order: name, type, modifier, collation.
pub type Column = (String, u32, i32, u32);

/// The columns of `public.t`.
///
/// # Panics
/// When the catalog cannot be read.
pub fn columns(session: &mut Client) -> Vec<Column> {
    session
        .query(
            "SELECT attname::text, atttypid, atttypmod, attcollation FROM pg_attribute
             WHERE attrelid = 'public.t'::regclass AND attnum > 0 ORDER BY attnum",
            &[],
        )
        .expect("the columns of t")
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
}

impl Judge {
    /// An environment with the table `t` of these columns.
    pub fn new(major: u16, columns: &[Column]) -> Self {
        let mut env = Env::for_major(Major::from_number(major.into()).expect("a known major"))
            .within(Surroundings { monetary_locale: Some("C".to_owned()), ..Surroundings::default() });
        let oid = env.allocate_oid();
        let mut row_type = TypeRow::user("public", "t", TypeKind::Composite);
        row_type.relation = oid;
        let row_type = env.put_type_with_array(row_type);
        let table = RelationRow {
            oid,
            schema: "public".into(),
            name: "t".into(),
            kind: RelationKind::Table,
            row_type,
            columns: columns
                .iter()
                .zip(1..)
                .map(|((name, ty, typmod, collation), number)| ColumnRow {
                    name: name.into(),
                    number,
                    type_oid: Oid(*ty),
                    typmod: *typmod,
                    collation: Oid(*collation),
                    not_null: false,
                    generated: false,
                })
                .collect(),
            parents: Vec::new(),
            of_type: Oid::INVALID,
            primary_key: None,
            extension: None,
        };
        env.put_relation(table.clone());
        Judge { env, table, path: SearchPath::new(["public"]) }
    }

    /// The environment of a model that has the table `public.t`, and the search path that expressions are read with.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn of_model(model: &Model, path: &[&str]) -> Self {
        let env = model.env().clone();
        let path = SearchPath::new(path.iter().copied());
        let table = env.lookup_relation(&path, Some("public"), "t").expect("the table t").clone();
        Judge { env, table, path }
    }

    /// Compares the compiler's answer with a server's.
    pub fn verdict(&self, case: &Case, answer: &Answer) -> Verdict {
        let own = parse_expr_text(&case.text).and_then(|raw| self.cook(&case.place, &raw));
        let own = match own {
            Ok(None) => Ok(Answer::Nothing),
            Ok(Some(expr)) => match deparse_expression(&self.env, self.scope(&case.place), &expr) {
                Ok(text) => Ok(Answer::Stored(text)),
                Err(DeparseError::Unsettled { .. }) => return Verdict::Refused("deparse.unsettled".to_owned()),
                Err(error) => return Verdict::Wrong(error.to_string()),
            },
            Err(error) => Err(error),
        };
        match (own, answer) {
            (Ok(own), answer) if own == *answer => Verdict::Exact,
            (Err(AnalyzeError::Rejected(_)), Answer::Rejected { .. }) => Verdict::BothReject,
            (_, Answer::Rejected { .. }) => Verdict::Lenient,
            (Err(error @ AnalyzeError::Unsupported(_)), _) => Verdict::Refused(error.code().to_owned()),
            (Err(error @ AnalyzeError::Rejected(_)), _) => Verdict::Wrong(format!("{}: {error}", error.code())),
            (Ok(Answer::Stored(text)), _) => Verdict::Wrong(text),
            (Ok(_), _) => Verdict::Wrong("nothing is stored".to_owned()),
        }
    }

    fn scope(&self, place: &Place) -> Scope<'_> {
        match place {
            Place::Trigger => Scope::Trigger,
            Place::Domain(_) => Scope::Nothing,
            Place::Check | Place::Default(_) | Place::Index => Scope::Relation(&self.table.name),
        }
    }

    fn cook(&self, place: &Place, raw: &Node) -> Analyzed<Option<Expr>> {
        let (env, path, table) = (&self.env, &self.path, &self.table);
        match place {
            Place::Check => cook_constraint(env, path, table, raw).map(Some),
            Place::Default(column) => {
                let name = column.trim_matches('"');
                let column = table.column(name).unwrap_or_else(|| panic!("no column {column}"));
                let target = Target { name, type_oid: column.type_oid, typmod: column.typmod };
                let expr = cook_default(env, path, None, raw, &target, DefaultKind::Plain)?;
                Ok((!is_null_default(&expr)).then_some(expr))
            }
            Place::Domain(base) => {
                // The server, too, gives VALUE the collation of the base type.
                let base = base.split(" COLLATE ").next().unwrap_or(base);
                let (ty, typmod) = self.type_named(base);
                cook_domain_check(env, path, ty, typmod, raw).map(Some)
            }
            Place::Index => {
                let key = cook_index_expression(env, path, table, raw)?;
                // A bare column is no expression to the server.
                Ok(key.column().is_none().then_some(key.expr))
            }
            Place::Trigger => {
                let events = TriggerEvents { for_each_row: true, before: true, insert: false, delete: false };
                cook_trigger_when(env, path, table, raw, events).map(Some)
            }
        }
    }

    fn type_named(&self, name: &str) -> (Oid, i32) {
        let raw = parse_expr_text(&format!("NULL::{name}")).expect("a type's name");
        let Some(NodeEnum::TypeCast(cast)) = raw.node else { panic!("{name} is no type") };
        let name = cast.type_name.expect("a cast has a type");
        self.env.lookup_type_name(&self.path, &name).expect("a built-in type")
    }
}
