//! Which relation a statement is about, as far as the raw tree tells.
//!
//! Serves to pass over what is done to a temporary table, and to note what is done to a view together with the view.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, ObjectType, RangeVar};

/// A relation as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

impl Subject {
    /// The relation that a range variable names.
    pub(super) fn of_range(range: &RangeVar) -> Subject {
        let schema = Some(range.schemaname.clone()).filter(|schema| !schema.is_empty());
        Subject { schema, name: range.relname.clone() }
    }

    fn of_names(names: &[String]) -> Option<Subject> {
        let (name, before) = names.split_last()?;
        Some(Subject { schema: before.last().cloned(), name: name.clone() })
    }
}

/// The relations that a statement changes; empty where it is about something else.
pub(super) fn subjects(node: &NodeEnum) -> Vec<Subject> {
    let range = |range: &Option<RangeVar>| range.iter().map(Subject::of_range).collect();
    match node {
        NodeEnum::AlterTableStmt(s) => range(&s.relation),
        NodeEnum::IndexStmt(s) => range(&s.relation),
        NodeEnum::CreateTrigStmt(s) => range(&s.relation),
        NodeEnum::CreatePolicyStmt(s) => range(&s.table),
        NodeEnum::AlterPolicyStmt(s) => range(&s.table),
        NodeEnum::RuleStmt(s) => range(&s.relation),
        NodeEnum::RenameStmt(s) => range(&s.relation),
        NodeEnum::AlterObjectSchemaStmt(s) => range(&s.relation),
        NodeEnum::AlterSeqStmt(s) => range(&s.sequence),
        NodeEnum::CopyStmt(s) => range(&s.relation),
        NodeEnum::InsertStmt(s) => range(&s.relation),
        NodeEnum::UpdateStmt(s) => range(&s.relation),
        NodeEnum::DeleteStmt(s) => range(&s.relation),
        NodeEnum::TruncateStmt(s) => s.relations.iter().filter_map(range_of).collect(),
        NodeEnum::CommentStmt(s) => {
            let object = s.object.as_deref().map(names).unwrap_or_default();
            named(s.objtype, &object).into_iter().collect()
        }
        NodeEnum::DropStmt(s) => s.objects.iter().filter_map(|object| named(s.remove_type, &names(object))).collect(),
        _ => Vec::new(),
    }
}

fn range_of(node: &Node) -> Option<Subject> {
    match node.node.as_ref()? {
        NodeEnum::RangeVar(range) => Some(Subject::of_range(range)),
        _ => None,
    }
}

/// The relation of an object that is named by a list of names.
fn named(object: i32, names: &[String]) -> Option<Subject> {
    use ObjectType as O;
    match ObjectType::try_from(object).ok()? {
        O::ObjectTable
        | O::ObjectIndex
        | O::ObjectSequence
        | O::ObjectView
        | O::ObjectMatview
        | O::ObjectForeignTable => Subject::of_names(names),
        O::ObjectColumn | O::ObjectTrigger | O::ObjectTabconstraint | O::ObjectRule | O::ObjectPolicy => {
            Subject::of_names(names.split_last()?.1)
        }
        _ => None,
    }
}

fn names(node: &Node) -> Vec<String> {
    let items = match &node.node {
        Some(NodeEnum::List(list)) => list.items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let name = |item: &Node| match &item.node {
        Some(NodeEnum::String(text)) => Some(text.sval.clone()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}
