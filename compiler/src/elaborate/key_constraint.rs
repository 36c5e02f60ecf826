//! Primary keys, unique and exclusion constraints.
//!
//! Follows `transformIndexConstraints` and `transformIndexConstraint`, parse_utilcmd.c, and `ATExecAddIndexConstraint`,
//! tablecmds.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::{ConstrType, Constraint as RawConstraint, IndexElem, Node};
use pgseal_catalog::facts::{Constraint, ConstraintKind, IndexStorage, KeyConstraint, KeyTarget, Payload, SortOrder};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::column_definition::constraint_type;
use super::error::{Elaborated, Problem};
use super::index::{NewIndex, Owner};
use super::names::{name, name_parts, names};
use super::options::set_options;
use super::run::Interpreter;
use crate::env::{Major, Oid};

impl Interpreter<'_> {
    /// Adds the keys of a new table: the primary key first, and none twice.
    pub(super) fn add_new_keys(&mut self, table: &QualifiedName, raw: &[RawConstraint]) -> Elaborated<()> {
        let mut list: Vec<NewIndex> = Vec::new();
        let mut sorted: Vec<&RawConstraint> = raw.iter().collect();
        sorted.sort_by_key(|key| constraint_type(key) != ConstrType::ConstrPrimary);
        for raw in sorted {
            let new = self.key_definition(table, raw).map_err(|p| p.at(raw.location))?;
            if new.owner == Owner::PrimaryKey && list.iter().any(|other| other.owner == Owner::PrimaryKey) {
                return Err(self.second_primary_key(table).at(raw.location));
            }
            let before = list.iter_mut().find(|other| {
                other.keys == new.keys
                    && other.include == new.include
                    && other.predicate == new.predicate
                    && other.method == new.method
                    && other.nulls_not_distinct == new.nulls_not_distinct
                    && other.deferrable == new.deferrable
                    && other.initially_deferred == new.initially_deferred
                    && operators(other) == operators(&new)
            });
            match before {
                Some(before) => {
                    if before.name.is_none() {
                        before.name = new.name;
                    }
                }
                None => list.push(new),
            }
        }
        for new in list {
            self.make_index(table, new, true)?;
        }
        Ok(())
    }

    fn second_primary_key(&self, table: &QualifiedName) -> Box<Problem> {
        Problem::invalid(
            "42P16",
            format!("multiple primary keys for table \"{}\" are not allowed", table.name.as_str()),
        )
    }

    /// Adds a key to a table that is there.
    pub(super) fn add_key(&mut self, table: &QualifiedName, raw: &RawConstraint, recurse: bool) -> Elaborated<()> {
        let primary = constraint_type(raw) == ConstrType::ConstrPrimary;
        if primary && self.model.constraints(table).any(|(_, c)| matches!(c.is, ConstraintKind::PrimaryKey(_))) {
            return Err(self.second_primary_key(table).at(raw.location));
        }
        if !raw.indexname.is_empty() {
            return self.add_key_using_index(table, raw, primary);
        }
        if primary {
            for column in names(&raw.keys)? {
                self.key_column_not_null(table, &column, recurse)?;
            }
        }
        let new = self.key_definition(table, raw).map_err(|p| p.at(raw.location))?;
        self.make_index(table, new, recurse)?;
        Ok(())
    }

    /// Makes a column of a new primary key not null.
    fn key_column_not_null(&mut self, table: &QualifiedName, column: &Name, recurse: bool) -> Elaborated<()> {
        if self.not_nulls_are_constraints() {
            if self.model.column(table, column).is_none() {
                return Err(Problem::undefined(
                    "42703",
                    format!("column \"{}\" of relation \"{}\" does not exist", column.as_str(), table.name.as_str()),
                    table.name.as_str(),
                ));
            }
            if self.not_null_of(table, column).is_some() {
                return Ok(());
            }
            let new = super::column_definition::NewNotNull {
                name: None,
                column: column.clone(),
                no_inherit: false,
                validated: true,
            };
            return self.add_not_null(table, &new, recurse, true, &std::collections::BTreeSet::new());
        }
        if self.model.column(table, column).is_some_and(|c| c.not_null) {
            return Ok(());
        }
        self.set_not_null(table, column, None, true, false)
    }

    /// What a key's index is.
    pub(super) fn key_definition(&self, table: &QualifiedName, raw: &RawConstraint) -> Elaborated<NewIndex> {
        let kind = constraint_type(raw);
        if raw.nulls_not_distinct && self.model.major() < Major::V15 {
            return Err(Problem::invalid(
                "42601",
                "syntax error: NULLS NOT DISTINCT is not known before PostgreSQL 15",
            ));
        }
        if raw.without_overlaps && self.model.major() < Major::V18 {
            return Err(Problem::invalid("42601", "syntax error: WITHOUT OVERLAPS is not known before PostgreSQL 18"));
        }
        let mut new = match kind {
            ConstrType::ConstrExclusion => self.exclusion_definition(table, raw)?,
            _ => {
                let mut params: Vec<Node> = Vec::new();
                for column in names(&raw.keys)? {
                    if params
                        .iter()
                        .any(|p| matches!(&p.node, Some(NodeEnum::IndexElem(e)) if e.name == column.as_str()))
                    {
                        let what = if kind == ConstrType::ConstrPrimary { "primary key" } else { "unique" };
                        return Err(Problem::invalid(
                            "42701",
                            format!("column \"{}\" appears twice in {what} constraint", column.as_str()),
                        ));
                    }
                    if self.model.column(table, &column).is_none() {
                        return Err(Problem::undefined(
                            "42703",
                            format!("column \"{}\" named in key does not exist", column.as_str()),
                            table.name.as_str(),
                        ));
                    }
                    let element = IndexElem { name: column.as_str().to_owned(), ..IndexElem::default() };
                    params.push(Node { node: Some(NodeEnum::IndexElem(Box::new(element))) });
                }
                let method = if raw.without_overlaps { "gist" } else { "btree" };
                let mut new = self.index_definition(table, method, &params)?;
                new.unique = true;
                new.owner = if kind == ConstrType::ConstrPrimary { Owner::PrimaryKey } else { Owner::Unique };
                if raw.without_overlaps {
                    self.check_overlaps(table, &new)?;
                }
                new
            }
        };
        new.nulls_not_distinct = raw.nulls_not_distinct;
        new.without_overlaps = raw.without_overlaps;
        new.deferrable = raw.deferrable;
        new.initially_deferred = raw.initdeferred;
        new.name = match raw.conname.as_str() {
            "" => None,
            text => Some(name(text)?),
        };
        self.index_include(table, &raw.including, &mut new)?;
        set_options(&mut new.options, &raw.options, self.options_of_index(new.method.as_str()))?;
        new.tablespace = self.index_tablespace(table, &raw.indexspace)?;
        if let Some(predicate) = &raw.where_clause {
            self.index_predicate(table, predicate, &mut new)?;
        }
        self.check_method(&new)?;
        Ok(new)
    }

    /// WITHOUT OVERLAPS needs a range at the end and something before it.
    fn check_overlaps(&self, table: &QualifiedName, new: &NewIndex) -> Elaborated<()> {
        if new.keys.len() < 2 {
            return Err(Problem::invalid("42601", "constraint using WITHOUT OVERLAPS needs at least two columns"));
        }
        let Some(KeyTarget::Column(last)) = new.keys.last().map(|key| &key.target) else { return Ok(()) };
        let row = self.model.relation_row(table).and_then(|row| row.column(last.as_str()));
        let base = row.map_or(Oid::INVALID, |row| self.model.env.base_type(row.type_oid));
        if self.model.env.range(base).is_none() && self.model.env.multirange(base).is_none() {
            return Err(Problem::invalid(
                "42804",
                format!("column \"{}\" in WITHOUT OVERLAPS is not a range or multirange type", last.as_str()),
            ));
        }
        Ok(())
    }

    fn exclusion_definition(&self, table: &QualifiedName, raw: &RawConstraint) -> Elaborated<NewIndex> {
        let mut params = Vec::new();
        let mut wanted = Vec::new();
        for pair in &raw.exclusions {
            let Some(NodeEnum::List(pair)) = &pair.node else {
                return Err(Problem::internal("an exclusion is no pair"));
            };
            let (Some(element), Some(operator)) = (pair.items.first(), pair.items.get(1)) else {
                return Err(Problem::internal("an exclusion is no pair"));
            };
            params.push(element.clone());
            wanted.push(name_parts(operator));
        }
        let method = if raw.access_method.is_empty() { "btree" } else { raw.access_method.as_str() };
        if matches!(method, "gin" | "brin") {
            return Err(Problem::invalid(
                "0A000",
                format!("access method \"{method}\" does not support exclusion constraints"),
            ));
        }
        let mut new = self.index_definition(table, method, &params)?;
        let row = self.index_method(method)?;
        let mut operators = Vec::new();
        for (param, parts) in params.iter().zip(&wanted) {
            let Some(NodeEnum::IndexElem(element)) = &param.node else { continue };
            let ty = match &element.expr {
                Some(expr) => self.model.index_key_over(table, &self.path, expr)?.ty,
                None => self
                    .model
                    .relation_row(table)
                    .and_then(|row| row.column(&element.name))
                    .map_or(Oid::INVALID, |column| column.type_oid),
            };
            let (opclass, input) = self.key_opclass(&row, &element.opclass, ty)?;
            operators.push(self.exclusion_operator(parts, ty, input, opclass, &mut new)?);
        }
        new.owner = Owner::Exclusion(operators);
        Ok(new)
    }

    /// The operator of an exclusion, as it is stored.
    fn exclusion_operator(
        &self,
        parts: &[String],
        ty: Oid,
        input: Oid,
        opclass: Oid,
        new: &mut NewIndex,
    ) -> Elaborated<String> {
        let env = &self.model.env;
        let (schema, operator) = self.split_name(parts)?;
        let base = env.base_type(ty);
        let found = [ty, base, input]
            .into_iter()
            .find_map(|ty| env.lookup_operator(&self.path, schema, operator, ty, ty))
            .cloned();
        let Some(found) = found else {
            let shown = env.format_type_be(ty);
            return Err(Problem::undefined(
                "42883",
                format!("operator does not exist: {shown} {operator} {shown}"),
                operator,
            ));
        };
        if found.commutator != found.oid {
            return Err(Problem::invalid("42809", format!("operator {operator} is not commutative"))
                .detail("Only commutative operators can be used in exclusion constraints."));
        }
        let family = env.opclass_by_oid(opclass).map_or(Oid::INVALID, |row| row.family);
        if env.operator_in_family(found.oid, family).is_none() {
            return Err(Problem::invalid(
                "42809",
                format!("operator {operator} is not a member of the operator family of its operator class"),
            )
            .detail("The exclusion operator must be related to the index operator class for the constraint."));
        }
        new.needs.extend(self.model.fact_of(found.oid).cloned());
        if found.schema == "pg_catalog" {
            return Ok(operator.to_owned());
        }
        Ok(format!("OPERATOR({}.{operator})", env.quote_ident(&found.schema)))
    }

    /// ADD CONSTRAINT … USING INDEX.
    fn add_key_using_index(&mut self, table: &QualifiedName, raw: &RawConstraint, primary: bool) -> Elaborated<()> {
        let given = name(&raw.indexname)?;
        let index = QualifiedName::new(table.schema.clone(), given.clone());
        let Some(found) = self.model.index(&index).cloned().filter(|found| found.table == *table) else {
            if self.is_index(&index) {
                return Err(Problem::invalid(
                    "55000",
                    format!("index \"{}\" does not belong to table \"{}\"", given.as_str(), table.name.as_str()),
                )
                .at(raw.location));
            }
            return Err(Problem::undefined(
                "42704",
                format!("index \"{}\" does not exist", given.as_str()),
                given.as_str(),
            )
            .at(raw.location));
        };
        let wrong = |message: String| Err(Problem::invalid("42809", message).at(raw.location));
        if self.model.table(table).is_some_and(|t| t.partition_key.is_some()) {
            return Err(Problem::invalid(
                "0A000",
                "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables",
            ));
        }
        let shown = given.as_str();
        if !found.storage.valid {
            return Err(Problem::invalid("55000", format!("index \"{shown}\" is not valid")).at(raw.location));
        }
        if !found.unique {
            return wrong(format!("\"{shown}\" is not a unique index"));
        }
        if found.keys.iter().any(|key| matches!(key.target, KeyTarget::Expression(_))) {
            return wrong(format!("index \"{shown}\" contains expressions"));
        }
        if found.predicate.is_some() {
            return wrong(format!("\"{shown}\" is a partial index"));
        }
        if found.method.as_str() != "btree" {
            return wrong(format!("index \"{shown}\" is not a btree"));
        }
        let mut columns = Vec::new();
        for (key, number) in found.keys.iter().zip(1_u16..) {
            let special = key.collation.is_some()
                || key.opclass.is_some()
                || !key.opclass_options.is_empty()
                || key.order != SortOrder::Ascending
                || key.nulls.is_some();
            if special {
                return wrong(format!(
                    "index \"{shown}\" column number {number} does not have default sorting behavior"
                ));
            }
            if let KeyTarget::Column(column) = &key.target {
                columns.push(column.clone());
            }
        }
        if primary {
            for column in &columns {
                self.key_column_not_null(table, column, true)?;
            }
        }
        let chosen = match raw.conname.as_str() {
            "" => given,
            text => name(text)?,
        };
        let comment = FactId::Comment(Box::new(FactId::Index(index.clone())));
        // the comment stays on the index, which is a part of the constraint now
        let comment = self.model.take(&comment).and_then(|fact| match &fact.payload {
            Payload::Comment(comment) => Some(comment.text.clone()),
            _ => None,
        });
        let id = FactId::Index(index.clone());
        let needs = self.model.take(&id).map(|fact| fact.needs.clone()).unwrap_or_default();
        if chosen != index.name {
            self.relation_is_free(&QualifiedName::new(table.schema.clone(), chosen.clone()))?;
        }
        self.constraint_is_free(table, &chosen)?;
        let key = KeyConstraint {
            columns,
            include: found.include,
            nulls_not_distinct: found.nulls_not_distinct,
            without_overlaps: false,
            index_keys: None,
            index: IndexStorage { comment, ..found.storage },
        };
        let constraint = Constraint {
            is: if primary { ConstraintKind::PrimaryKey(key) } else { ConstraintKind::Unique(key) },
            deferrable: raw.deferrable,
            initially_deferred: raw.initdeferred,
            validated: true,
            enforced: true,
            is_local: true,
            inherit_count: 0,
            parent: None,
            switched: Vec::new(),
        };
        let mut fact = Fact::new(FactId::Constraint(table.clone(), chosen.clone()), Payload::Constraint(constraint));
        fact.needs = needs;
        self.model.put(fact);
        self.replica_identity_follows(table, &index.name, &chosen)
    }

    /// REPLICA IDENTITY USING INDEX names an index that gets another name.
    pub(super) fn replica_identity_follows(
        &mut self,
        table: &QualifiedName,
        before: &Name,
        after: &Name,
    ) -> Elaborated<()> {
        use pgseal_catalog::facts::ReplicaIdentity;
        let named = self
            .model
            .table(table)
            .is_some_and(|t| matches!(&t.replica_identity, ReplicaIdentity::Index(index) if index == before));
        if named && before != after {
            self.edit_table(table, |t| t.replica_identity = ReplicaIdentity::Index(after.clone()))?;
        }
        Ok(())
    }
}

/// The operators of an exclusion constraint.
fn operators(new: &NewIndex) -> &[String] {
    match &new.owner {
        Owner::Exclusion(operators) => operators,
        _ => &[],
    }
}
