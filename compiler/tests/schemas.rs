//! The syntax stage on whole schemas of real products, where the shared corpus is there.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use pgseal::cli::files::FileSystem;
use pgseal::diagnostic::render::{Colour, render_all};
use pgseal::syntax::{RowStatements, SchemaText, SyntaxOptions, read_schema};

/// The corpus beside the repository, or `None` with a printed note.
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no corpus at {}", folder.display());
    None
}

fn sql_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sql_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
    found.sort();
}

fn read(path: &Path, rows: RowStatements) -> SchemaText {
    let options = SyntaxOptions { row_statements: rows, ..SyntaxOptions::default() };
    read_schema(&FileSystem, &[path.to_str().unwrap()], &options)
}

#[test]
fn schemas_of_real_products_are_read() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    sql_files(&corpus.join("schemas"), &mut files);
    assert!(files.len() > 20);
    for file in files {
        let schema = read(&file, RowStatements::Skip);
        let said = render_all(schema.diagnostics.iter().filter(|d| d.is_error()), &schema.sources, Colour::Never);
        assert!(said.is_empty(), "{said}");
        assert!(!schema.statements.is_empty(), "{}", file.display());
    }
}

#[test]
fn changes_of_the_corpus_are_read() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    sql_files(&corpus.join("pgschema"), &mut files);
    assert!(files.len() > 300);
    for file in files {
        let schema = read(&file, RowStatements::Skip);
        let said = render_all(schema.diagnostics.iter().filter(|d| d.is_error()), &schema.sources, Colour::Never);
        assert!(said.is_empty(), "{said}");
    }
}

/// Cutting a statement out of its file and reading it alone gives the same tree: places aside.
#[test]
fn statements_read_alone_are_the_same() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    sql_files(&corpus.join("schemas/crates.io"), &mut files);
    let schema = read(files.last().unwrap(), RowStatements::Skip);
    for statement in &schema.statements {
        let alone = pg_query::parse(statement.text(), 0).unwrap();
        assert_eq!(alone.protobuf.stmts.len(), 1);
        let node = alone.protobuf.stmts[0].stmt.as_ref().unwrap().node.as_ref().unwrap();
        assert_eq!(
            node.deparse(pg_query::DeparseOptions::default()).unwrap(),
            statement.node.deparse(pg_query::DeparseOptions::default()).unwrap()
        );
    }
}
