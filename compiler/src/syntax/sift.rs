//! Goes through the raw statements in order: follows settings and transactions, hands on what is part of the schema,
//! counts what is noted or passed over, and refuses the rest.
//!
//! Relations that are temporary or of an unmanaged kind (views, say) take what is done to them along, wherever in the
//! files it stands: an index on a materialized view is noted, a constraint on a temporary table passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableStmt, CreateSchemaStmt, Node, ObjectType, RangeVar};

use super::classify::{Verdict, classify, unmanaged_command};
use super::parse::ParsedRuns;
use super::settings::{Outcome, Session, Settings};
use super::statement::Statement;
use super::subject::{Subject, subjects};
use super::unmanaged::UnmanagedKind;
use super::{RowStatements, SyntaxOptions, Unmanaged};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, Sources, Span, SqlState, codes};

/// What came of the statements.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    pub(super) statements: Vec<Statement>,
    pub(super) unmanaged: Vec<Unmanaged>,
    /// Whether trees that are gone would have been needed.
    pub(super) need_all_trees: bool,
    pub(super) diagnostics: Diagnostics,
}

/// Sorts the statements of all runs. `each` is shown the statements of the schema so far whenever there are more, as long as no
/// error was found, and returns the numbers of those whose trees are done with.
pub(super) fn sift(
    sources: &Sources,
    mut runs: ParsedRuns<'_>,
    options: &SyntaxOptions,
    mut each: impl FnMut(&[Statement]) -> Vec<usize>,
) -> Sifted {
    let mut sieve = Sieve::new(options);
    let mut session = Session::new(options.settings.clone());
    let mut script = None;
    while let Some((run, statements, diagnostics)) = runs.next() {
        if script.replace(run.script) != Some(run.script) {
            session = Session::new(options.settings.clone());
            sieve.temporary.clear();
        }
        sieve.sifted.diagnostics.append(diagnostics);
        let Some(file) = sources.file(run.source) else { continue };
        for raw in statements {
            let statement = raw.place(run.source, file, session.settings());
            sieve.statement(statement, &mut session);
        }
        if !sieve.sifted.diagnostics.has_errors() {
            let done = each(&sieve.sifted.statements);
            sieve.trees_are_gone |= !done.is_empty();
            let statements = &mut sieve.sifted.statements;
            runs.give_back(done.into_iter().filter_map(|n| statements.get_mut(n).map(Statement::take_tree)).collect());
        }
    }
    sieve.finish()
}

/// How often something was met, and where first.
#[derive(Debug, Clone, Copy)]
struct Tally {
    count: usize,
    first: Span,
}

struct Sieve<'a> {
    options: &'a SyntaxOptions,
    sifted: Sifted,
    skipped: BTreeMap<Code, Tally>,
    /// Temporary relations of the script, by name.
    temporary: BTreeSet<String>,
    /// Relations of unmanaged kinds, by schema and name.
    unmanaged_relations: BTreeMap<(String, String), UnmanagedKind>,
    trees_are_gone: bool,
}

impl<'a> Sieve<'a> {
    fn new(options: &'a SyntaxOptions) -> Sieve<'a> {
        Sieve {
            options,
            sifted: Sifted::default(),
            skipped: BTreeMap::new(),
            temporary: BTreeSet::new(),
            unmanaged_relations: BTreeMap::new(),
            trees_are_gone: false,
        }
    }

    fn statement(&mut self, statement: Statement, session: &mut Session) {
        if self.is_temporary(&statement.node) {
            return self.skip(codes::SKIPPED_TEMPORARY, statement.first_line());
        }
        match classify(&statement.node) {
            Verdict::Managed => self.managed(statement),
            Verdict::Unmanaged(kind) => self.unmanaged(kind, statement),
            Verdict::Skipped(code) => self.skip(code, statement.first_line()),
            Verdict::Rows { code, what, advice } => self.rows(&statement, code, what, advice),
            Verdict::Refused { code, what, advice } => self.refuse(&statement, code, &what, advice),
            Verdict::Setting => self.setting(statement, session),
            Verdict::SetConfig(call) => {
                let outcome = call.set_config(session);
                self.outcome(outcome, statement);
            }
            Verdict::Discard => session.discard(),
            Verdict::Begin => session.begin(),
            Verdict::Commit => session.commit(),
        }
    }

    fn managed(&mut self, mut statement: Statement) {
        match &mut statement.node {
            NodeEnum::AlterTableStmt(alter) => {
                let kinds = take_unmanaged_commands(alter);
                let nothing_left = alter.cmds.is_empty();
                for kind in kinds {
                    self.unmanaged(kind, statement.clone());
                }
                if nothing_left {
                    return;
                }
            }
            NodeEnum::CreateSchemaStmt(create) if !create.schema_elts.is_empty() => {
                let elements = std::mem::take(&mut create.schema_elts);
                let inner = settings_inside(create, &statement.settings);
                let own = statement.clone();
                self.sifted.statements.push(statement);
                return self.schema_elements(&own, elements, inner);
            }
            NodeEnum::IndexStmt(index) if index.concurrent => self.skip(codes::CONCURRENTLY, statement.first_line()),
            _ => {}
        }
        self.sifted.statements.push(statement);
    }

    /// `CREATE SCHEMA s CREATE TABLE …`: each element is a statement with `s` in front of the search path.
    fn schema_elements(&mut self, outer: &Statement, mut elements: Vec<Node>, settings: Arc<Settings>) {
        // the order in which the server carries them out; stable within a kind
        elements.sort_by_key(|element| match &element.node {
            Some(NodeEnum::CreateSeqStmt(_)) => 0,
            Some(NodeEnum::CreateStmt(_)) => 1,
            Some(NodeEnum::ViewStmt(_)) => 2,
            Some(NodeEnum::IndexStmt(_)) => 3,
            Some(NodeEnum::CreateTrigStmt(_)) => 4,
            _ => 5,
        });
        let mut session = Session::new(Settings::clone(&settings));
        for element in elements {
            if let Some(node) = element.node {
                let statement = Statement { node, settings: Arc::clone(&settings), ..outer.clone() };
                self.statement(statement, &mut session);
            }
        }
    }

    fn unmanaged(&mut self, kind: UnmanagedKind, statement: Statement) {
        if let Some(range) = created_relation(&statement.node) {
            let key = (creation_schema(range, &statement.settings), range.relname.clone());
            self.unmanaged_relations.insert(key, kind);
        }
        self.sifted.unmanaged.push(Unmanaged { kind, statement });
    }

    fn skip(&mut self, code: Code, span: Span) {
        self.skipped.entry(code).and_modify(|tally| tally.count += 1).or_insert(Tally { count: 1, first: span });
    }

    fn rows(&mut self, statement: &Statement, code: Code, what: &str, advice: &str) {
        match self.options.row_statements {
            RowStatements::Refuse => self.refuse(statement, code, what, advice),
            RowStatements::Skip if code == codes::PROCEDURAL => {
                self.skip(codes::SKIPPED_PROCEDURAL, statement.first_line())
            }
            RowStatements::Skip => self.skip(codes::SKIPPED_DML, statement.first_line()),
        }
    }

    fn refuse(&mut self, statement: &Statement, code: Code, what: &str, advice: &str) {
        self.sifted.diagnostics.push(
            Diagnostic::error(code, what)
                .at(statement.first_line())
                .with_hint(advice)
                .with_sqlstate(SqlState::FEATURE_NOT_SUPPORTED),
        );
    }

    fn setting(&mut self, statement: Statement, session: &mut Session) {
        let NodeEnum::VariableSetStmt(set) = &statement.node else { return };
        if session.local_is_lost(set) {
            let message = "SET LOCAL can only be used in transaction blocks";
            self.sifted
                .diagnostics
                .push(Diagnostic::warning(codes::SETTING_WITHOUT_EFFECT, message).at(statement.first_line()));
            return;
        }
        let outcome = session.set(set);
        self.outcome(outcome, statement);
    }

    fn outcome(&mut self, outcome: Result<Outcome, Diagnostic>, statement: Statement) {
        match outcome {
            Ok(Outcome::Done) => {}
            Ok(Outcome::Role) => self.unmanaged(UnmanagedKind::Owner, statement),
            Err(diagnostic) => self.sifted.diagnostics.push(diagnostic.at(statement.first_line())),
        }
    }

    /// Tells whether a statement makes a temporary relation or works on one; keeps track of both.
    fn is_temporary(&mut self, node: &NodeEnum) -> bool {
        if let Some(range) = created_relation(node) {
            let temporary = range.relpersistence == "t" || range.schemaname == "pg_temp";
            if temporary {
                self.temporary.insert(range.relname.clone());
            }
            return temporary;
        }
        let subjects = subjects(node);
        let known = |subject: &Subject| match subject.schema.as_deref() {
            None => self.temporary.contains(&subject.name),
            Some(schema) => schema == "pg_temp",
        };
        let temporary = !subjects.is_empty() && subjects.iter().all(known);
        if temporary {
            match node {
                NodeEnum::DropStmt(drop) if drop.remove_type == ObjectType::ObjectTable as i32 => {
                    for subject in &subjects {
                        self.temporary.remove(&subject.name);
                    }
                }
                // an index on a temporary table is temporary too
                NodeEnum::IndexStmt(index) if !index.idxname.is_empty() => {
                    self.temporary.insert(index.idxname.clone());
                }
                _ => {}
            }
        }
        temporary
    }

    fn finish(mut self) -> Sifted {
        self.move_dependents();
        for (code, tally) in std::mem::take(&mut self.skipped) {
            self.sifted.diagnostics.push(skip_note(code, tally));
        }
        let mut kinds: BTreeMap<UnmanagedKind, Tally> = BTreeMap::new();
        for unmanaged in &self.sifted.unmanaged {
            let first = unmanaged.statement.first_line();
            kinds.entry(unmanaged.kind).and_modify(|tally| tally.count += 1).or_insert(Tally { count: 1, first });
        }
        for (kind, tally) in kinds {
            let message = format!("{} are not managed yet ({})", kind.plural(), count(tally.count, "statement"));
            self.sifted.diagnostics.push(Diagnostic::note(codes::NOT_YET_MANAGED, message).at(tally.first));
        }
        self.sifted
    }

    /// Moves what is done to a relation of an unmanaged kind to the notes.
    fn move_dependents(&mut self) {
        if self.unmanaged_relations.is_empty() {
            return;
        }
        if self.trees_are_gone {
            self.sifted.need_all_trees = true;
            return;
        }
        for statement in &self.sifted.statements {
            // a table of the same name wins: it may have replaced the view
            if let Some(range) = created_relation(&statement.node) {
                self.unmanaged_relations.remove(&(creation_schema(range, &statement.settings), range.relname.clone()));
            }
        }
        if self.unmanaged_relations.is_empty() {
            return;
        }
        for statement in std::mem::take(&mut self.sifted.statements) {
            let subjects = subjects(&statement.node);
            let kind = subjects.first().and_then(|subject| self.kind_of(subject, &statement.settings));
            match kind {
                Some(kind) => self.sifted.unmanaged.push(Unmanaged { kind, statement }),
                None => self.sifted.statements.push(statement),
            }
        }
    }

    fn kind_of(&self, subject: &Subject, settings: &Settings) -> Option<UnmanagedKind> {
        let find = |schema: &str| self.unmanaged_relations.get(&(schema.to_owned(), subject.name.clone())).copied();
        match &subject.schema {
            Some(schema) => find(schema),
            None => settings.search_path.iter().find_map(|schema| find(schema)),
        }
    }
}

/// The relation that a statement creates under a name of the user's.
fn created_relation(node: &NodeEnum) -> Option<&RangeVar> {
    match node {
        NodeEnum::CreateStmt(s) => s.relation.as_ref(),
        NodeEnum::CreateSeqStmt(s) => s.sequence.as_ref(),
        NodeEnum::ViewStmt(s) => s.view.as_ref(),
        NodeEnum::CreateTableAsStmt(s) => s.into.as_ref().and_then(|into| into.rel.as_ref()),
        NodeEnum::CreateForeignTableStmt(s) => s.base_stmt.as_ref().and_then(|base| base.relation.as_ref()),
        NodeEnum::SelectStmt(s) => s.into_clause.as_ref().and_then(|into| into.rel.as_ref()),
        _ => None,
    }
}

fn creation_schema(range: &RangeVar, settings: &Settings) -> String {
    if !range.schemaname.is_empty() {
        return range.schemaname.clone();
    }
    settings.search_path.iter().find(|schema| *schema != "$user").cloned().unwrap_or_default()
}

fn settings_inside(create: &CreateSchemaStmt, outer: &Settings) -> Arc<Settings> {
    let role = create.authrole.as_ref().map(|role| role.rolename.clone()).unwrap_or_default();
    let name = if create.schemaname.is_empty() { role } else { create.schemaname.clone() };
    let mut settings = outer.clone();
    settings.search_path.insert(0, name);
    Arc::new(settings)
}

/// Takes the commands out of an ALTER TABLE that are not managed yet.
fn take_unmanaged_commands(alter: &mut AlterTableStmt) -> Vec<UnmanagedKind> {
    let mut kinds = Vec::new();
    alter.cmds.retain(|command| match &command.node {
        Some(NodeEnum::AlterTableCmd(command)) => match unmanaged_command(command.subtype) {
            Some(kind) => {
                kinds.push(kind);
                false
            }
            None => true,
        },
        _ => true,
    });
    kinds
}

fn skip_note(code: Code, tally: Tally) -> Diagnostic {
    let Tally { count: n, first } = tally;
    let (message, severity) = if code == codes::SKIPPED_COPY {
        (format!("{} skipped", count(n, "COPY data block")), Severity::Note)
    } else if code == codes::SKIPPED_SETVAL {
        (format!("{} skipped: a sequence's position is not part of a schema", count(n, "setval call")), Severity::Note)
    } else if code == codes::SKIPPED_TEMPORARY {
        (format!("{} on temporary objects skipped", count(n, "statement")), Severity::Note)
    } else if code == codes::SKIPPED_MAINTENANCE {
        (format!("{} skipped", count(n, "maintenance statement")), Severity::Note)
    } else if code == codes::CONCURRENTLY {
        let what = format!("CONCURRENTLY of {} left out", count(n, "index build"));
        (format!("{what}: a plan builds indexes in its transaction, and writes wait meanwhile"), Severity::Note)
    } else if code == codes::SKIPPED_PROCEDURAL {
        (format!("{} skipped", count(n, "DO block or CALL")), Severity::Warning)
    } else {
        (format!("{} on rows skipped", count(n, "statement")), Severity::Note)
    };
    let diagnostic = match severity {
        Severity::Warning => Diagnostic::warning(code, message)
            .with_hint("if one of them changes the schema, the plan does not know of it"),
        Severity::Error | Severity::Note => Diagnostic::note(code, message),
    };
    diagnostic.at(first)
}

fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}
