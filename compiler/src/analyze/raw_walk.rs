//! The children of raw nodes that a query is made of, for what has to be known of a query before it is analysed.
//!
//! Follows `raw_expression_tree_walker`, nodeFuncs.c (PG 18).

use pg_query::protobuf::{JsonBehavior, JsonValueExpr, Node, SelectStmt, WindowDef, node};

/// A raw node; the sides of a set operation are not wrapped in one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'n> {
    Node(&'n Node),
    Select(&'n SelectStmt),
}

/// The children found so far.
#[derive(Debug, Default)]
struct Children<'n>(Vec<Raw<'n>>);

impl<'n> Children<'n> {
    fn one(&mut self, node: Option<&'n Node>) -> &mut Self {
        self.0.extend(node.map(Raw::Node));
        self
    }

    fn list(&mut self, nodes: &'n [Node]) -> &mut Self {
        self.0.extend(nodes.iter().map(Raw::Node));
        self
    }

    fn value(&mut self, value: Option<&'n JsonValueExpr>) -> &mut Self {
        self.one(value.and_then(|value| value.raw_expr.as_deref()))
    }

    fn behavior(&mut self, behavior: Option<&'n JsonBehavior>) -> &mut Self {
        self.one(behavior.and_then(|behavior| behavior.expr.as_deref()))
    }

    fn window(&mut self, def: Option<&'n WindowDef>) -> &mut Self {
        if let Some(def) = def {
            self.list(&def.partition_clause).list(&def.order_clause);
            self.one(def.start_offset.as_deref()).one(def.end_offset.as_deref());
        }
        self
    }
}

/// The parts of a `SELECT` beside its `WITH`, in the order in which they are looked through.
pub(super) fn children_of_select(select: &SelectStmt) -> Vec<Raw<'_>> {
    let mut found = Children::default();
    found
        .list(&select.distinct_clause)
        .list(&select.target_list)
        .list(&select.from_clause)
        .one(select.where_clause.as_deref())
        .list(&select.group_clause)
        .one(select.having_clause.as_deref())
        .list(&select.window_clause)
        .list(&select.values_lists)
        .list(&select.sort_clause)
        .one(select.limit_offset.as_deref())
        .one(select.limit_count.as_deref());
    found.0.extend(select.larg.as_deref().map(Raw::Select));
    found.0.extend(select.rarg.as_deref().map(Raw::Select));
    found.0
}

/// The children of any other node; a `WITH` of a statement that writes is left out, as on the server.
pub(super) fn children(node: &Node) -> Vec<Raw<'_>> {
    use node::Node as N;
    let Some(node) = &node.node else { return Vec::new() };
    let mut c = Children::default();
    match node {
        N::SelectStmt(select) => return children_of_select(select),
        N::List(n) => c.list(&n.items),
        N::AExpr(n) => c.one(n.lexpr.as_deref()).one(n.rexpr.as_deref()),
        N::BoolExpr(n) => c.list(&n.args),
        N::FuncCall(n) => c.list(&n.args).list(&n.agg_order).one(n.agg_filter.as_deref()).window(n.over.as_deref()),
        N::NamedArgExpr(n) => c.one(n.arg.as_deref()),
        N::TypeCast(n) => c.one(n.arg.as_deref()),
        N::CollateClause(n) => c.one(n.arg.as_deref()),
        N::AIndirection(n) => c.one(n.arg.as_deref()).list(&n.indirection),
        N::AIndices(n) => c.one(n.lidx.as_deref()).one(n.uidx.as_deref()),
        N::AArrayExpr(n) => c.list(&n.elements),
        N::RowExpr(n) => c.list(&n.args),
        N::CaseExpr(n) => c.one(n.arg.as_deref()).list(&n.args).one(n.defresult.as_deref()),
        N::CaseWhen(n) => c.one(n.expr.as_deref()).one(n.result.as_deref()),
        N::CoalesceExpr(n) => c.list(&n.args),
        N::MinMaxExpr(n) => c.list(&n.args),
        N::GroupingFunc(n) => c.list(&n.args),
        N::GroupingSet(n) => c.list(&n.content),
        N::XmlExpr(n) => c.list(&n.named_args).list(&n.args),
        N::XmlSerialize(n) => c.one(n.expr.as_deref()),
        N::NullTest(n) => c.one(n.arg.as_deref()),
        N::BooleanTest(n) => c.one(n.arg.as_deref()),
        N::SubLink(n) => c.one(n.testexpr.as_deref()).one(n.subselect.as_deref()),
        N::ResTarget(n) => c.list(&n.indirection).one(n.val.as_deref()),
        N::MultiAssignRef(n) => c.one(n.source.as_deref()),
        N::SortBy(n) => c.one(n.node.as_deref()),
        N::WindowDef(n) => c.window(Some(n)),
        N::RangeSubselect(n) => c.one(n.subquery.as_deref()),
        N::RangeFunction(n) => c.list(&n.functions),
        N::RangeTableFunc(n) => {
            c.one(n.docexpr.as_deref()).one(n.rowexpr.as_deref()).list(&n.namespaces).list(&n.columns)
        }
        N::RangeTableFuncCol(n) => c.one(n.colexpr.as_deref()).one(n.coldefexpr.as_deref()),
        N::RangeTableSample(n) => c.one(n.relation.as_deref()).list(&n.args).one(n.repeatable.as_deref()),
        N::JoinExpr(n) => c.one(n.larg.as_deref()).one(n.rarg.as_deref()).one(n.quals.as_deref()),
        N::JsonTable(n) => {
            c.value(n.context_item.as_deref()).list(&n.passing).list(&n.columns).behavior(n.on_error.as_deref())
        }
        N::JsonTableColumn(n) => c.list(&n.columns).behavior(n.on_empty.as_deref()).behavior(n.on_error.as_deref()),
        N::JsonValueExpr(n) => c.value(Some(n)),
        N::JsonArgument(n) => c.value(n.val.as_deref()),
        N::JsonKeyValue(n) => c.one(n.key.as_deref()).value(n.value.as_deref()),
        N::JsonObjectConstructor(n) => c.list(&n.exprs),
        N::JsonArrayConstructor(n) => c.list(&n.exprs),
        N::JsonArrayQueryConstructor(n) => c.one(n.query.as_deref()),
        N::JsonObjectAgg(n) => {
            if let Some(pair) = n.arg.as_deref() {
                c.one(pair.key.as_deref()).value(pair.value.as_deref());
            }
            if let Some(aggregate) = n.constructor.as_deref() {
                c.one(aggregate.agg_filter.as_deref()).list(&aggregate.agg_order).window(aggregate.over.as_deref());
            }
            &mut c
        }
        N::JsonArrayAgg(n) => {
            c.value(n.arg.as_deref());
            if let Some(aggregate) = n.constructor.as_deref() {
                c.one(aggregate.agg_filter.as_deref()).list(&aggregate.agg_order).window(aggregate.over.as_deref());
            }
            &mut c
        }
        N::JsonIsPredicate(n) => c.one(n.expr.as_deref()),
        N::JsonParseExpr(n) => c.value(n.expr.as_deref()),
        N::JsonScalarExpr(n) => c.one(n.expr.as_deref()),
        N::JsonSerializeExpr(n) => c.value(n.expr.as_deref()),
        N::JsonFuncExpr(n) => c
            .value(n.context_item.as_deref())
            .one(n.pathspec.as_deref())
            .list(&n.passing)
            .behavior(n.on_empty.as_deref())
            .behavior(n.on_error.as_deref()),
        N::CommonTableExpr(n) => c.one(n.ctequery.as_deref()),
        N::InsertStmt(n) => {
            c.one(n.select_stmt.as_deref());
            if let Some(conflict) = n.on_conflict_clause.as_deref() {
                c.list(&conflict.target_list).one(conflict.where_clause.as_deref());
            }
            c.list(n.returning_clause.as_ref().map_or(&[], |r| &r.exprs))
        }
        N::UpdateStmt(n) => c
            .list(&n.target_list)
            .one(n.where_clause.as_deref())
            .list(&n.from_clause)
            .list(n.returning_clause.as_ref().map_or(&[], |r| &r.exprs)),
        N::DeleteStmt(n) => c
            .list(&n.using_clause)
            .one(n.where_clause.as_deref())
            .list(n.returning_clause.as_ref().map_or(&[], |r| &r.exprs)),
        N::MergeStmt(n) => c
            .one(n.source_relation.as_deref())
            .one(n.join_condition.as_deref())
            .list(&n.merge_when_clauses)
            .list(n.returning_clause.as_ref().map_or(&[], |r| &r.exprs)),
        N::MergeWhenClause(n) => c.one(n.condition.as_deref()).list(&n.target_list).list(&n.values),
        // what is left holds no query
        _ => &mut c,
    };
    c.0
}
