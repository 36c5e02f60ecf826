//! Calls in the special syntax of the SQL standard.
//!
//! Follows `get_func_sql_syntax`, ruleutils.c (PG 15 and 18). Only the grammar makes such calls, and only of
//! built-in functions, so that the name with the number of arguments tells which syntax it was; `substring`
//! alone also needs the types.

use super::{DeparseError, Implicit, Printer};
use crate::env::Oid;
use crate::tree::{Expr, FuncExpr, expr_type};

impl<'a> Printer<'a> {
    /// Prints a call in its special syntax; false, with nothing printed, when it has none.
    pub(super) fn func_sql_syntax(&mut self, node: &'a FuncExpr) -> Result<bool, DeparseError> {
        let env = self.env;
        let Some(proc) = env.proc_by_oid(node.funcid) else {
            return Err(DeparseError::Missing { kind: "function", oid: node.funcid });
        };
        if proc.oid >= Oid::FIRST_USER {
            return Ok(false);
        }
        match (proc.name.as_str(), node.args.as_slice()) {
            ("timezone", [zone, value]) => {
                self.pieces(&[Text("("), Arg(value), Text(" AT TIME ZONE "), Arg(zone), Text(")")])
            }
            ("timezone", [value]) => self.pieces(&[Text("("), Arg(value), Text(" AT LOCAL)")]),
            ("overlaps", [a, b, c, d]) => self.pieces(&[
                Text("(("),
                Arg(a),
                Text(", "),
                Arg(b),
                Text(") OVERLAPS ("),
                Arg(c),
                Text(", "),
                Arg(d),
                Text("))"),
            ]),
            ("extract", [field, value]) => {
                let field = literal(field)?;
                if !env.is_plain_ident(field) {
                    return Err(DeparseError::Unsettled { what: format!("the field \"{field}\" of EXTRACT") });
                }
                self.pieces(&[Text("EXTRACT("), Text(field), Text(" FROM "), Arg(value), Text(")")])
            }
            ("is_normalized", [value]) => self.pieces(&[Text("("), Arg(value), Text(" IS NORMALIZED)")]),
            ("is_normalized", [value, form]) => {
                let form = literal(form)?;
                self.pieces(&[Text("("), Arg(value), Text(" IS "), Text(form), Text(" NORMALIZED)")])
            }
            ("pg_collation_for", [value]) => self.pieces(&[Text("COLLATION FOR ("), Arg(value), Text(")")]),
            ("normalize", [value]) => self.pieces(&[Text("NORMALIZE("), Arg(value), Text(")")]),
            ("normalize", [value, form]) => {
                let form = literal(form)?;
                self.pieces(&[Text("NORMALIZE("), Arg(value), Text(", "), Text(form), Text(")")])
            }
            ("overlay", [value, new, from]) => self.pieces(&[
                Text("OVERLAY("),
                Arg(value),
                Text(" PLACING "),
                Arg(new),
                Text(" FROM "),
                Arg(from),
                Text(")"),
            ]),
            ("overlay", [value, new, from, count]) => self.pieces(&[
                Text("OVERLAY("),
                Arg(value),
                Text(" PLACING "),
                Arg(new),
                Text(" FROM "),
                Arg(from),
                Text(" FOR "),
                Arg(count),
                Text(")"),
            ]),
            ("position", [value, wanted]) => {
                self.pieces(&[Text("POSITION(("), Arg(wanted), Text(") IN ("), Arg(value), Text("))")])
            }
            ("substring", [value, from]) if is_int4(from) => {
                self.pieces(&[Text("SUBSTRING("), Arg(value), Text(" FROM "), Arg(from), Text(")")])
            }
            ("substring", [value, from, count]) if is_int4(from) => self.pieces(&[
                Text("SUBSTRING("),
                Arg(value),
                Text(" FROM "),
                Arg(from),
                Text(" FOR "),
                Arg(count),
                Text(")"),
            ]),
            ("substring", [value, pattern, escape]) => self.pieces(&[
                Text("SUBSTRING("),
                Arg(value),
                Text(" SIMILAR "),
                Arg(pattern),
                Text(" ESCAPE "),
                Arg(escape),
                Text(")"),
            ]),
            ("btrim", args) => return self.trim("BOTH", args),
            ("ltrim", args) => return self.trim("LEADING", args),
            ("rtrim", args) => return self.trim("TRAILING", args),
            ("system_user", []) => self.pieces(&[Text("SYSTEM_USER")]),
            ("xmlexists", [path, value]) => {
                self.pieces(&[Text("XMLEXISTS(("), Arg(path), Text(") PASSING ("), Arg(value), Text("))")])
            }
            _ => return Ok(false),
        }?;
        Ok(true)
    }

    fn trim(&mut self, side: &'a str, args: &'a [Expr]) -> Result<bool, DeparseError> {
        match args {
            [value] => {
                self.pieces(&[Text("TRIM("), Text(side), Text(" FROM "), Arg(value), Text(")")])?;
            }
            [value, set] => {
                self.pieces(&[Text("TRIM("), Text(side), Text(" "), Arg(set), Text(" FROM "), Arg(value), Text(")")])?
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn pieces(&mut self, pieces: &[Piece<'a>]) -> Result<(), DeparseError> {
        for piece in pieces {
            match piece {
                Text(text) => self.push(text),
                Arg(expr) => self.expr(expr, Implicit::Hidden)?,
            }
        }
        Ok(())
    }
}

/// A part of a call's text.
enum Piece<'a> {
    Text(&'a str),
    Arg(&'a Expr),
}
use Piece::{Arg, Text};

fn is_int4(expr: &Expr) -> bool {
    expr_type(expr) == Oid::INT4
}

/// The word in a call that the grammar made a literal of.
fn literal(expr: &Expr) -> Result<&str, DeparseError> {
    match expr {
        Expr::Const(node) => node.value.as_deref(),
        _ => None,
    }
    .ok_or(DeparseError::Malformed { node: "call in SQL syntax" })
}
