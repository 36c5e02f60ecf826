//! SQL/XML.
//!
//! Follows the `T_XmlExpr` arm of `get_rule_expr`, ruleutils.c (PG 15, 18), and
//! `map_xml_name_to_sql_identifier`, xml.c.

use super::{DeparseError, Implicit, Printer};
use crate::env::Major;
use crate::tree::{Expr, XmlExpr, XmlExprOp, XmlOption};

const MALFORMED: DeparseError = DeparseError::Malformed { node: "XML expression" };

impl<'a> Printer<'a> {
    pub(super) fn xml_expr(&mut self, node: &'a XmlExpr) -> Result<(), DeparseError> {
        self.push(match node.op {
            XmlExprOp::Concat => "XMLCONCAT(",
            XmlExprOp::Element => "XMLELEMENT(",
            XmlExprOp::Forest => "XMLFOREST(",
            XmlExprOp::Parse => "XMLPARSE(",
            XmlExprOp::Pi => "XMLPI(",
            XmlExprOp::Root => "XMLROOT(",
            XmlExprOp::Serialize => "XMLSERIALIZE(",
            XmlExprOp::IsDocument => "",
        });
        if matches!(node.op, XmlExprOp::Parse | XmlExprOp::Serialize) {
            self.push(match node.option {
                XmlOption::Document => "DOCUMENT ",
                XmlOption::Content => "CONTENT ",
            });
        }
        let mut comma = false;
        if let Some(name) = &node.name {
            self.push("NAME ");
            self.push_ident(&unescape(name));
            comma = true;
        }
        if !node.named_args.is_empty() {
            let attributes = node.op != XmlExprOp::Forest;
            if attributes {
                self.push(if comma { ", XMLATTRIBUTES(" } else { "XMLATTRIBUTES(" });
                comma = false;
            }
            for named in &node.named_args {
                if comma {
                    self.push(", ");
                }
                self.expr(&named.arg, Implicit::Shown)?;
                self.push(" AS ");
                self.push_ident(&unescape(&named.name));
                comma = true;
            }
            if attributes {
                self.push(")");
            }
        }
        if !node.args.is_empty() {
            if comma {
                self.push(", ");
            }
            self.xml_args(node)?;
        }
        match node.op {
            XmlExprOp::IsDocument => {
                self.push(" IS DOCUMENT");
                return Ok(());
            }
            XmlExprOp::Serialize => {
                self.push(" AS ");
                self.out.push_str(&self.env.format_type(node.ty, node.typmod));
                if self.env.major() >= Major::V16 {
                    self.push(if node.indent { " INDENT" } else { " NO INDENT" });
                }
            }
            _ => {}
        }
        self.push(")");
        Ok(())
    }

    fn xml_args(&mut self, node: &'a XmlExpr) -> Result<(), DeparseError> {
        match (node.op, node.args.as_slice()) {
            (XmlExprOp::Parse, [value, Expr::Const(keep)]) => {
                self.expr(value, Implicit::Shown)?;
                let keep = keep.value.as_deref() == Some("t");
                self.push(if keep { " PRESERVE WHITESPACE" } else { " STRIP WHITESPACE" });
                Ok(())
            }
            (XmlExprOp::Root, [value, version, Expr::Const(standalone)]) => {
                self.expr(value, Implicit::Shown)?;
                self.push(", VERSION ");
                match version {
                    Expr::Const(literal) if literal.value.is_none() => self.push("NO VALUE"),
                    version => self.expr(version, Implicit::Hidden)?,
                }
                self.push(match standalone.value.as_deref() {
                    Some("0") => ", STANDALONE YES",
                    Some("1") => ", STANDALONE NO",
                    Some("2") => ", STANDALONE NO VALUE",
                    _ => "",
                });
                Ok(())
            }
            (XmlExprOp::Parse | XmlExprOp::Root, _) => Err(MALFORMED),
            (XmlExprOp::IsDocument, args) => self.list(args, Implicit::Hidden),
            (_, args) => self.list(args, Implicit::Shown),
        }
    }
}

/// Turns `_xHHHH_` back into the letter it stands for.
fn unescape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let escaped = rest
            .strip_prefix("_x")
            .and_then(|tail| Some((tail.get(..4)?, tail.get(4..)?.strip_prefix('_')?)))
            .and_then(|(hex, after)| Some((u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)?, after)));
        match escaped {
            Some((letter, after)) => {
                out.push(letter);
                rest = after;
            }
            None => {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}
