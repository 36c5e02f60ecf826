//! SQL/XML: `XMLCONCAT`, `XMLELEMENT`, `XMLFOREST`, `XMLPARSE`, `XMLPI`, `XMLROOT`, `XMLSERIALIZE`
//! and `IS DOCUMENT`.
//!
//! Follows `transformXmlExpr` and `transformXmlSerialize`, parse_expr.c, and
//! `map_sql_identifier_to_xml_name`, xml.c (PG 18).

use pg_query::protobuf as raw;
use pg_query::protobuf::{Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, coerce_to_boolean, coerce_to_specific_type, coerce_to_target_type};
use super::parse_expr::{transform_child, transform_expr, type_name};
use super::parse_node::{ParseState, missing, raw_location, strings_of};
use crate::env::{Major, Oid};
use crate::tree::{Expr, Location, XmlExpr, XmlExprOp, XmlNamedArg, XmlOption};

fn option_of(raw_option: i32) -> XmlOption {
    match raw::XmlOptionType::try_from(raw_option) {
        Ok(raw::XmlOptionType::XmloptionContent) => XmlOption::Content,
        _ => XmlOption::Document,
    }
}

/// One of the constructors, or `IS DOCUMENT`.
pub(super) fn transform_xml(ps: &mut ParseState<'_>, x: &raw::XmlExpr) -> Analyzed<Expr> {
    let op = match raw::XmlExprOp::try_from(x.op) {
        Ok(raw::XmlExprOp::IsXmlconcat) => XmlExprOp::Concat,
        Ok(raw::XmlExprOp::IsXmlelement) => XmlExprOp::Element,
        Ok(raw::XmlExprOp::IsXmlforest) => XmlExprOp::Forest,
        Ok(raw::XmlExprOp::IsXmlparse) => XmlExprOp::Parse,
        Ok(raw::XmlExprOp::IsXmlpi) => XmlExprOp::Pi,
        Ok(raw::XmlExprOp::IsXmlroot) => XmlExprOp::Root,
        Ok(raw::XmlExprOp::IsDocument) => XmlExprOp::IsDocument,
        _ => return Err(missing("XML function")),
    };
    let named_args = named_args(ps, x, op)?;
    let mut args = Vec::with_capacity(x.args.len());
    for (i, r) in x.args.iter().enumerate() {
        let e = transform_expr(ps, r)?;
        args.push(coerce_arg(ps, e, op, i, raw_location(r))?);
    }
    Ok(Expr::XmlExpr(XmlExpr {
        op,
        name: (!x.name.is_empty()).then(|| xml_name(&x.name, false)),
        named_args,
        args,
        option: option_of(x.xmloption),
        indent: false,
        ty: Oid::XML,
        typmod: -1,
        location: Location::NONE,
    }))
}

fn named_args(ps: &mut ParseState<'_>, x: &raw::XmlExpr, op: XmlExprOp) -> Analyzed<Vec<XmlNamedArg>> {
    let syntax = |message: String, at: i32| AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, at);
    let mut out: Vec<XmlNamedArg> = Vec::new();
    for target in &x.named_args {
        let Some(node::Node::ResTarget(target)) = &target.node else {
            return Err(missing("XML argument"));
        };
        let arg = transform_child(ps, target.val.as_deref())?;
        let name = if target.name.is_empty() {
            match column_name(target.val.as_deref()) {
                Some(name) => xml_name(name, true),
                None => {
                    let what = if op == XmlExprOp::Element { "attribute" } else { "element" };
                    return Err(syntax(
                        format!("unnamed XML {what} value must be a column reference"),
                        target.location,
                    ));
                }
            }
        } else {
            xml_name(&target.name, false)
        };
        if op == XmlExprOp::Element && out.iter().any(|a| a.name == name) {
            return Err(syntax(format!("XML attribute name \"{name}\" appears more than once"), target.location));
        }
        out.push(XmlNamedArg { name, arg });
    }
    Ok(out)
}

fn column_name(raw_value: Option<&Node>) -> Option<&str> {
    match raw_value.and_then(|n| n.node.as_ref()) {
        Some(node::Node::ColumnRef(c)) => strings_of(&c.fields).last().copied(),
        _ => None,
    }
}

fn coerce_arg(ps: &ParseState<'_>, e: Expr, op: XmlExprOp, position: usize, at: i32) -> Analyzed<Expr> {
    let to = |e, ty, construct| coerce_to_specific_type(ps, e, ty, construct, at);
    match (op, position) {
        (XmlExprOp::Concat, _) => to(e, Oid::XML, "XMLCONCAT"),
        (XmlExprOp::Forest, _) => to(e, Oid::XML, "XMLFOREST"),
        (XmlExprOp::Parse, 0) => to(e, Oid::TEXT, "XMLPARSE"),
        (XmlExprOp::Parse, _) => coerce_to_boolean(ps, e, "XMLPARSE", at),
        (XmlExprOp::Pi, _) => to(e, Oid::TEXT, "XMLPI"),
        (XmlExprOp::Root, 0) => to(e, Oid::XML, "XMLROOT"),
        (XmlExprOp::Root, 1) => to(e, Oid::TEXT, "XMLROOT"),
        (XmlExprOp::Root, _) => to(e, Oid::INT4, "XMLROOT"),
        (XmlExprOp::IsDocument, _) => to(e, Oid::XML, "IS DOCUMENT"),
        (XmlExprOp::Element | XmlExprOp::Serialize, _) => Ok(e),
    }
}

/// `XMLSERIALIZE(… AS type)`.
pub(super) fn transform_xml_serialize(ps: &mut ParseState<'_>, x: &raw::XmlSerialize) -> Analyzed<Expr> {
    if x.indent {
        ps.require(Major::V16, "INDENT", x.location)?;
    }
    let at = x.expr.as_deref().map_or(-1, raw_location);
    let arg = transform_child(ps, x.expr.as_deref())?;
    let arg = coerce_to_specific_type(ps, arg, Oid::XML, "XMLSERIALIZE", at)?;
    let (ty, typmod) = type_name(ps, x.type_name.as_ref())?;
    let expr = Expr::XmlExpr(XmlExpr {
        op: XmlExprOp::Serialize,
        name: None,
        named_args: Vec::new(),
        args: vec![arg],
        option: option_of(x.xmloption),
        indent: x.indent,
        ty,
        typmod,
        location: Location::NONE,
    });
    coerce_to_target_type(ps, expr, ty, typmod, Coercion::implicit())?.ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::CANNOT_COERCE,
            format!("cannot cast XMLSERIALIZE result to {}", ps.shown(ty)),
            x.location,
        )
    })
}

/// An identifier as XML may write it; follows `map_sql_identifier_to_xml_name`.
fn xml_name(identifier: &str, fully_escaped: bool) -> String {
    let mut out = String::with_capacity(identifier.len());
    let starts_with_xml = identifier.get(..3).is_some_and(|p| p.eq_ignore_ascii_case("xml"));
    let mut chars = identifier.chars().enumerate().peekable();
    while let Some((i, c)) = chars.next() {
        let first = i == 0;
        if c == ':' && (first || fully_escaped) {
            out.push_str("_x003A_");
        } else if c == '_' && chars.peek().is_some_and(|(_, n)| *n == 'x') {
            out.push_str("_x005F_");
        } else if fully_escaped && first && starts_with_xml {
            out.push_str(if c == 'x' { "_x0078_" } else { "_x0058_" });
        } else {
            let valid = if first { is_name_first(c) } else { is_name_char(c) };
            if valid {
                out.push(c);
            } else {
                out.push_str(&format!("_x{:04X}_", u32::from(c)));
            }
        }
    }
    out
}

fn is_name_first(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == ':'
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-') || c == '\u{b7}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_become_xml_names() {
        assert_eq!(xml_name("foo bar", false), "foo_x0020_bar");
        assert_eq!(xml_name("xmlthing", true), "_x0078_mlthing");
        assert_eq!(xml_name("a_x", false), "a_x005F_x");
        assert_eq!(xml_name("1a", false), "_x0031_a");
    }
}
