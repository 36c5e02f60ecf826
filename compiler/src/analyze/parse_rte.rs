//! New entries of the range table, with what can be named of them.
//!
//! Follows the `addRangeTableEntryFor…` functions, parse_relation.c (PG 18).

use pg_query::protobuf::{Alias as RawAlias, RangeVar};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::is_complex;
use super::parse_level::CteEntry;
use super::parse_node::{ParseState, require_own_database, strings_of};
use super::parse_polymorphic::is_polymorphic;
use super::parse_relation::{NamespaceColumn, NamespaceItem, WholeRow};
use crate::env::{ArgMode, Env, Major, Oid, ProcRow, RelationKind, RelationRow};
use crate::tree::{
    Alias, ColumnDefinition, CteRte, Expr, FunctionRte, JoinRte, Location, Query, RangeTblEntry, RangeTblFunction,
    RelationRte, RteKind, Syntactic, TableFunc, TargetEntry, ValuesRte, Var, VarReturning, expr_collation,
    expr_location, expr_type, expr_typmod,
};

/// The most columns that functions in `FROM` may have: `MaxTupleAttributeNumber`.
const MAX_COLUMNS: usize = 1664;

/// An alias as the tree has it.
pub(super) fn alias_of(raw: Option<&RawAlias>) -> Option<Alias> {
    raw.map(|a| Alias {
        name: a.aliasname.clone(),
        columns: strings_of(&a.colnames).into_iter().map(str::to_owned).collect(),
    })
}

/// Name, type, modifier and collation of a column.
pub(super) fn column(name: impl Into<String>, ty: Oid, typmod: i32, collation: Oid) -> ColumnDefinition {
    ColumnDefinition { name: name.into(), ty, typmod, collation }
}

/// The values of a query's result.
pub(super) fn outputs(query: &Query) -> impl Iterator<Item = &TargetEntry> {
    let list = match query.command {
        crate::tree::CommandType::Select => &query.target_list,
        _ => &query.returning,
    };
    list.iter().filter(|target| !target.junk)
}

/// The columns of a query's result, as others see them.
pub(super) fn output_columns(query: &Query) -> Vec<ColumnDefinition> {
    outputs(query)
        .map(|target| {
            let e = &target.expr;
            column(target.name.clone().unwrap_or_default(), expr_type(e), expr_typmod(e), expr_collation(e))
        })
        .collect()
}

fn too_many_names(name: &str, what: &str, have: usize, given: usize) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::INVALID_COLUMN_REFERENCE,
        format!("{what} \"{name}\" has {have} columns available but {given} columns specified"),
        -1,
    )
}

/// The relation that a name means; follows `parserOpenTable`.
pub(super) fn open_relation<'a>(ps: &ParseState<'a>, rv: &RangeVar) -> Analyzed<&'a RelationRow> {
    let schema = (!rv.schemaname.is_empty()).then_some(rv.schemaname.as_str());
    if !rv.catalogname.is_empty() {
        let shown = || format!("\"{}.{}.{}\"", rv.catalogname, rv.schemaname, rv.relname);
        require_own_database(ps.env, &rv.catalogname, shown, rv.location)?;
    }
    let Some(row) = ps.env.lookup_relation(ps.path, schema, &rv.relname) else {
        let shown = schema.map_or_else(|| rv.relname.clone(), |s| format!("{s}.{}", rv.relname));
        let error = AnalyzeError::rejected(
            sqlstate::UNDEFINED_TABLE,
            format!("relation \"{shown}\" does not exist"),
            rv.location,
        );
        let future = (0..=ps.outer.len()).filter_map(|up| ps.level_up(up));
        let future = schema.is_none() && future.flat_map(|l| &l.future_ctes).any(|name| *name == rv.relname);
        return Err(if future {
            error
                .detail(format!(
                    "There is a WITH item named \"{shown}\", but it cannot be referenced from this part of the query."
                ))
                .hint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.")
        } else {
            error
        });
    };
    match row.kind {
        RelationKind::Table
        | RelationKind::PartitionedTable
        | RelationKind::View
        | RelationKind::MaterializedView
        | RelationKind::ForeignTable
        | RelationKind::Sequence => Ok(row),
        RelationKind::CompositeType | RelationKind::Index | RelationKind::PartitionedIndex => {
            let index = row.kind != RelationKind::CompositeType;
            let message = match (ps.major() >= 15, index) {
                (true, _) => format!("cannot open relation \"{}\"", row.name.as_str()),
                (false, true) => format!("\"{}\" is an index", row.name.as_str()),
                (false, false) => format!("\"{}\" is a composite type", row.name.as_str()),
            };
            let error = AnalyzeError::rejected(sqlstate::WRONG_OBJECT_TYPE, message, rv.location);
            Err(match (ps.major() >= 15, index) {
                (true, true) => error.detail("This operation is not supported for indexes."),
                (true, false) => error.detail("This operation is not supported for composite types."),
                (false, _) => error,
            })
        }
    }
}

/// The names of an alias by the number of their column, empty for a dropped one; follows `buildRelationAliases`.
fn by_number(alias: Alias, relation: &RelationRow) -> Alias {
    let mut columns = Vec::with_capacity(alias.columns.len());
    for (name, column) in alias.columns.into_iter().zip(&relation.columns) {
        while i16::try_from(columns.len() + 1).is_ok_and(|next| next < column.number) {
            columns.push(String::new());
        }
        columns.push(name);
    }
    Alias { name: alias.name, columns }
}

impl ParseState<'_> {
    fn next_varno(&self) -> u32 {
        u32::try_from(self.level.rtable.len() + 1).unwrap_or(u32::MAX)
    }

    fn push_entry(&mut self, kind: RteKind, alias: Option<Alias>, eref: Alias, lateral: bool, in_from: bool) -> u32 {
        self.level.rtable.push(RangeTblEntry { kind, alias, eref, lateral, in_from });
        u32::try_from(self.level.rtable.len()).unwrap_or(u32::MAX)
    }

    /// A relation.
    pub(super) fn add_relation(
        &mut self,
        relation: &RelationRow,
        alias: Option<Alias>,
        inherits: bool,
        in_from: bool,
    ) -> Analyzed<NamespaceItem> {
        let names = alias.as_ref().map_or(&[][..], |a| a.columns.as_slice());
        let refname = alias.as_ref().map(|a| a.name.as_str());
        if names.len() > relation.columns.len() {
            let shown = refname.unwrap_or_else(|| relation.name.as_str());
            return Err(too_many_names(shown, "table", relation.columns.len(), names.len()));
        }
        let item = NamespaceItem::of_relation(relation, self.next_varno(), refname, names);
        let eref = Alias { name: item.refname.clone(), columns: item.columns.iter().map(|c| c.name.clone()).collect() };
        let rte = RelationRte { oid: relation.oid, inherits, sample: None };
        let alias = alias.map(|alias| by_number(alias, relation));
        self.push_entry(RteKind::Relation(rte), alias, eref, false, in_from);
        Ok(item)
    }

    /// An entry whose columns are known by name and type.
    #[expect(clippy::too_many_arguments, reason = "one for each thing that entries differ by")]
    fn add_columns(
        &mut self,
        kind: RteKind,
        alias: Option<Alias>,
        default_name: &str,
        what: &str,
        columns: &[ColumnDefinition],
        lateral: bool,
        in_from: bool,
        whole: WholeRow,
    ) -> Analyzed<NamespaceItem> {
        let refname = alias.as_ref().map_or(default_name, |a| a.name.as_str()).to_owned();
        let given = alias.as_ref().map_or(&[][..], |a| a.columns.as_slice());
        if given.len() > columns.len() {
            return Err(too_many_names(&refname, what, columns.len(), given.len()));
        }
        let names: Vec<String> =
            columns.iter().enumerate().map(|(i, c)| given.get(i).unwrap_or(&c.name).clone()).collect();
        let varno = self.next_varno();
        let items = (1_i16..)
            .zip(columns.iter().zip(&names))
            .map(|(attno, (c, name))| NamespaceColumn {
                name: name.clone(),
                in_star: true,
                var: Some(Var {
                    varno,
                    attno,
                    name: name.clone(),
                    ty: c.ty,
                    typmod: c.typmod,
                    collation: c.collation,
                    levels_up: 0,
                    returning: VarReturning::Default,
                    syntactic: Syntactic::default(),
                    location: Location::NONE,
                }),
            })
            .collect();
        let eref = Alias { name: refname.clone(), columns: names };
        self.push_entry(kind, alias, eref, lateral, in_from);
        Ok(NamespaceItem {
            relation: None,
            system_columns: false,
            varno,
            refname,
            columns: items,
            whole,
            relation_visible: true,
            columns_visible: true,
            lateral_only: false,
            lateral_ok: true,
            returning: VarReturning::Default,
        })
    }

    /// A subquery.
    pub(super) fn add_subquery(
        &mut self,
        query: Query,
        alias: Option<Alias>,
        lateral: bool,
        in_from: bool,
    ) -> Analyzed<NamespaceItem> {
        let columns = output_columns(&query);
        let named = alias.is_some();
        let mut item = self.add_columns(
            RteKind::Subquery(Box::new(query)),
            alias,
            "unnamed_subquery",
            "table",
            &columns,
            lateral,
            in_from,
            WholeRow::Var(Oid::RECORD),
        )?;
        item.relation_visible = named;
        Ok(item)
    }

    /// `VALUES`.
    pub(super) fn add_values(
        &mut self,
        rows: Vec<Vec<Expr>>,
        columns: Vec<ColumnDefinition>,
        alias: Option<Alias>,
        lateral: bool,
    ) -> Analyzed<NamespaceItem> {
        let named: Vec<ColumnDefinition> = columns
            .iter()
            .enumerate()
            .map(|(i, c)| column(format!("column{}", i + 1), c.ty, c.typmod, c.collation))
            .collect();
        self.add_columns(
            RteKind::Values(ValuesRte { rows, columns }),
            alias,
            "*VALUES*",
            "VALUES lists",
            &named,
            lateral,
            true,
            WholeRow::Var(Oid::RECORD),
        )
    }

    /// `XMLTABLE` or `JSON_TABLE`.
    pub(super) fn add_table_func(
        &mut self,
        function: TableFunc,
        columns: &[ColumnDefinition],
        alias: Option<Alias>,
        lateral: bool,
        location: i32,
    ) -> Analyzed<NamespaceItem> {
        if columns.len() > MAX_COLUMNS {
            return Err(AnalyzeError::rejected(
                sqlstate::TOO_MANY_COLUMNS,
                format!("functions in FROM can return at most {MAX_COLUMNS} columns"),
                location,
            ));
        }
        let (name, what) = match &function {
            TableFunc::Xml(_) => ("xmltable", "XMLTABLE function"),
            TableFunc::Json(_) => ("json_table", "JSON_TABLE function"),
        };
        self.add_columns(
            RteKind::TableFunc(Box::new(function)),
            alias,
            name,
            what,
            columns,
            lateral,
            true,
            WholeRow::Var(Oid::RECORD),
        )
    }

    /// A reference to a query of a `WITH`.
    pub(super) fn add_cte(&mut self, entry: &CteEntry, levels_up: u32, rv: &RangeVar) -> Analyzed<NamespaceItem> {
        let self_reference = !entry.analysed;
        if self_reference && entry.cte.columns.is_empty() {
            return Err(AnalyzeError::rejected(
                sqlstate::INVALID_RECURSION,
                format!(
                    "recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] recursive-term",
                    entry.name
                ),
                rv.location,
            ));
        }
        if entry.analysed && !entry.returns {
            return Err(AnalyzeError::rejected(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("WITH query \"{}\" does not have a RETURNING clause", entry.name),
                rv.location,
            ));
        }
        let mut columns = entry.cte.columns.clone();
        columns.extend(entry.extra.iter().cloned());
        let kind =
            RteKind::Cte(CteRte { name: entry.name.clone(), levels_up, self_reference, columns: columns.clone() });
        let mut item = self.add_columns(
            kind,
            alias_of(rv.alias.as_ref()),
            &rv.relname,
            "table",
            &columns,
            false,
            true,
            WholeRow::Var(Oid::RECORD),
        )?;
        if levels_up > 0 {
            // what SEARCH and CYCLE add is not part of a star inside
            for column in item.columns.iter_mut().skip(entry.cte.columns.len()) {
                column.in_star = false;
            }
        }
        Ok(item)
    }

    /// A join.
    pub(super) fn add_join(
        &mut self,
        join: JoinRte,
        mut columns: Vec<NamespaceColumn>,
        alias: Option<Alias>,
    ) -> Analyzed<NamespaceItem> {
        let refname = alias.as_ref().map_or("unnamed_join", |a| a.name.as_str()).to_owned();
        let given = alias.as_ref().map_or(&[][..], |a| a.columns.as_slice());
        if given.len() > columns.len() {
            return Err(too_many_names(&refname, "join expression", columns.len(), given.len()));
        }
        for (column, name) in columns.iter_mut().zip(given) {
            column.name.clone_from(name);
        }
        let eref = Alias { name: refname.clone(), columns: columns.iter().map(|c| c.name.clone()).collect() };
        let visible = alias.is_some();
        let varno = self.push_entry(RteKind::Join(join), alias, eref, false, true);
        Ok(NamespaceItem {
            relation: None,
            system_columns: false,
            varno,
            refname,
            columns,
            whole: WholeRow::Var(Oid::RECORD),
            relation_visible: visible,
            columns_visible: true,
            lateral_only: false,
            lateral_ok: true,
            returning: VarReturning::Default,
        })
    }

    /// Functions; follows `addRangeTableEntryForFunction`.
    pub(super) fn add_functions(
        &mut self,
        functions: Vec<FunctionItem>,
        ordinality: bool,
        alias: Option<Alias>,
        lateral: bool,
        location: i32,
    ) -> Analyzed<NamespaceItem> {
        let single = functions.len() == 1;
        let default_name = functions.first().map(|item| item.name.clone()).unwrap_or_default();
        let mut columns = Vec::new();
        let mut made = Vec::new();
        let mut whole = WholeRow::Var(Oid::RECORD);
        for item in functions {
            let returned = function_columns(self, &item, location)?;
            let FunctionItem { name, expr, definitions, .. } = item;
            let own = match returned {
                Returned::Row(own, row_type) => {
                    if single && !ordinality {
                        whole = WholeRow::Var(row_type);
                    }
                    own
                }
                Returned::Scalar(ty) => {
                    if single && !ordinality {
                        whole = WholeRow::Scalar;
                    }
                    // the only output argument names the column, else the alias does
                    let column_name = match (scalar_output(self.env, &expr), &alias) {
                        (Some(output), _) => output,
                        (None, Some(alias)) if single => alias.name.clone(),
                        (None, _) => name.clone(),
                    };
                    vec![column(column_name, ty, expr_typmod(&expr), expr_collation(&expr))]
                }
            };
            made.push(RangeTblFunction { expr, column_count: own.len(), definitions });
            columns.extend(own);
        }
        if ordinality {
            columns.push(column("ordinality", Oid::INT8, -1, Oid::INVALID));
        }
        let kind = RteKind::Function(FunctionRte { functions: made, ordinality });
        self.add_columns(kind, alias, &default_name, "table", &columns, lateral, true, whole)
    }
}

/// The name of the only output argument of a function; follows `get_func_result_name`.
fn scalar_output(env: &Env, expr: &Expr) -> Option<String> {
    let Expr::FuncExpr(call) = expr else { return None };
    let row = env.proc_by_oid(call.funcid)?;
    let mut outputs =
        row.parameters.iter().filter(|p| matches!(p.mode, ArgMode::Out | ArgMode::InOut | ArgMode::Table));
    match (outputs.next(), outputs.next()) {
        (Some(only), None) if only.name != *"" => Some(only.name.as_str().to_owned()),
        _ => None,
    }
}

/// A function in `FROM`, with its column definition list and the place of that.
pub(super) struct FunctionItem {
    pub(super) name: String,
    pub(super) expr: Expr,
    pub(super) definitions: Vec<ColumnDefinition>,
    pub(super) definitions_at: i32,
}

/// What a function in `FROM` returns.
pub(super) enum Returned {
    /// Rows of these columns, and their type.
    Row(Vec<ColumnDefinition>, Oid),
    /// Values of a type.
    Scalar(Oid),
}

/// The columns of a row type by its relation.
pub(super) fn relation_columns(row: &RelationRow) -> Vec<ColumnDefinition> {
    row.columns.iter().map(|c| column(c.name.as_str(), c.type_oid, c.typmod, c.collation)).collect()
}

fn function_columns(ps: &ParseState<'_>, item: &FunctionItem, location: i32) -> Analyzed<Returned> {
    let FunctionItem { name, expr, definitions, definitions_at } = item;
    let own = expr_location(expr);
    let location = if own >= 0 { own } else { location };
    let syntax = |message: String| {
        let at = if definitions.is_empty() { location } else { *definitions_at };
        AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, at)
    };
    let ty = expr_type(expr);
    let returned = result_of(ps, expr)?;
    match (&returned, definitions.as_slice()) {
        (None, []) => {
            return Err(syntax("a column definition list is required for functions returning \"record\"".to_owned()));
        }
        (None, _) => {}
        (Some(_), []) => {}
        (Some(Returned::Row(..)), _) if ty == Oid::RECORD => {
            return Err(syntax("a column definition list is redundant for a function with OUT parameters".to_owned()));
        }
        (Some(Returned::Row(..)), _) => {
            return Err(syntax(
                "a column definition list is redundant for a function returning a named composite type".to_owned(),
            ));
        }
        (Some(Returned::Scalar(_)), _) => {
            return Err(syntax(
                "a column definition list is only allowed for functions returning \"record\"".to_owned(),
            ));
        }
    }
    let returned = returned.unwrap_or_else(|| Returned::Row(definitions.clone(), Oid::RECORD));
    if let Returned::Scalar(scalar) = returned
        && ps.env.type_by_oid(scalar).is_some_and(|row| row.kind == crate::env::TypeKind::Pseudo)
        && scalar != Oid::VOID
    {
        return Err(AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            format!("function \"{name}\" in FROM has unsupported return type {}", ps.shown(scalar)),
            location,
        ));
    }
    Ok(returned)
}

/// What an expression returns as a row or a value, none for a record of unknown columns; follows `get_expr_result_type`.
pub(super) fn result_of(ps: &ParseState<'_>, expr: &Expr) -> Analyzed<Option<Returned>> {
    let env = ps.env;
    let ty = expr_type(expr);
    if ty == Oid::RECORD {
        return match expr {
            Expr::FuncExpr(call) => match env.proc_by_oid(call.funcid) {
                Some(row) => {
                    let args: Vec<Oid> = call.args.iter().map(expr_type).collect();
                    Ok(out_columns(env, row, &args)?.map(|columns| Returned::Row(columns, Oid::RECORD)))
                }
                None => Ok(None),
            },
            Expr::RowExpr(row) => {
                let columns = row.args.iter().zip(&row.colnames);
                let columns = columns.map(|(e, n)| column(n.clone(), expr_type(e), expr_typmod(e), expr_collation(e)));
                Ok(Some(Returned::Row(columns.collect(), Oid::RECORD)))
            }
            Expr::Var(var) => {
                Ok(super::parse_star::record_variable(ps, var)?.map(|columns| Returned::Row(columns, Oid::RECORD)))
            }
            _ => Ok(None),
        };
    }
    if is_complex(env, ty) {
        let base = env.base_type(ty);
        return Ok(env.relation_of_type(base).map(|row| Returned::Row(relation_columns(row), ty)));
    }
    Ok(Some(Returned::Scalar(ty)))
}

/// The columns that output arguments make; follows `build_function_result_tupdesc_t` and
/// `resolve_polymorphic_tupdesc`. None when there are not several.
pub(super) fn out_columns(env: &Env, row: &ProcRow, args: &[Oid]) -> Analyzed<Option<Vec<ColumnDefinition>>> {
    let outputs: Vec<_> =
        row.parameters.iter().filter(|p| matches!(p.mode, ArgMode::Out | ArgMode::InOut | ArgMode::Table)).collect();
    if outputs.is_empty() {
        return Ok(None);
    }
    let mut columns = Vec::with_capacity(outputs.len());
    for (i, output) in outputs.into_iter().enumerate() {
        let ty = if is_polymorphic(output.type_oid) {
            let mut declared = row.args.clone();
            let given: Vec<Oid> = args.iter().copied().take(declared.len()).collect();
            declared.truncate(given.len());
            super::parse_polymorphic::enforce_generic_type_consistency(env, &given, &mut declared, output.type_oid)?
        } else {
            output.type_oid
        };
        let name = if output.name == *"" { format!("column{}", i + 1) } else { output.name.as_str().to_owned() };
        columns.push(column(name, ty, -1, env.type_collation(ty)));
    }
    Ok(Some(columns))
}

/// A subquery in `FROM` needs a name before PG 16.
pub(super) fn require_alias(ps: &ParseState<'_>, values: bool, location: i32) -> Analyzed<()> {
    if ps.env.major() >= Major::V16 {
        return Ok(());
    }
    let what = if values { "VALUES" } else { "subquery" };
    Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, format!("{what} in FROM must have an alias"), location))
}
