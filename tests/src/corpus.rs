//! The corpora: schema changes and whole schemas as SQL files, and how they get into a database.
//!
//! A *case* is a folder `<kind>/<case>/` with `old.sql` and `new.sql`; `setup.sql`, where present, belongs to both sides
//! and is loaded first; `min_major`, where present, is the oldest server major that the case is for. The project's own
//! cases are under `tests/corpus`; further ones and whole schemas (`schemas/<product>/<date>.sql`) are read from a folder
//! beside the repository, or from `$PGSEAL_CORPUS`, when it is there.
//!
//! What a case says is judged by Postgres's own parser: which roles it needs, whether it holds kinds that pgseal does not
//! model yet ([`Unmodeled`]), where a statement ends. Whether it is valid is the server's business: [`Rejection`].

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use pg_query::protobuf::{DefElem, Node, ObjectType, RawStmt, RoleSpec, RoleSpecType, node::Node as NodeEnum};
use pgseal::diagnostic::codes;
use pgseal::syntax::{SyntaxOptions, read_text};
use postgres::Client;
use postgres::error::SqlState;

use crate::server::{Database, describe, repository};

/// The roles that cases may use without naming them in a GRANT.
const USUAL_ROLES: [&str; 4] = ["app_user", "readonly_role", "app_role", "testuser"];

/// Whole schemas with a DO block, and the plain statement that does the same.
const WRITTEN_OUT: [(&str, &str); 1] = [("temporal-visibility/2026-01-23", "CREATE EXTENSION btree_gin")];

/// One schema change: two states of a schema.
#[derive(Debug, Clone)]
pub struct Case {
    /// `<kind>/<case>`.
    pub name: String,
    /// The folder it was read from.
    pub folder: PathBuf,
    /// What both sides start with.
    pub setup: Option<String>,
    /// The schema before.
    pub old: String,
    /// The schema after.
    pub new: String,
    /// The oldest server major that the case is for.
    pub min_major: Option<u16>,
}

/// One of the two states of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before the change.
    Old,
    /// After the change.
    New,
}

impl Side {
    /// The other side.
    pub fn other(self) -> Side {
        match self {
            Side::Old => Side::New,
            Side::New => Side::Old,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Side::Old => "old",
            Side::New => "new",
        })
    }
}

/// A whole schema of a product at a date.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The product's name.
    pub product: String,
    /// The date, `YYYY-MM-DD`.
    pub date: String,
    /// The schema.
    pub sql: String,
}

impl Schema {
    /// `<product>/<date>`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.product, self.date)
    }

    /// The schema as its author has to write it: with a DO block, which nothing can carry out offline, written out as the
    /// refusal of it advises.
    ///
    /// # Errors
    /// `compile: …` when the block is refused in any other way.
    pub fn in_plain_statements(&self) -> Result<String, String> {
        let Some((_, plain)) = WRITTEN_OUT.iter().find(|(name, _)| *name == self.name()) else {
            return Ok(self.sql.clone());
        };
        let refused = read_text("schema.sql", &self.sql, &SyntaxOptions::default());
        let errors: Vec<_> = refused.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
        let advised = |hint: &str| hint.starts_with("write what the block does as plain statements");
        match errors.as_slice() {
            [error] if error.code == codes::PROCEDURAL && error.hint.as_deref().is_some_and(advised) => {
                with_block_as(&self.sql, plain).ok_or_else(|| "case: there is no DO block".to_owned())
            }
            _ => Err(format!("compile: a DO block is refused otherwise: {errors:?}")),
        }
    }
}

/// A statement that the server did not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The statement's text.
    pub statement: String,
    /// What the server said.
    pub error: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: String = self.statement.lines().next().unwrap_or_default().chars().take(100).collect();
        write!(out, "{}\n  in: {first}", self.error)
    }
}

/// A kind of object or clause that pgseal does not model yet, as Postgres calls it.
pub type Unmodeled = &'static str;

impl Case {
    /// The whole text of a side: the set-up, then the side's own statements.
    pub fn sql(&self, side: Side) -> String {
        let own = match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        };
        match &self.setup {
            Some(setup) => format!("{setup}\n{own}"),
            None => own.clone(),
        }
    }

    /// Whether the case is for servers of this major.
    pub fn is_for(&self, major: u16) -> bool {
        self.min_major.is_none_or(|min| min <= major)
    }

    /// The kinds in either side that pgseal does not model yet; a text that does not parse counts as `syntax`.
    pub fn unmodeled(&self) -> BTreeSet<Unmodeled> {
        let mut kinds = unmodeled(&self.sql(Side::Old));
        kinds.extend(unmodeled(&self.sql(Side::New)));
        kinds
    }

    /// Loads a side into a database.
    ///
    /// # Errors
    /// The first statement that the server does not accept.
    pub fn load(&self, database: &Database<'_>, side: Side) -> Result<(), Rejection> {
        load(database, &self.sql(side))
    }
}

/// The project's own cases, in the order of their names.
///
/// # Panics
/// When a folder is not a case: a file is missing or unreadable.
pub fn own() -> Vec<Case> {
    cases_under(&repository().join("tests/corpus"))
}

/// The kinds of the corpus beside the repository whose objects are modeled.
pub const MODELED_KINDS: [&str; 15] = [
    "create_table",
    "create_index",
    "create_sequence",
    "create_type",
    "create_domain",
    "create_function",
    "create_procedure",
    "create_aggregate",
    "create_policy",
    "create_trigger",
    "create_view",
    "create_materialized_view",
    "comment",
    "online",
    "dependency",
];

/// The kinds of that corpus whose objects are not modeled, and told of.
pub const TOLD_KINDS: [&str; 2] = ["privilege", "default_privilege"];

/// The cases of the corpus beside the repository, of the named kinds, in the order of their names; `None`, with a
/// printed note, when there is no such corpus.
pub fn beside(kinds: &[&str]) -> Option<Vec<Case>> {
    let folder = folder_beside("pgschema")?;
    let mut cases = cases_under(&folder);
    cases.retain(|case| case.name.split('/').next().is_some_and(|kind| kinds.contains(&kind)));
    Some(cases)
}

/// The whole schemas of the corpus beside the repository, by product and date; `None`, with a printed note, when there
/// is no such corpus.
pub fn schemas() -> Option<Vec<Schema>> {
    let folder = folder_beside("schemas")?;
    let mut schemas = Vec::new();
    for product in entries(&folder) {
        for file in entries(&product) {
            let date = name_of(&file).trim_end_matches(".sql").to_owned();
            schemas.push(Schema { product: name_of(&product), date, sql: read(&file) });
        }
    }
    Some(schemas)
}

fn folder_beside(part: &str) -> Option<PathBuf> {
    let corpus = std::env::var_os("PGSEAL_CORPUS")
        .map_or_else(|| repository().join("../shared/corpus"), PathBuf::from)
        .join(part);
    if !corpus.is_dir() {
        println!("note: no corpus at {}: its tests have nothing to do", corpus.display());
        return None;
    }
    Some(corpus)
}

fn cases_under(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in entries(root) {
        for folder in entries(&kind) {
            let optional = |name: &str| folder.join(name).exists().then(|| read(&folder.join(name)));
            let min_major = optional("min_major").map(|text| {
                let text = text.trim();
                text.parse().unwrap_or_else(|_| panic!("{}/min_major is not a number: {text}", folder.display()))
            });
            cases.push(Case {
                name: format!("{}/{}", name_of(&kind), name_of(&folder)),
                setup: optional("setup.sql"),
                old: read(&folder.join("old.sql")),
                new: read(&folder.join("new.sql")),
                min_major,
                folder,
            });
        }
    }
    cases
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let list = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = list.map(|entry| entry.expect("an entry of the corpus").path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Loads SQL into a database, statement by statement in one session, without checking the bodies of functions. The roles
/// that it names are made first; a role that it makes and that is already there is no error, since roles are shared by
/// all databases of a server.
///
/// # Errors
/// The first statement that the server does not accept.
pub fn load(database: &Database<'_>, sql: &str) -> Result<(), Rejection> {
    let sql = without_meta_commands(sql);
    database.in_session(|client| {
        let loaded = load_in(client, &sql);
        // nothing that it set outlives it
        for statement in ["ROLLBACK", "DISCARD ALL"] {
            client.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {}", describe(&error)));
        }
        loaded
    })
}

fn load_in(client: &mut Client, sql: &str) -> Result<(), Rejection> {
    let mut run = |statement: &str| {
        client.batch_execute(statement).map_err(|error| {
            let rejection = Rejection { statement: statement.trim().to_owned(), error: describe(&error) };
            (error.code().cloned(), rejection)
        })
    };
    run("SET check_function_bodies = false; SET client_min_messages = error").map_err(|(_, rejection)| rejection)?;
    let Ok(parsed) = pg_query::parse(sql, 0) else {
        return run(sql).map_err(|(_, rejection)| rejection);
    };
    for role in roles(&parsed.protobuf.stmts) {
        run(&format!(
            "DO $$ BEGIN CREATE ROLE {}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
            quoted(&role)
        ))
        .map_err(|(_, rejection)| rejection)?;
    }
    for statement in &parsed.protobuf.stmts {
        let makes_role = matches!(node(statement), Some(NodeEnum::CreateRoleStmt(_)));
        match run(text_of(sql, statement)) {
            Err((Some(code), _)) if makes_role && code == SqlState::DUPLICATE_OBJECT => {}
            Err((_, rejection)) => return Err(rejection),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The kinds in a text that pgseal does not model yet; a text that does not parse counts as `syntax`.
pub fn unmodeled(sql: &str) -> BTreeSet<Unmodeled> {
    match pg_query::parse(&without_meta_commands(sql), 0) {
        Ok(parsed) => parsed.protobuf.stmts.iter().filter_map(node).flat_map(unmodeled_in).collect(),
        Err(_) => BTreeSet::from(["syntax"]),
    }
}

/// How many statements of a text make or change objects that pgseal does not model yet; a table made by a query is one afterwards.
pub fn count_unmodeled(sql: &str) -> usize {
    let Ok(parsed) = pg_query::parse(&without_meta_commands(sql), 0) else { return 0 };
    let is_told = |statement: &&NodeEnum| unmodeled_in(statement).iter().any(|kind| *kind != "table made by a query");
    parsed.protobuf.stmts.iter().filter_map(node).filter(is_told).count()
}

/// The statements of a text that make what pgseal does not model yet, in their order, under the settings they were written with:
/// what has to be added to a dump to have the same database again.
pub fn unmodeled_statements(sql: &str) -> String {
    let sql = without_meta_commands(sql);
    let Ok(parsed) = pg_query::parse(&sql, 0) else { return String::new() };
    let wanted = |statement: &NodeEnum| match statement {
        NodeEnum::VariableSetStmt(_) => true,
        // the setting of the search path as dumps write it
        NodeEnum::SelectStmt(select) => select.from_clause.is_empty() && select.into_clause.is_none(),
        // a table made by a query is a table afterwards, and modeled
        other => unmodeled_in(other).iter().any(|kind| *kind != "table made by a query"),
    };
    let statements = parsed.protobuf.stmts.iter().filter(|statement| node(statement).is_some_and(wanted));
    statements.map(|statement| format!("{};\n", text_of(&sql, statement).trim())).collect()
}

/// The text with another statement in place of its first DO block; none where it has no such block.
fn with_block_as(sql: &str, plain: &str) -> Option<String> {
    let parsed = pg_query::parse(&without_meta_commands(sql), 0).ok()?;
    let block = parsed.protobuf.stmts.iter().find(|statement| matches!(node(statement), Some(NodeEnum::DoStmt(_))))?;
    let start = usize::try_from(block.stmt_location).ok()?;
    let end = start + text_of(sql, block).len();
    Some(format!("{}{plain}{}", sql.get(..start)?, sql.get(end..)?))
}

/// Blanks the lines that psql would take for itself (`\restrict …`), keeping every offset.
fn without_meta_commands(sql: &str) -> String {
    let blank = |line: &str| line.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect::<String>();
    sql.split_inclusive('\n').map(|line| if line.starts_with('\\') { blank(line) } else { line.to_owned() }).collect()
}

fn text_of<'sql>(sql: &'sql str, statement: &RawStmt) -> &'sql str {
    let start = usize::try_from(statement.stmt_location).unwrap_or(0);
    let rest = sql.get(start..).unwrap_or_default();
    match usize::try_from(statement.stmt_len) {
        Ok(length) if length > 0 => rest.get(..length).unwrap_or(rest),
        _ => rest,
    }
}

fn node(statement: &RawStmt) -> Option<&NodeEnum> {
    statement.stmt.as_ref().and_then(|node| node.node.as_ref())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn roles(statements: &[RawStmt]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = USUAL_ROLES.map(str::to_owned).into();
    for statement in statements.iter().filter_map(node) {
        match statement {
            NodeEnum::GrantStmt(grant) => {
                names.extend(grant.grantees.iter().filter_map(role_in));
                names.extend(grant.grantor.as_ref().and_then(role_name));
            }
            NodeEnum::GrantRoleStmt(grant) => {
                names.extend(grant.grantee_roles.iter().filter_map(role_in));
                names.extend(grant.granted_roles.iter().filter_map(|granted| match &granted.node {
                    Some(NodeEnum::AccessPriv(privilege)) => Some(privilege.priv_name.clone()),
                    _ => None,
                }));
            }
            NodeEnum::AlterOwnerStmt(alter) => names.extend(alter.newowner.as_ref().and_then(role_name)),
            NodeEnum::AlterTableStmt(alter) => {
                names.extend(alter.cmds.iter().filter_map(|command| match &command.node {
                    Some(NodeEnum::AlterTableCmd(command)) => command.newowner.as_ref().and_then(role_name),
                    _ => None,
                }))
            }
            NodeEnum::AlterDefaultPrivilegesStmt(alter) => {
                names.extend(alter.options.iter().filter_map(option).flat_map(roles_in_option));
                if let Some(grant) = &alter.action {
                    names.extend(grant.grantees.iter().filter_map(role_in));
                }
            }
            NodeEnum::CreatePolicyStmt(policy) => names.extend(policy.roles.iter().filter_map(role_in)),
            NodeEnum::AlterPolicyStmt(policy) => names.extend(policy.roles.iter().filter_map(role_in)),
            NodeEnum::CreateSchemaStmt(schema) => names.extend(schema.authrole.as_ref().and_then(role_name)),
            NodeEnum::CreateUserMappingStmt(mapping) => names.extend(mapping.user.as_ref().and_then(role_name)),
            NodeEnum::AlterRoleSetStmt(alter) => names.extend(alter.role.as_ref().and_then(role_name)),
            NodeEnum::AlterRoleStmt(alter) => names.extend(alter.role.as_ref().and_then(role_name)),
            _ => {}
        }
    }
    names.retain(|name| !name.starts_with("pg_"));
    names
}

fn role_in(node: &Node) -> Option<String> {
    match &node.node {
        Some(NodeEnum::RoleSpec(role)) => role_name(role),
        _ => None,
    }
}

fn role_name(role: &RoleSpec) -> Option<String> {
    (role.roletype() == RoleSpecType::RolespecCstring).then(|| role.rolename.clone())
}

fn option(node: &Node) -> Option<&DefElem> {
    match &node.node {
        Some(NodeEnum::DefElem(option)) => Some(option),
        _ => None,
    }
}

fn roles_in_option(option: &DefElem) -> Vec<String> {
    match option.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
        Some(NodeEnum::List(list)) => list.items.iter().filter_map(role_in).collect(),
        _ => Vec::new(),
    }
}

/// What a statement makes or changes that is not modeled yet.
fn unmodeled_in(statement: &NodeEnum) -> Vec<Unmodeled> {
    let kind = match statement {
        NodeEnum::CreateTableAsStmt(create) => match create.objtype() {
            ObjectType::ObjectMatview => return Vec::new(),
            _ => "table made by a query",
        },
        NodeEnum::SelectStmt(select) if select.into_clause.is_some() => "table made by a query",
        NodeEnum::GrantStmt(_) => "grant",
        NodeEnum::AlterDefaultPrivilegesStmt(_) => "default privileges",
        NodeEnum::CreateCastStmt(_) => "cast",
        NodeEnum::CreateOpClassStmt(_) => "operator class",
        NodeEnum::CreateOpFamilyStmt(_) | NodeEnum::AlterOpFamilyStmt(_) => "operator family",
        NodeEnum::AlterOperatorStmt(_) => "operator",
        NodeEnum::CreateConversionStmt(_) => "conversion",
        NodeEnum::CreatePlangStmt(_) => "language",
        NodeEnum::CreateTransformStmt(_) => "transform",
        NodeEnum::CreateAmStmt(_) => "access method",
        NodeEnum::CreateFdwStmt(_) => "foreign-data wrapper",
        NodeEnum::CreateForeignServerStmt(_) => "server",
        NodeEnum::CreateUserMappingStmt(_) => "user mapping",
        NodeEnum::CreateForeignTableStmt(_) | NodeEnum::ImportForeignSchemaStmt(_) => "foreign table",
        NodeEnum::CreatePublicationStmt(_) => "publication",
        NodeEnum::CreateSubscriptionStmt(_) => "subscription",
        NodeEnum::CreateStatsStmt(_) => "statistics",
        NodeEnum::CreateEventTrigStmt(_) => "event trigger",
        NodeEnum::SecLabelStmt(_) => "security label",
        NodeEnum::DefineStmt(define) => match define.kind() {
            ObjectType::ObjectAggregate => return Vec::new(),
            ObjectType::ObjectOperator => "operator",
            ObjectType::ObjectCollation => "collation",
            ObjectType::ObjectType => "base type",
            _ => "text search object",
        },
        NodeEnum::CreateSchemaStmt(schema) => {
            return schema.schema_elts.iter().filter_map(|part| part.node.as_ref()).flat_map(unmodeled_in).collect();
        }
        _ => return Vec::new(),
    };
    vec![kind]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_wherever_they_are_named() {
        let sql = "GRANT SELECT ON t TO a, PUBLIC; ALTER TABLE t OWNER TO b; ALTER FUNCTION f() OWNER TO CURRENT_USER;
            ALTER DEFAULT PRIVILEGES FOR ROLE c GRANT SELECT ON TABLES TO d; CREATE POLICY p ON t TO e USING (true);
            CREATE SCHEMA AUTHORIZATION f; GRANT g TO h; GRANT pg_monitor TO a";
        let found = roles(&pg_query::parse(sql, 0).unwrap().protobuf.stmts);
        let expected: BTreeSet<String> =
            ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().chain(USUAL_ROLES).map(str::to_owned).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn unmodeled_kinds_are_named() {
        assert!(
            unmodeled("CREATE TABLE t (a int); CREATE RULE r AS ON INSERT TO t DO NOTHING; COMMENT ON TABLE t IS ''")
                .is_empty()
        );
        let kinds = unmodeled(
            "CREATE STATISTICS s ON a, b FROM t; CREATE CAST (a AS b) WITHOUT FUNCTION; GRANT SELECT ON v TO a;
             CREATE SCHEMA s GRANT SELECT ON m TO b",
        );
        assert!(kinds.is_superset(&BTreeSet::from(["statistics", "cast", "grant"])), "{kinds:?}");
        assert_eq!(unmodeled("CREATE TABEL t ()"), BTreeSet::from(["syntax"]));
    }

    #[test]
    fn statements_keep_their_text_around_meta_commands() {
        let sql = without_meta_commands("\\restrict x\nSELECT 'ä';\n\\unrestrict x\nSELECT 2");
        let parsed = pg_query::parse(&sql, 0).unwrap();
        let texts: Vec<&str> = parsed.protobuf.stmts.iter().map(|s| text_of(&sql, s).trim()).collect();
        assert_eq!(texts, ["SELECT 'ä'", "SELECT 2"]);
    }
}
