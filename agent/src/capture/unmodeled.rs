//! What a database holds and facts cannot say: listed by kind and name, with the facts that each entry depends on.
//!
//! An entry outside the scope is kept only when it depends on a fact: a change of that fact would touch it.

use pgseal_catalog::{FactId, Kind, Name};

use super::address::{Address, ByNumbers, Numbers, class};
use super::build::{Build, Rest};
use super::error::CaptureError;
use super::session::Session;
use super::triggers::TriggerRow;

/// The kind of an entry for a partition whose concurrent detaching was begun and not finished.
pub(crate) const DETACHING: &str = "partition being detached";

/// An object of a kind that is not modelled, as `pg_identify_object` names it.
pub(super) struct OtherRow {
    pub class: u32,
    pub oid: u32,
    /// The attribute number, for what is about a column; else 0.
    pub column: i32,
    pub kind: String,
    pub schema: Option<String>,
    pub identity: String,
}

/// The catalogs whose rows are not modelled, each with a condition.
const OTHERS: &[(&str, &str, &str)] = &[
    ("pg_rewrite", "oid", "rulename <> '_RETURN'"),
    ("pg_policy", "oid", "true"),
    ("pg_foreign_data_wrapper", "oid", "true"),
    ("pg_foreign_server", "oid", "true"),
    ("pg_conversion", "oid", "true"),
    ("pg_ts_config", "oid", "true"),
    ("pg_ts_dict", "oid", "true"),
    ("pg_ts_parser", "oid", "true"),
    ("pg_ts_template", "oid", "true"),
    ("pg_statistic_ext", "oid", "true"),
    ("pg_publication", "oid", "true"),
    ("pg_publication_rel", "oid", "true"),
    ("pg_subscription", "oid", "subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"),
    ("pg_event_trigger", "oid", "true"),
    ("pg_language", "oid", "true"),
    ("pg_transform", "oid", "true"),
    ("pg_default_acl", "oid", "true"),
    ("pg_am", "oid", "true"),
    ("pg_opfamily", "oid", "true"),
    ("pg_opclass", "oid", "true"),
    ("pg_operator", "oid", "true"),
    ("pg_cast", "oid", "true"),
    ("pg_collation", "oid", "true"),
    // operators and functions added to families that initdb made
    ("pg_amop", "oid", "amopfamily < 16384"),
    ("pg_amproc", "oid", "amprocfamily < 16384"),
];

/// The objects whose privileges are others than those that they were made with, a row each.
const GRANTS: &str = "SELECT a.class, a.oid, a.sub, 'grants', i.schema, 'on ' || i.type || ' ' || i.identity FROM (\
     SELECT 'pg_class'::regclass::oid AS class, oid, 0 AS sub, relacl AS acl, \
     acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", relowner) AS base FROM pg_class \
     WHERE relacl IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
     UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, attacl, '{}' FROM pg_attribute \
     WHERE attacl IS NOT NULL AND NOT attisdropped \
     UNION ALL SELECT 'pg_proc'::regclass, oid, 0, proacl, acldefault('f', proowner) FROM pg_proc WHERE proacl IS NOT NULL \
     UNION ALL SELECT 'pg_type'::regclass, oid, 0, typacl, acldefault('T', typowner) FROM pg_type WHERE typacl IS NOT NULL \
     UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspacl, acldefault('n', nspowner) FROM pg_namespace \
     WHERE nspacl IS NOT NULL AND nspname !~ '^(pg_|information_schema$)') a \
     LEFT JOIN pg_init_privs p ON p.classoid = a.class AND p.objoid = a.oid AND p.objsubid = a.sub \
     LEFT JOIN pg_depend e ON e.classid = a.class AND e.objid = a.oid AND e.deptype = 'e', \
     LATERAL pg_identify_object(a.class, a.oid, a.sub) i WHERE a.acl::text IS DISTINCT FROM coalesce(p.initprivs, a.base)::text \
     AND (a.oid >= 16384 OR a.class = 'pg_namespace'::regclass) AND e.objid IS NULL AND i.identity IS NOT NULL";

pub(super) fn read_others(s: &mut Session<'_>) -> Result<Vec<OtherRow>, CaptureError> {
    let mut selects: Vec<String> = OTHERS
        .iter()
        .map(|(catalog, oid, condition)| {
            format!("SELECT '{catalog}'::regclass::oid AS class, {oid} AS oid FROM {catalog} WHERE {condition}")
        })
        .collect();
    selects.push("SELECT 'pg_user_mapping'::regclass::oid, umid FROM pg_user_mappings".to_owned());
    if s.major >= 15 {
        selects.push("SELECT 'pg_publication_namespace'::regclass::oid, oid FROM pg_publication_namespace".to_owned());
    }
    let sql = format!(
        "SELECT o.class, o.oid, 0, i.type, i.schema, i.identity FROM ({}) o LEFT JOIN pg_depend e ON e.classid = o.class \
         AND e.objid = o.oid AND e.deptype = 'e', LATERAL pg_identify_object(o.class, o.oid, 0) i \
         WHERE o.oid >= 16384 AND e.objid IS NULL AND i.identity IS NOT NULL \
         UNION ALL SELECT l.classoid, l.objoid, l.objsubid, 'security label', NULL, \
         l.provider || ' on ' || i.type || ' ' || i.identity FROM pg_seclabel l, \
         LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i \
         UNION ALL {GRANTS}",
        selects.join(" UNION ALL ")
    );
    s.rows("objects that are not modelled", &sql, |c| {
        Ok(OtherRow {
            class: c.next()?,
            oid: c.next()?,
            column: c.next()?,
            kind: c.next()?,
            schema: c.next()?,
            identity: c.next()?,
        })
    })
}

/// Lists what is not modelled. The edges come later.
pub(super) fn add_unmodeled(b: &mut Build<'_>, rest: &Rest) -> Result<Vec<bool>, CaptureError> {
    let mut list = List { in_scope: Vec::new() };
    list.relations(b)?;
    list.members_of_relations(b, &rest.triggers)?;
    list.types(b)?;
    list.routines(b)?;
    list.others(b, rest);
    list.dependencies_on_extensions(b);
    Ok(list.in_scope)
}

/// Which entries are in scope by themselves.
struct List {
    in_scope: Vec<bool>,
}

impl List {
    fn note(&mut self, b: &mut Build<'_>, kind: &str, schema: Option<&Name>, name: String) -> usize {
        let text = format!("{}:{name}", kind.replace(' ', "_"));
        let own = schema.is_some_and(|schema| schema.as_str().starts_with("pg_") || schema == "information_schema");
        let holds = b.scope.holds_unmodeled(if own { None } else { schema }, &text);
        self.in_scope.push(holds);
        b.note_unmodeled(kind, name, [])
    }

    /// Notes an object of a modelled kind that is outside the scope: it counts only where it depends on a fact.
    fn note_outside(&mut self, b: &mut Build<'_>, kind: &str, schema: &Name, name: String) -> usize {
        let entry = self.note(b, kind, Some(schema), name);
        if let Some(in_scope) = self.in_scope.get_mut(entry) {
            *in_scope = schema.as_str().starts_with("pg_") || schema == "information_schema";
        }
        entry
    }

    fn relations(&mut self, b: &mut Build<'_>) -> Result<(), CaptureError> {
        for row in &b.raw.classes {
            let at = (class::CLASS, row.oid);
            if b.is_member(at.0, at.1) || row.kind == 'c' {
                continue;
            }
            let schema = b.names.schema(row.schema)?.clone();
            let name = b.names.qualified(row.schema, &row.name)?.to_string();
            let fact = b.nodes.fact_at(at.0, at.1).cloned();
            if let Some(fact) = &fact
                && b.raw.detaching.contains(&row.oid)
            {
                let entry = self.note(b, DETACHING, Some(&schema), name.clone());
                b.add_need(entry, fact.clone());
            }
            if b.nodes.find(at, 0).is_some() {
                continue;
            }
            let entry = match row.kind {
                'v' => self.note_outside(b, "view", &schema, name),
                'm' => self.note_outside(b, "materialized view", &schema, name),
                'f' => self.note(b, "foreign table", Some(&schema), name),
                'r' | 'p' => self.note_outside(b, "table", &schema, name),
                'S' => self.note_outside(b, "sequence", &schema, name),
                _ => continue,
            };
            b.nodes.unmodeled(at.0, at.1, entry);
        }
        Ok(())
    }

    /// Indexes of materialized views outside the scope, triggers of foreign tables and of views outside the scope, indexes of constraints attached to plain ones.
    fn members_of_relations(&mut self, b: &mut Build<'_>, triggers: &[TriggerRow]) -> Result<(), CaptureError> {
        for row in &b.raw.indexes {
            let Some(table) = b.class(row.table) else { continue };
            let index = b.class_or_error(row.oid)?;
            let schema = b.names.schema(index.schema)?.clone();
            let name = b.names.qualified(index.schema, &index.name)?.to_string();
            let modeled = b.nodes.fact_at(class::CLASS, row.oid).is_some();
            if table.kind == 'm' && !modeled && !b.is_member(class::CLASS, table.oid) {
                let entry = self.note(b, "index", Some(&schema), name);
                b.nodes.unmodeled(class::CLASS, row.oid, entry);
            } else if b.is_owned_by_constraint(row.oid)
                && b.raw.parents(row.oid).first().is_some_and(|&parent| !b.is_owned_by_constraint(parent))
            {
                let needs = b.fact_of(class::CLASS, row.oid);
                let entry = self.note(b, "attached index of a constraint", Some(&schema), name);
                if let Some(fact) = needs {
                    b.add_need(entry, fact);
                }
            }
        }
        for row in triggers {
            let Some(table) = b.class(row.table) else { continue };
            let modeled = b.nodes.fact_at(class::TRIGGER, row.oid).is_some();
            if modeled || !matches!(table.kind, 'v' | 'f') || b.is_member(class::CLASS, table.oid) {
                continue;
            }
            let schema = b.names.schema(table.schema)?.clone();
            let name = format!("{} on {}", row.name, b.names.qualified(table.schema, &table.name)?);
            let entry = self.note(b, "trigger", Some(&schema), name);
            b.nodes.unmodeled(class::TRIGGER, row.oid, entry);
        }
        Ok(())
    }

    fn types(&mut self, b: &mut Build<'_>) -> Result<(), CaptureError> {
        let arrays: Numbers<u32> = b.raw.types.iter().map(|row| row.array).collect();
        for row in &b.raw.types {
            let at = (class::TYPE, row.oid);
            let is_array = arrays.contains(&row.oid);
            if !row.is_user() || is_array || b.is_member(at.0, at.1) || b.nodes.find(at, 0).is_some() {
                continue;
            }
            let schema = b.names.schema(row.schema)?.clone();
            if b.is_hidden(row.schema) {
                continue;
            }
            let name = b.names.qualified(row.schema, &row.name)?.to_string();
            let entry = match row.kind {
                'b' => self.note(b, "base type", Some(&schema), name),
                'p' => self.note(b, "shell type", Some(&schema), name),
                'd' => self.note_outside(b, "domain", &schema, name),
                'e' | 'r' => self.note_outside(b, "type", &schema, name),
                'c' if b.class(row.relation).is_some_and(|relation| relation.kind == 'c') => {
                    let entry = self.note_outside(b, "type", &schema, name);
                    b.nodes.unmodeled(class::CLASS, row.relation, entry);
                    entry
                }
                _ => continue,
            };
            b.nodes.unmodeled(at.0, at.1, entry);
        }
        Ok(())
    }

    fn routines(&mut self, b: &mut Build<'_>) -> Result<(), CaptureError> {
        for row in &b.raw.procs {
            let at = (class::PROC, row.oid);
            if !row.is_user() || b.is_member(at.0, at.1) || b.nodes.find(at, 0).is_some() || b.is_hidden(row.schema) {
                continue;
            }
            let schema = b.names.schema(row.schema)?.clone();
            let name = b.names.routine(row.oid)?.to_string();
            // the constructors of a range type are made with it
            if b.is_made_with_type(row.oid) {
                continue;
            }
            let entry = match row.kind {
                'a' => self.note_outside(b, "aggregate", &schema, name),
                'p' => self.note_outside(b, "procedure", &schema, name),
                _ => self.note_outside(b, "function", &schema, name),
            };
            b.nodes.unmodeled(at.0, at.1, entry);
        }
        Ok(())
    }

    fn others(&mut self, b: &mut Build<'_>, rest: &Rest) {
        let policies = rest.policies.iter().map(|row| ((class::POLICY, row.oid), row.table));
        let rules = rest.rules.iter().map(|row| ((class::REWRITE, row.oid), row.relation));
        let relations: ByNumbers<Address, u32> = policies.chain(rules).collect();
        // operators and functions of families that belong to an operator class, or to something of an extension
        let of_families = b.raw.depends.iter().filter(|edge| matches!(edge.of.0, class::AMOP | class::AMPROC));
        let of_others: Numbers<Address> = of_families
            .filter(|edge| edge.on.0 == class::OPCLASS && edge.kind == 'i' || b.is_member(edge.on.0, edge.on.1))
            .map(|edge| edge.of)
            .collect();
        for row in &rest.others {
            let schema = row.schema.as_deref().map(|text| text.trim_matches('"').replace("\"\"", "\""));
            let schema = schema.and_then(|text| Name::new(text).ok());
            if schema.as_ref().is_some_and(|schema| schema.as_str().starts_with("pg_temp")) {
                continue;
            }
            let within_another = of_others.contains(&(row.class, row.oid));
            if within_another || row.class == class::CAST && b.is_cast_of_type(row.oid) {
                continue;
            }
            if matches!(row.class, class::POLICY | class::REWRITE) {
                let relation = relations.get(&(row.class, row.oid)).copied();
                self.policy_or_rule(b, row, relation);
                continue;
            }
            let entry = self.note(b, &row.kind, schema.as_ref(), row.identity.clone());
            if matches!(row.kind.as_str(), "security label" | "grants") {
                let column = i16::try_from(row.column).ok().filter(|_| row.class == class::CLASS && row.column > 0);
                let column = column.and_then(|column| b.nodes.column_at(row.oid, column));
                let fact = column.or_else(|| b.nodes.covering(row.class, row.oid));
                if let Some(fact) = fact.and_then(|fact| b.nodes.id(fact).cloned()) {
                    b.add_need(entry, fact);
                }
            } else {
                b.nodes.unmodeled(row.class, row.oid, entry);
            }
        }
    }

    /// A policy or rule that is no fact: of a relation outside the scope, or of an extension's.
    fn policy_or_rule(&mut self, b: &mut Build<'_>, row: &OtherRow, relation: Option<u32>) {
        if b.nodes.fact_at(row.class, row.oid).is_some() {
            return;
        }
        // the server names no schema for them
        let of = relation.and_then(|relation| b.class(relation));
        let schema = of.and_then(|of| b.names.schema(of.schema).ok()).cloned();
        let entry = match (&schema, of) {
            (Some(schema), Some(of)) if !b.is_member(class::CLASS, of.oid) => {
                self.note_outside(b, &row.kind, schema, row.identity.clone())
            }
            _ => self.note(b, &row.kind, schema.as_ref(), row.identity.clone()),
        };
        b.nodes.unmodeled(row.class, row.oid, entry);
    }

    /// `ALTER … DEPENDS ON EXTENSION`.
    fn dependencies_on_extensions(&mut self, b: &mut Build<'_>) {
        let rows = b.raw.depends.iter().filter(|row| row.kind == 'x' && row.on.0 == class::EXTENSION);
        let found: Vec<(FactId, FactId)> =
            rows.filter_map(|row| Some((b.fact_of(row.of.0, row.of.1)?, b.fact_of(row.on.0, row.on.1)?))).collect();
        for (of, on) in found {
            let entry = self.note(b, "dependency on an extension", None, format!("{} on {}", of.in_words(), on.path()));
            b.add_need(entry, of);
            b.add_need(entry, on);
        }
    }
}

/// Drops the entries outside the scope that depend on no fact, and sorts the rest.
pub(super) fn finish(b: &mut Build<'_>, in_scope: &[bool]) {
    let mut kept = Vec::new();
    for (at, mut entry) in std::mem::take(&mut b.unmodeled).into_iter().enumerate() {
        entry.needs.retain(|id| b.catalog.contains(id));
        // everything in a schema leans on it: that alone makes nothing of another scope matter
        let matters = entry.needs.iter().any(|id| id.kind() != Kind::Schema);
        if in_scope.get(at).copied().unwrap_or(true) || matters {
            kept.push(entry);
        }
    }
    kept.sort_unstable();
    kept.dedup();
    b.unmodeled = kept;
}
