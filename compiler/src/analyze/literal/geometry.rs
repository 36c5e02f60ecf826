//! Geometric literals.
//!
//! Follows geo_ops.c (PG 18).

use super::number::{float8, is_space, print_float8};
use super::{Normal, Refusal, invalid_syntax, reject};

struct Parser<'a> {
    name: &'static str,
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn new(name: &'static str, text: &'a str) -> Self {
        let mut p = Self { name, whole: text, rest: text };
        p.space();
        p
    }

    fn bad(&self) -> Refusal {
        invalid_syntax(self.name, self.whole)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(r) => {
                self.rest = r;
                self.space();
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), Refusal> {
        if self.eat(c) { Ok(()) } else { Err(self.bad()) }
    }

    fn number(&mut self) -> Result<f64, Refusal> {
        let end = self
            .rest
            .find(|c: char| matches!(c, ',' | '(' | ')' | '[' | ']' | '<' | '>' | '{' | '}') || is_space(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let shown = float8(word).map_err(|e| match e.sqlstate() {
            Some("22P02") => self.bad(),
            _ => e,
        })?;
        self.rest = rest;
        self.space();
        Ok(match shown.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            other => other.parse().map_err(|_| self.bad())?,
        })
    }

    fn pair(&mut self) -> Result<(f64, f64), Refusal> {
        let parenthesised = self.eat('(');
        let x = self.number()?;
        self.expect(',')?;
        let y = self.number()?;
        if parenthesised {
            self.expect(')')?;
        }
        Ok((x, y))
    }

    fn end(&self) -> Result<(), Refusal> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.bad()) }
    }

    /// Points with or without a frame; answers whether the frame was open (`[…]`).
    fn points(&mut self, count: Option<usize>) -> Result<(bool, Vec<(f64, f64)>), Refusal> {
        let open = self.eat('[');
        let mut framed = false;
        if !open && self.rest.starts_with('(') {
            // "((" frames the list; "(x,y)" alone is its first point
            let inner = self.rest.get(1..).unwrap_or("").trim_start_matches(is_space);
            if inner.starts_with('(') || self.is_flat_frame() {
                framed = true;
                self.eat('(');
            }
        }
        let mut out = vec![self.pair()?];
        while self.eat(',') {
            out.push(self.pair()?);
        }
        if open {
            self.expect(']')?;
        } else if framed {
            self.expect(')')?;
        }
        self.end()?;
        if count.is_some_and(|c| c != out.len()) {
            return Err(self.bad());
        }
        Ok((open, out))
    }

    /// Whether `(` opens a list of bare numbers, as in `(1,2,3,4)`.
    fn is_flat_frame(&self) -> bool {
        self.rest.split_once(')').is_some_and(|(inner, _)| inner.matches(',').count() > 1)
    }
}

fn show((x, y): (f64, f64)) -> String {
    format!("({},{})", print_float8(x), print_float8(y))
}

fn join(points: &[(f64, f64)]) -> String {
    points.iter().map(|p| show(*p)).collect::<Vec<_>>().join(",")
}

/// `point`.
pub(super) fn point(text: &str) -> Normal {
    let mut p = Parser::new("point", text);
    let pair = p.pair()?;
    p.end()?;
    Ok(show(pair))
}

/// `lseg`.
pub(super) fn lseg(text: &str) -> Normal {
    let (_, points) = Parser::new("lseg", text).points(Some(2))?;
    Ok(format!("[{}]", join(&points)))
}

/// `box`: upper right corner, then lower left.
pub(super) fn rectangle(text: &str) -> Normal {
    let (open, points) = Parser::new("box", text).points(Some(2))?;
    if open {
        return Err(invalid_syntax("box", text));
    }
    let [(ax, ay), (bx, by)] = points.as_slice() else {
        return Err(invalid_syntax("box", text));
    };
    let high = (ax.max(*bx), ay.max(*by));
    let low = (ax.min(*bx), ay.min(*by));
    Ok(join(&[high, low]))
}

/// `path`: open in brackets, closed in parentheses.
pub(super) fn path(text: &str) -> Normal {
    let (open, points) = Parser::new("path", text).points(None)?;
    let inner = join(&points);
    Ok(if open { format!("[{inner}]") } else { format!("({inner})") })
}

/// `polygon`.
pub(super) fn polygon(text: &str) -> Normal {
    let (open, points) = Parser::new("polygon", text).points(None)?;
    if open {
        return Err(invalid_syntax("polygon", text));
    }
    Ok(format!("({})", join(&points)))
}

/// `circle`: `<(x,y),r>`.
pub(super) fn circle(text: &str) -> Normal {
    let mut p = Parser::new("circle", text);
    let close = if p.eat('<') {
        Some('>')
    } else if p.rest.starts_with("((") || (p.rest.starts_with('(') && p.is_flat_frame()) {
        p.eat('(');
        Some(')')
    } else {
        None
    };
    let centre = p.pair()?;
    p.expect(',')?;
    let radius = p.number()?;
    if radius < 0.0 {
        return Err(p.bad());
    }
    if let Some(c) = close {
        p.expect(c)?;
    }
    p.end()?;
    Ok(format!("<{},{}>", show(centre), print_float8(radius)))
}

/// `line`: `{A,B,C}`, or two points that it goes through.
pub(super) fn line(text: &str) -> Normal {
    let mut p = Parser::new("line", text);
    if !p.eat('{') {
        let (_, points) = p.points(Some(2))?;
        let [from, to] = points.as_slice() else {
            return Err(invalid_syntax("line", text));
        };
        if from == to {
            return Err(reject("22P02", "invalid line specification: must be two distinct points"));
        }
        return Ok(line_through(*from, *to));
    }
    let a = p.number()?;
    p.expect(',')?;
    let b = p.number()?;
    p.expect(',')?;
    let c = p.number()?;
    p.expect('}')?;
    p.end()?;
    if a == 0.0 && b == 0.0 {
        return Err(reject("22P02", "invalid line specification: A and B cannot both be zero"));
    }
    Ok(format!("{{{},{},{}}}", print_float8(a), print_float8(b), print_float8(c)))
}

/// The line through two points; follows `line_construct`.
fn line_through(from: (f64, f64), to: (f64, f64)) -> String {
    #[allow(clippy::float_cmp)]
    let (vertical, level) = (from.0 == to.0, from.1 == to.1);
    let (a, b, c) = if vertical {
        (-1.0, 0.0, from.0)
    } else if level {
        (0.0, -1.0, from.1)
    } else {
        let slope = (to.1 - from.1) / (to.0 - from.0);
        let c = from.1 - slope * from.0;
        (slope, -1.0, if c == 0.0 { 0.0 } else { c })
    };
    format!("{{{},{},{}}}", print_float8(a), print_float8(b), print_float8(c))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(point(" ( 1 , 2.5 ) ").unwrap(), "(1,2.5)");
        assert_eq!(point("1,2").unwrap(), "(1,2)");
        assert_eq!(rectangle("(0,0),(1,1)").unwrap(), "(1,1),(0,0)");
        assert_eq!(lseg("[(0,0),(1,1)]").unwrap(), "[(0,0),(1,1)]");
        assert_eq!(path("((0,0),(1,1))").unwrap(), "((0,0),(1,1))");
        assert_eq!(polygon("(0,0),(1,1),(1,0)").unwrap(), "((0,0),(1,1),(1,0))");
        assert_eq!(circle("<(0,0),2>").unwrap(), "<(0,0),2>");
        assert_eq!(line("{1,-1,0}").unwrap(), "{1,-1,0}");
        assert!(point("x").is_err());
    }
}
