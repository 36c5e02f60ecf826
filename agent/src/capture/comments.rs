//! Comments on facts.

use pgseal_catalog::facts::{Comment, Payload};
use pgseal_catalog::{Fact, FactId};

use super::address::{Exact, Found, Node, class};
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;

/// What initdb says of the schema `public`. A database whose schema was made anew lacks it; neither is a fact.
const PUBLIC: &str = "standard public schema";

/// A row of `pg_description`.
pub(super) struct CommentRow {
    pub class: u32,
    pub oid: u32,
    pub part: i32,
    pub text: String,
}

pub(super) fn read_comments(s: &mut Session<'_>) -> Result<Vec<CommentRow>, CaptureError> {
    s.rows(
        "comments",
        "SELECT classoid, objoid, objsubid, description FROM pg_description WHERE objoid >= 16384 \
         OR classoid = 'pg_namespace'::regclass",
        |c| Ok(CommentRow { class: c.next()?, oid: c.next()?, part: c.next()?, text: c.next()? }),
    )
}

/// Adds the facts of comments; those on parts of facts that have no id of their own are not modelled.
pub(super) fn add_comments(b: &mut Build<'_>, rows: &[CommentRow]) -> Result<(), CaptureError> {
    for row in rows {
        if b.is_member(row.class, row.oid) || add_to_index(b, row) {
            continue;
        }
        let on = match b.attribute_id(row)? {
            Some(attribute) => attribute,
            None => match b.nodes.find_id((row.class, row.oid), row.part) {
                Some(Found::Fact(id, Exact::Itself)) if has_part(row) == is_part(id) => id.clone(),
                Some(Found::Fact(id, _)) => {
                    let (id, name) = (id.clone(), id.to_string());
                    b.note_unmodeled("comment", format!("on a part of {name}"), [id]);
                    continue;
                }
                Some(Found::Unmodeled) | None => continue,
            },
        };
        if matches!(&on, FactId::Schema(name) if name == "public") && row.text == PUBLIC {
            continue;
        }
        let id = FactId::Comment(Box::new(on));
        b.nodes.add(Fact::new(id, Payload::Comment(Comment { text: row.text.clone() })));
    }
    Ok(())
}

/// Whether a comment is on the index of a constraint, which is a part of the constraint's fact.
fn add_to_index(b: &mut Build<'_>, row: &CommentRow) -> bool {
    if row.class != class::CLASS || row.part != 0 {
        return false;
    }
    let Some((Node::Fact(number), Exact::Part)) = b.nodes.find((row.class, row.oid), row.part) else { return false };
    let Some(Fact { payload: Payload::Constraint(constraint), .. }) = b.nodes.fact_mut(number) else { return false };
    let Some(index) = constraint.index_mut() else { return false };
    index.comment = Some(row.text.clone());
    true
}

fn has_part(row: &CommentRow) -> bool {
    row.class == class::CLASS && row.part > 0
}

fn is_part(id: &FactId) -> bool {
    matches!(id, FactId::Column(..))
}
