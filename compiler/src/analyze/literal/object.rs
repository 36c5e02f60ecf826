//! Literals that name an object: `'t'::regclass`, `'f(int)'::regprocedure` and their kin.
//!
//! Follows regproc.c (PG 18). The normal form is what the output function prints under an empty
//! search path.

use pg_query::protobuf::node;

use super::super::error::sqlstate;
use super::{Normal, ParseState, Refusal, refuse, reject, truncated};
use crate::env::{Env, InDatabase, Oid, SearchPath};

/// The text search configurations that every database has.
const CONFIGURATIONS: [&str; 29] = [
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "simple",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

/// A literal of one of the `reg…` types.
pub(super) fn object(ps: &ParseState<'_>, ty: Oid, text: &str) -> Normal {
    if text == "-" && !matches!(ty, Oid::REGROLE) {
        return Ok("-".to_owned());
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refuse("unsupported.literal.oid-of-object", "a literal that names an object by its number"));
    }
    match ty {
        Oid::REGCLASS => regclass(ps, text),
        Oid::REGTYPE => regtype(ps, text),
        Oid::REGPROC => regproc(ps, text),
        Oid::REGPROCEDURE => regprocedure(ps, text),
        Oid::REGOPER => regoper(ps, text),
        Oid::REGOPERATOR => regoperator(ps, text),
        Oid::REGNAMESPACE => regnamespace(ps, text),
        Oid::REGCOLLATION => regcollation(ps, text),
        Oid::REGCONFIG => regconfig(ps, text, &CONFIGURATIONS, "configuration"),
        Oid::REGDICTIONARY => regconfig(ps, text, &["simple"], "dictionary"),
        // a role belongs to the cluster: no object of a database may depend on one
        _ => Err(reject(sqlstate::FEATURE_NOT_SUPPORTED, "constant of the type regrole cannot be used here")),
    }
}

/// `stringToQualifiedNameList`: dotted identifiers, folded unless quoted.
fn name_list(text: &str) -> Result<Vec<String>, Refusal> {
    let bad = || reject("42602", "invalid name syntax");
    let mut out = Vec::new();
    let mut rest = text.trim();
    loop {
        let mut name = String::new();
        if let Some(mut r) = rest.strip_prefix('"') {
            loop {
                let (part, after) = r.split_once('"').ok_or_else(bad)?;
                name.push_str(part);
                match after.strip_prefix('"') {
                    Some(after) => {
                        name.push('"');
                        r = after;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let end = rest.find(|c: char| c == '.' || c.is_ascii_whitespace()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            name.push_str(&word.to_ascii_lowercase());
            rest = after;
        }
        if name.is_empty() {
            return Err(bad());
        }
        out.push(truncated(&name).to_owned());
        rest = rest.trim_start();
        match rest.strip_prefix('.') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => return Ok(out),
            None => return Err(bad()),
        }
    }
}

/// Schema and name in a printed name; `None` when it is none.
pub(in crate::analyze) fn names_of(text: &str) -> Option<(Option<String>, String)> {
    let mut names = name_list(text).ok()?;
    let name = names.pop()?;
    let schema = names.pop();
    names.is_empty().then_some((schema, name))
}

/// Schema and name of a name list; a schema must exist.
fn qualified(env: &Env, text: &str) -> Result<(Option<String>, String), Refusal> {
    split(env, name_list(text)?)
}

/// Splits `[[database.]schema.]name`; follows `DeconstructQualifiedName` and `LookupExplicitNamespace`.
fn split(env: &Env, mut names: Vec<String>) -> Result<(Option<String>, String), Refusal> {
    let shown = names.join(".");
    let name = names.pop().unwrap_or_default();
    let schema = names.pop();
    match (names.pop(), names.is_empty()) {
        (None, _) => {}
        (Some(database), true) => require_own_database(env, &database, &shown)?,
        (Some(_), false) => {
            return Err(reject(
                sqlstate::SYNTAX_ERROR,
                format!("improper qualified name (too many dotted names): {shown}"),
            ));
        }
    }
    if let Some(schema) = &schema
        && !env.schema_exists(schema)
    {
        return Err(reject(sqlstate::UNDEFINED_SCHEMA, format!("schema \"{schema}\" does not exist")));
    }
    Ok((schema, name))
}

fn require_own_database(env: &Env, database: &str, shown: &str) -> Result<(), Refusal> {
    match env.surroundings().in_database(database) {
        InDatabase::Own => Ok(()),
        InDatabase::Other => Err(reject(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("cross-database references are not implemented: {shown}"),
        )),
        InDatabase::Unknown => {
            Err(refuse("unsupported.expression.database-name", "a name with the database's name in front"))
        }
    }
}

fn printed(env: &Env, schema: &str, name: &str, visible: bool) -> String {
    env.quote_qualified((!visible).then_some(schema), name)
}

fn regclass(ps: &ParseState<'_>, text: &str) -> Normal {
    let (schema, name) = match qualified(ps.env, text) {
        Err(Refusal::Rejected(r)) if r.sqlstate == sqlstate::UNDEFINED_SCHEMA => {
            return Err(reject(sqlstate::UNDEFINED_TABLE, format!("relation \"{text}\" does not exist")));
        }
        // in the words of `RangeVarGetRelidExtended`
        Err(Refusal::Rejected(r)) if r.sqlstate == sqlstate::FEATURE_NOT_SUPPORTED => {
            let message = match r.message.split_once(": ") {
                Some((words, name)) => format!("{words}: \"{name}\""),
                None => r.message,
            };
            return Err(reject(sqlstate::FEATURE_NOT_SUPPORTED, message));
        }
        other => other?,
    };
    let row = ps.env.lookup_relation(ps.path, schema.as_deref(), &name).ok_or_else(|| {
        let shown = schema.as_ref().map_or_else(|| name.clone(), |s| format!("{s}.{name}"));
        reject(sqlstate::UNDEFINED_TABLE, format!("relation \"{shown}\" does not exist"))
    })?;
    let visible = ps.env.relation_is_visible(&SearchPath::empty(), row.oid);
    Ok(printed(ps.env, &row.schema, &row.name, visible))
}

/// The type that a text names; follows `parseTypeString`.
fn type_by_text(ps: &ParseState<'_>, text: &str) -> Result<Oid, Refusal> {
    let bad = || reject(sqlstate::SYNTAX_ERROR, format!("invalid type name \"{text}\""));
    let parsed = crate::grammar::parse(&format!("SELECT CAST(NULL AS {text})")).map_err(|_| bad())?;
    let statement = parsed.protobuf.stmts.into_iter().next().and_then(|s| s.stmt).and_then(|s| s.node);
    let Some(node::Node::SelectStmt(select)) = statement else {
        return Err(bad());
    };
    let [target] = select.target_list.as_slice() else {
        return Err(bad());
    };
    let Some(node::Node::ResTarget(target)) = &target.node else {
        return Err(bad());
    };
    let Some(node::Node::TypeCast(cast)) = target.val.as_ref().and_then(|v| v.node.as_ref()) else {
        return Err(bad());
    };
    let name = cast.type_name.as_ref().ok_or_else(bad)?;
    ps.env.lookup_type_name(ps.path, name).map(|(oid, _)| oid).map_err(|e| reject(e.sqlstate(), e.to_string()))
}

fn regtype(ps: &ParseState<'_>, text: &str) -> Normal {
    Ok(ps.env.format_type(type_by_text(ps, text)?, -1))
}

/// Every function that a bare or qualified name means under a path.
fn procs<'a>(env: &'a Env, path: &SearchPath, schema: Option<&str>, name: &str) -> Vec<Oid> {
    let mut seen: Vec<(&'a [Oid], usize, Oid)> = Vec::new();
    for row in env.procs_named(name) {
        let position = match schema {
            Some(s) if row.schema.as_str() == s => 0,
            Some(_) => continue,
            None => match path.position(&row.schema) {
                Some(p) => p,
                None => continue,
            },
        };
        match seen.iter_mut().find(|(args, ..)| *args == row.args) {
            Some(slot) if slot.1 <= position => {}
            Some(slot) => *slot = (&row.args, position, row.oid),
            None => seen.push((&row.args, position, row.oid)),
        }
    }
    seen.into_iter().map(|(.., oid)| oid).collect()
}

fn regproc(ps: &ParseState<'_>, text: &str) -> Normal {
    let (schema, name) = qualified(ps.env, text)?;
    let found = procs(ps.env, ps.path, schema.as_deref(), &name);
    let [one] = found.as_slice() else {
        return Err(if found.is_empty() {
            reject(sqlstate::UNDEFINED_FUNCTION, format!("function \"{text}\" does not exist"))
        } else {
            reject(sqlstate::AMBIGUOUS_FUNCTION, format!("more than one function named \"{text}\""))
        });
    };
    let row = ps.env.proc_by_oid(*one).ok_or_else(|| reject(sqlstate::UNDEFINED_FUNCTION, "no such function"))?;
    let visible = procs(ps.env, &SearchPath::empty(), None, &row.name) == [*one];
    Ok(printed(ps.env, &row.schema, &row.name, visible))
}

/// Splits `name(type, type)`; follows `parseNameAndArgTypes`.
fn name_and_types(text: &str) -> Result<(&str, Vec<&str>), Refusal> {
    let mut quoted = false;
    let open = text
        .char_indices()
        .find(|(_, c)| {
            if *c == '"' {
                quoted = !quoted;
            }
            *c == '(' && !quoted
        })
        .map(|(i, _)| i)
        .ok_or_else(|| reject("22P02", "expected a left parenthesis"))?;
    let name = text.get(..open).unwrap_or("");
    let inner = text
        .get(open + 1..)
        .map(str::trim_end)
        .and_then(|t| t.strip_suffix(')'))
        .ok_or_else(|| reject("22P02", "expected a right parenthesis"))?;
    let mut types = Vec::new();
    let (mut depth, mut quoted, mut start) = (0_i32, false, 0_usize);
    for (i, c) in inner.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                types.push(inner.get(start..i).unwrap_or("").trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    let last = inner.get(start..).unwrap_or("").trim();
    if !(types.is_empty() && last.is_empty()) {
        types.push(last);
    }
    Ok((name, types))
}

fn regprocedure(ps: &ParseState<'_>, text: &str) -> Normal {
    let (name, types) = name_and_types(text)?;
    let (schema, name) = qualified(ps.env, name)?;
    let args = types.iter().map(|t| type_by_text(ps, t)).collect::<Result<Vec<_>, _>>()?;
    let row = ps
        .env
        .lookup_proc(ps.path, schema.as_deref(), &name, &args)
        .ok_or_else(|| reject(sqlstate::UNDEFINED_FUNCTION, format!("function \"{text}\" does not exist")))?;
    let visible = ps.env.function_is_visible(&SearchPath::empty(), row.oid);
    let shown: Vec<String> = args.iter().map(|a| ps.env.format_type(*a, -1)).collect();
    Ok(format!("{}({})", printed(ps.env, &row.schema, &row.name, visible), shown.join(",")))
}

/// Splits `schema.op` into schema and operator.
fn operator_name(env: &Env, text: &str) -> Result<(Option<String>, String), Refusal> {
    let text = text.trim();
    let start = text.find(|c: char| "+-*/<>=~!@#%^&|`?".contains(c)).unwrap_or(0);
    let (schema, op) = text.split_at(start);
    if schema.is_empty() {
        return Ok((None, op.to_owned()));
    }
    let schema = schema.strip_suffix('.').ok_or_else(|| reject("42602", "invalid name syntax"))?;
    let mut names = name_list(schema)?;
    names.push(op.to_owned());
    split(env, names)
}

fn operators(env: &Env, path: &SearchPath, schema: Option<&str>, name: &str) -> Vec<Oid> {
    env.operators_named(name)
        .filter(|o| match schema {
            Some(s) => o.schema.as_str() == s,
            None => path.position(&o.schema).is_some(),
        })
        .map(|o| o.oid)
        .collect()
}

fn regoper(ps: &ParseState<'_>, text: &str) -> Normal {
    if text == "0" {
        return Ok("0".to_owned());
    }
    let (schema, name) = operator_name(ps.env, text)?;
    let found = operators(ps.env, ps.path, schema.as_deref(), &name);
    let row = match found.as_slice() {
        [one] => ps.env.operator_by_oid(*one),
        [] => None,
        _ => {
            return Err(reject(sqlstate::AMBIGUOUS_FUNCTION, format!("more than one operator named {text}")));
        }
    };
    let row = row.ok_or_else(|| reject(sqlstate::UNDEFINED_FUNCTION, format!("operator does not exist: {text}")))?;
    let visible = operators(ps.env, &SearchPath::empty(), None, &name) == [row.oid];
    Ok(if visible { name } else { format!("{}.{name}", ps.env.quote_ident(&row.schema)) })
}

fn regoperator(ps: &ParseState<'_>, text: &str) -> Normal {
    if text == "0" {
        return Ok("0".to_owned());
    }
    let (name, types) = name_and_types(text)?;
    let (schema, name) = operator_name(ps.env, name)?;
    let [left, right] = types.as_slice() else {
        return Err(reject(sqlstate::TOO_MANY_ARGUMENTS, "expected two operand types"));
    };
    let side = |t: &str| {
        if t.eq_ignore_ascii_case("none") { Ok(Oid::INVALID) } else { type_by_text(ps, t) }
    };
    let (left, right) = (side(left)?, side(right)?);
    let row = ps
        .env
        .lookup_operator(ps.path, schema.as_deref(), &name, left, right)
        .ok_or_else(|| reject(sqlstate::UNDEFINED_FUNCTION, format!("operator does not exist: {text}")))?;
    let shown = |t: Oid| {
        if t.is_valid() { ps.env.format_type(t, -1) } else { "NONE".to_owned() }
    };
    let visible = ps.env.operator_is_visible(&SearchPath::empty(), row.oid);
    let prefix = if visible { String::new() } else { format!("{}.", ps.env.quote_ident(&row.schema)) };
    Ok(format!("{prefix}{name}({},{})", shown(left), shown(right)))
}

fn regnamespace(ps: &ParseState<'_>, text: &str) -> Normal {
    let names = name_list(text)?;
    match names.as_slice() {
        [one] if ps.env.schema_exists(one) => Ok(ps.env.quote_ident(one)),
        [one] => Err(reject(sqlstate::UNDEFINED_SCHEMA, format!("schema \"{one}\" does not exist"))),
        _ => Err(reject("42602", "invalid name syntax")),
    }
}

fn regcollation(ps: &ParseState<'_>, text: &str) -> Normal {
    let (schema, name) = qualified(ps.env, text)?;
    let row = ps.env.lookup_collation(ps.path, schema.as_deref(), &name).ok_or_else(|| {
        reject(sqlstate::UNDEFINED_OBJECT, format!("collation \"{text}\" for encoding \"UTF8\" does not exist"))
    })?;
    let visible = ps.env.collation_is_visible(&SearchPath::empty(), row.oid);
    Ok(printed(ps.env, &row.schema, &row.name, visible))
}

/// Text search objects of users are not known here: only those of every database are.
fn regconfig(ps: &ParseState<'_>, text: &str, known: &[&str], what: &str) -> Normal {
    let (schema, name) = qualified(ps.env, text)?;
    let built_in = known.contains(&name.as_str()) || (ps.major() >= 18 && name == "estonian");
    if built_in && schema.as_deref().is_none_or(|s| s == "pg_catalog") {
        return Ok(ps.env.quote_ident(&name));
    }
    Err(refuse("unsupported.literal.text-search-object", format!("text search {what} \"{name}\"")))
}
