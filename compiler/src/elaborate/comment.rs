//! COMMENT ON.

use pg_query::protobuf::{CommentStmt, ObjectType};
use pgseal_catalog::facts::{Comment, Payload};
use pgseal_catalog::{Fact, FactId};

use super::dispatch::object_type;
use super::error::{Elaborated, Problem};
use super::names::name_parts;
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out COMMENT ON.
    pub(super) fn comment(&mut self, statement: &CommentStmt) -> Elaborated<()> {
        let Some(object) = &statement.object else { return Err(Problem::internal("a comment on nothing")) };
        let of = object_type(statement.objtype);
        // in every database, and no fact: older dumps repeat its comment
        if of == ObjectType::ObjectExtension && name_parts(object) == ["plpgsql"] {
            return match statement.comment.as_str() {
                "PL/pgSQL procedural language" => Ok(()),
                _ => Err(Problem::unsupported("a comment of one's own on extension \"plpgsql\"")),
            };
        }
        let on = self.must_address(of, object)?;
        if of == ObjectType::ObjectIndex && matches!(on, FactId::Constraint(..)) {
            // the comment of a constraint's index is another than the constraint's
            let text = Some(statement.comment.clone()).filter(|text| !text.is_empty());
            return self.edit_storage(&on, |storage| storage.comment = text);
        }
        self.put_comment(on, &statement.comment);
        Ok(())
    }

    /// Puts a comment on a fact; an empty one takes it away.
    pub(super) fn put_comment(&mut self, on: FactId, text: &str) {
        // the comment that every database is born with is no fact
        let standard =
            matches!(&on, FactId::Schema(name) if name.as_str() == "public") && text == "standard public schema";
        let id = FactId::Comment(Box::new(on));
        if text.is_empty() || standard {
            self.model.take(&id);
            return;
        }
        self.model.put(Fact::new(id, Payload::Comment(Comment { text: text.to_owned() })));
    }
}
