//! Walks over whole queries: every direct expression and every direct subquery once, in the order of `query_tree_walker`.
//!
//! The expressions behind the columns of a join are left out: they repeat what its inputs are.

use super::{
    Expr, FrameBound, FromItem, JsonTableColumn, JsonTablePath, OnConflictAction, Query, RteKind, SubLink, TableFunc,
    TargetEntry,
};

/// A piece of a query.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
}

/// How many nodes the longest way down has.
pub(super) fn depth(start: Part<'_>) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(start, 1)];
    while let Some((part, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        match part {
            Part::Expr(expr) => {
                waiting.extend(expr.children().into_iter().map(|child| (Part::Expr(child), depth + 1)));
                if let Expr::SubLink(link) = expr {
                    waiting.push((Part::Query(&link.query), depth + 1));
                }
            }
            Part::Query(query) => {
                waiting.extend(query.expressions().into_iter().map(|child| (Part::Expr(child), depth + 1)));
                waiting.extend(query.subqueries().into_iter().map(|child| (Part::Query(child), depth + 1)));
                let mut nested = 0;
                let mut at = query.set_operations.as_deref().map(|s| (s, 1_usize)).into_iter().collect::<Vec<_>>();
                while let Some((set, level)) = at.pop() {
                    nested = nested.max(level);
                    for side in [&set.left, &set.right] {
                        if let super::SetOperand::Nested(inner) = side {
                            at.push((inner, level + 1));
                        }
                    }
                }
                let mut at: Vec<(&FromItem, usize)> = query.jointree.items.iter().map(|item| (item, 1)).collect();
                while let Some((item, level)) = at.pop() {
                    nested = nested.max(level);
                    if let FromItem::Join(join) = item {
                        at.push((&join.left, level + 1));
                        at.push((&join.right, level + 1));
                    }
                }
                for entry in &query.rtable {
                    if let RteKind::TableFunc(function) = &entry.kind
                        && let TableFunc::Json(json) = &**function
                    {
                        nested = nested.max(path_depth(&json.root));
                    }
                }
                deepest = deepest.max(depth + nested);
            }
        }
    }
    deepest
}

fn targets<'a>(found: &mut Vec<&'a Expr>, list: &'a [TargetEntry]) {
    found.extend(list.iter().map(|target| &target.expr));
}

/// How deep paths are nested in one another.
fn path_depth(root: &JsonTablePath) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(root, 1)];
    while let Some((path, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        for column in &path.columns {
            if let JsonTableColumn::Nested(inner) = column {
                waiting.push((inner, depth + 1));
            }
        }
    }
    deepest
}

fn json_columns<'a>(found: &mut Vec<&'a Expr>, path: &'a JsonTablePath) {
    for column in &path.columns {
        match column {
            JsonTableColumn::Ordinality(_) => {}
            JsonTableColumn::Value(_, expr) => found.push(expr),
            JsonTableColumn::Nested(inner) => json_columns(found, inner),
        }
    }
}

fn range_table<'a>(found: &mut Vec<&'a Expr>, kind: &'a RteKind) {
    match kind {
        RteKind::Relation(relation) | RteKind::NamedRelation(relation) => {
            if let Some(sample) = &relation.sample {
                found.extend(&sample.args);
                found.extend(&sample.repeatable);
            }
        }
        RteKind::Function(function) => found.extend(function.functions.iter().map(|f| &f.expr)),
        RteKind::Values(values) => found.extend(values.rows.iter().flatten()),
        RteKind::TableFunc(function) => found.extend(function.expressions()),
        RteKind::Subquery(_) | RteKind::Join(_) | RteKind::Cte(_) => {}
    }
}

impl TableFunc {
    /// Its expressions.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        match self {
            Self::Xml(xml) => {
                found.extend(xml.namespaces.iter().map(|(_, uri)| uri));
                found.push(&xml.document);
                found.push(&xml.row);
                for column in &xml.columns {
                    found.extend(&column.path);
                    found.extend(&column.default);
                }
            }
            Self::Json(json) => {
                found.push(&json.document);
                found.extend(json.passing.iter().map(|(_, value)| value));
                json_columns(&mut found, &json.root);
            }
        }
        found
    }
}

fn change_json_columns(path: &mut JsonTablePath, change: &mut dyn FnMut(&mut Expr)) {
    for column in &mut path.columns {
        match column {
            JsonTableColumn::Ordinality(_) => {}
            JsonTableColumn::Value(_, expr) => change(expr),
            JsonTableColumn::Nested(inner) => change_json_columns(inner, change),
        }
    }
}

fn change_range_table(kind: &mut RteKind, change: &mut dyn FnMut(&mut Expr)) {
    match kind {
        RteKind::Relation(relation) | RteKind::NamedRelation(relation) => {
            if let Some(sample) = &mut relation.sample {
                sample.args.iter_mut().for_each(&mut *change);
                sample.repeatable.iter_mut().for_each(&mut *change);
            }
        }
        RteKind::Function(function) => function.functions.iter_mut().for_each(|f| change(&mut f.expr)),
        RteKind::Values(values) => values.rows.iter_mut().flatten().for_each(change),
        RteKind::TableFunc(function) => match &mut **function {
            TableFunc::Xml(xml) => {
                xml.namespaces.iter_mut().for_each(|(_, uri)| change(uri));
                change(&mut xml.document);
                change(&mut xml.row);
                for column in &mut xml.columns {
                    column.path.iter_mut().for_each(&mut *change);
                    column.default.iter_mut().for_each(&mut *change);
                }
            }
            TableFunc::Json(json) => {
                change(&mut json.document);
                json.passing.iter_mut().for_each(|(_, value)| change(value));
                change_json_columns(&mut json.root, change);
            }
        },
        RteKind::Subquery(_) | RteKind::Join(_) | RteKind::Cte(_) => {}
    }
}

impl Query {
    /// The expressions that belong to this query itself: not those of subqueries in `FROM`, `WITH` or expressions.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        targets(&mut found, &self.target_list);
        if let Some(conflict) = &self.on_conflict {
            found.extend(conflict.elements.iter().map(|element| &element.expr));
            found.extend(&conflict.arbiter_where);
            match &conflict.action {
                OnConflictAction::Nothing => {}
                OnConflictAction::Update(list, condition) => {
                    targets(&mut found, list);
                    found.extend(condition);
                }
            }
        }
        for action in &self.merge_actions {
            found.extend(&action.condition);
            targets(&mut found, &action.target_list);
        }
        found.extend(&self.merge_condition);
        targets(&mut found, &self.returning);
        let mut waiting: Vec<&FromItem> = self.jointree.items.iter().rev().collect();
        while let Some(item) = waiting.pop() {
            if let FromItem::Join(join) = item {
                waiting.push(&join.right);
                waiting.push(&join.left);
                found.extend(&join.quals);
            }
        }
        found.extend(&self.jointree.quals);
        found.extend(&self.having);
        found.extend(&self.limit_offset);
        found.extend(&self.limit_count);
        for frame in self.windows.iter().filter_map(|window| window.frame.as_ref()) {
            for bound in [&frame.start, &frame.end] {
                match bound {
                    FrameBound::Preceding(offset) | FrameBound::Following(offset) => found.push(offset),
                    FrameBound::UnboundedPreceding | FrameBound::CurrentRow | FrameBound::UnboundedFollowing => {}
                }
            }
        }
        for entry in &self.rtable {
            range_table(&mut found, &entry.kind);
        }
        found
    }

    /// Does something with each of the expressions that [`Self::expressions`] gives.
    pub fn change_expressions(&mut self, change: &mut dyn FnMut(&mut Expr)) {
        let all = |list: &mut Vec<TargetEntry>, change: &mut dyn FnMut(&mut Expr)| {
            for target in list {
                change(&mut target.expr);
            }
        };
        all(&mut self.target_list, change);
        if let Some(conflict) = &mut self.on_conflict {
            conflict.elements.iter_mut().for_each(|element| change(&mut element.expr));
            conflict.arbiter_where.iter_mut().for_each(&mut *change);
            match &mut conflict.action {
                OnConflictAction::Nothing => {}
                OnConflictAction::Update(list, condition) => {
                    all(list, change);
                    condition.iter_mut().for_each(&mut *change);
                }
            }
        }
        for action in &mut self.merge_actions {
            action.condition.iter_mut().for_each(&mut *change);
            all(&mut action.target_list, change);
        }
        self.merge_condition.iter_mut().for_each(&mut *change);
        all(&mut self.returning, change);
        let mut waiting: Vec<&mut FromItem> = self.jointree.items.iter_mut().collect();
        while let Some(item) = waiting.pop() {
            if let FromItem::Join(join) = item {
                join.quals.iter_mut().for_each(&mut *change);
                waiting.extend([&mut join.right, &mut join.left]);
            }
        }
        let singles = [&mut self.jointree.quals, &mut self.having, &mut self.limit_offset, &mut self.limit_count];
        singles.into_iter().flatten().for_each(&mut *change);
        for frame in self.windows.iter_mut().filter_map(|window| window.frame.as_mut()) {
            for bound in [&mut frame.start, &mut frame.end] {
                match bound {
                    FrameBound::Preceding(offset) | FrameBound::Following(offset) => change(offset),
                    FrameBound::UnboundedPreceding | FrameBound::CurrentRow | FrameBound::UnboundedFollowing => {}
                }
            }
        }
        for entry in &mut self.rtable {
            change_range_table(&mut entry.kind, change);
        }
    }

    /// The queries of its `WITH` and `FROM`, to be changed in place.
    #[must_use]
    pub fn subqueries_mut(&mut self) -> Vec<&mut Query> {
        let ctes = self.ctes.iter_mut().map(|cte| &mut *cte.query);
        let entries = self.rtable.iter_mut().filter_map(|entry| match &mut entry.kind {
            RteKind::Subquery(query) => Some(&mut **query),
            RteKind::Relation(_)
            | RteKind::NamedRelation(_)
            | RteKind::Join(_)
            | RteKind::Function(_)
            | RteKind::TableFunc(_)
            | RteKind::Values(_)
            | RteKind::Cte(_) => None,
        });
        ctes.chain(entries).collect()
    }

    /// The queries of its `WITH` and `FROM`.
    #[must_use]
    pub fn subqueries(&self) -> Vec<&Query> {
        let ctes = self.ctes.iter().map(|cte| &*cte.query);
        let entries = self.rtable.iter().filter_map(|entry| match &entry.kind {
            RteKind::Subquery(query) => Some(&**query),
            RteKind::Relation(_)
            | RteKind::NamedRelation(_)
            | RteKind::Join(_)
            | RteKind::Function(_)
            | RteKind::TableFunc(_)
            | RteKind::Values(_)
            | RteKind::Cte(_) => None,
        });
        ctes.chain(entries).collect()
    }

    /// How many nodes the longest way down has, subqueries and expressions included.
    #[must_use]
    pub fn depth(&self) -> usize {
        depth(Part::Query(self))
    }

    /// Visits this query and everything below it, with how many queries further in each one is.
    pub fn visit_queries<'a>(&'a self, visitor: &mut impl FnMut(&'a Query, u32)) {
        let mut waiting = vec![(self, 0)];
        while let Some((query, level)) = waiting.pop() {
            visitor(query, level);
            for expr in query.expressions() {
                expr.visit(&mut |e| {
                    if let Expr::SubLink(SubLink { query, .. }) = e {
                        waiting.push((query, level + 1));
                    }
                });
            }
            waiting.extend(query.subqueries().into_iter().map(|inner| (inner, level + 1)));
        }
    }

    /// Whether any expression in it or below it satisfies a condition.
    pub fn any(&self, condition: &mut dyn FnMut(&Expr) -> bool) -> bool {
        let mut found = false;
        self.visit_queries(&mut |query, _| {
            found = found || query.expressions().into_iter().any(|expr| expr.any(&mut *condition));
        });
        found
    }
}

impl Expr {
    /// Visits this node and everything below it, into subqueries too, with how many queries further in each node is.
    pub fn visit_levels<'a>(&'a self, visitor: &mut impl FnMut(&'a Expr, u32)) {
        let mut links: Vec<(&'a Query, u32)> = Vec::new();
        self.visit(&mut |e| {
            visitor(e, 0);
            if let Expr::SubLink(link) = e {
                links.push((&link.query, 1));
            }
        });
        for (query, base) in links {
            query.visit_queries(&mut |inner, level| {
                for expr in inner.expressions() {
                    expr.visit(&mut |e| visitor(e, base + level));
                }
            });
        }
    }
}
