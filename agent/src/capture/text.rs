//! Splitting what the server prints: lists of expressions, keys of index definitions, conditions of triggers, parts of rules.
//!
//! The server's printer puts every comma of an expression inside parentheses or brackets, doubles quotes inside quotes, and
//! doubles backslashes, so a scan that knows quotes and brackets is exact. Dollar quotes are never printed here.

/// Walks over a printed text and calls `visit` with the offset and character of everything outside quotes, and with the depth of
/// brackets around it (an opening bracket counts as outside, a closing one as inside itself); stops when it returns false.
fn scan(text: &str, mut visit: impl FnMut(usize, char, usize) -> bool) {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
            }
            None => {
                match c {
                    '\'' | '"' => quote = Some(c),
                    _ => {}
                }
                if !visit(at, c, depth) {
                    return;
                }
                match c {
                    '(' | '[' => depth += 1,
                    ')' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }
}

/// Splits a printed list at its outermost commas.
pub(super) fn split_list(text: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    scan(text, |at, c, depth| {
        if c == ',' && depth == 0 {
            parts.push(text.get(start..at).unwrap_or_default().trim_start());
            start = at + 1;
        }
        true
    });
    parts.push(text.get(start..).unwrap_or_default().trim_start());
    parts
}

/// The text inside the first outermost parentheses at or after an offset, and the offset behind them.
fn inside_parentheses(text: &str, from: usize) -> Option<(&str, usize)> {
    let rest = text.get(from..)?;
    let (mut open, mut close) = (None, None);
    scan(rest, |at, c, depth| {
        match c {
            '(' if open.is_none() => open = Some((at, depth)),
            ')' => {
                if let Some((_, outer)) = open
                    && depth == outer + 1
                {
                    close = Some(at);
                    return false;
                }
            }
            _ => {}
        }
        true
    });
    let ((open, _), close) = (open?, close?);
    Some((rest.get(open + 1..close)?, from + close + 1))
}

/// The offset of a word outside quotes and brackets.
fn find_outside(text: &str, word: &str) -> Option<usize> {
    let mut found = None;
    scan(text, |at, _, depth| {
        if depth == 0 && text.get(at..).is_some_and(|rest| rest.starts_with(word)) {
            found = Some(at);
        }
        found.is_none()
    });
    found
}

/// The condition inside `WHEN (…)` of what `pg_get_triggerdef` prints.
pub(super) fn trigger_condition(definition: &str) -> Option<&str> {
    let at = find_outside(definition, " WHEN (")?;
    inside_parentheses(definition, at).map(|(inside, _)| inside)
}

/// The texts of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleParts<'a> {
    pub condition: Option<&'a str>,
    /// None for NOTHING.
    pub actions: Vec<&'a str>,
}

/// The condition and the actions of what `pg_get_ruledef` prints.
pub(super) fn rule_parts(definition: &str, instead: bool) -> Option<RuleParts<'_>> {
    let word = if instead { " DO INSTEAD" } else { " DO" };
    let mut found = None;
    scan(definition, |at, _, depth| {
        let behind = || definition.get(at..).and_then(|rest| rest.strip_prefix(word));
        if depth == 0 && behind().is_some_and(|rest| rest.starts_with([' ', '\n'])) {
            found = Some(at);
        }
        found.is_none()
    });
    let at = found?;
    let (before, after) = (definition.get(..at)?, definition.get(at + word.len()..)?);
    let condition = match find_outside(before, "\n   WHERE") {
        Some(start) => Some(before.get(start..)?.strip_prefix("\n   WHERE")?.trim()),
        None => None,
    };
    let after = after.trim().strip_suffix(';')?;
    if after == "NOTHING" {
        return Some(RuleParts { condition, actions: Vec::new() });
    }
    // several are in parentheses with a semicolon behind each, which no query has inside
    let several = inside_parentheses(after, 0)
        .filter(|(inside, end)| after.starts_with('(') && *end == after.len() && inside.ends_with(";\n"));
    let Some((inside, _)) = several else { return Some(RuleParts { condition, actions: vec![after] }) };
    let (mut actions, mut start) = (Vec::new(), 0);
    scan(inside, |at, c, depth| {
        if c == ';' && depth == 0 {
            actions.push(inside.get(start..at).unwrap_or_default().trim());
            start = at + 1;
        }
        true
    });
    Some(RuleParts { condition, actions })
}

/// What an index or partition key says besides its expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PrintedKey {
    /// There is a COLLATE.
    pub collation: bool,
    /// There is an operator class.
    pub opclass: bool,
}

/// Reads the keys of what `pg_get_indexdef` or `pg_get_partkeydef` print; only those over expressions are looked at closely.
pub(super) fn printed_keys(definition: &str) -> Option<Vec<PrintedKey>> {
    let keys = match find_outside(definition, " USING ") {
        Some(at) => inside_parentheses(definition, at)?.0,
        None => inside_parentheses(definition, 0)?.0,
    };
    Some(split_list(keys).into_iter().map(printed_key).collect())
}

fn printed_key(key: &str) -> PrintedKey {
    let end = inside_parentheses(key, 0).map_or(key.len(), |(_, end)| end);
    let rest = key.get(end..).unwrap_or_default().trim_start();
    let (collation, rest) = match rest.strip_prefix("COLLATE ") {
        Some(after) => {
            (true, after.get(find_outside(after, " ").unwrap_or(after.len())..).unwrap_or_default().trim_start())
        }
        None => (false, rest),
    };
    let opclass =
        !(rest.is_empty() || rest.starts_with("DESC") || rest.starts_with("ASC") || rest.starts_with("NULLS "));
    PrintedKey { collation, opclass }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_outside_quotes_and_brackets() {
        assert_eq!(
            split_list("lower(a), (b || ', '::text), ARRAY[1, 2]"),
            ["lower(a)", "(b || ', '::text)", "ARRAY[1, 2]"]
        );
        assert_eq!(split_list("\"a,b\", E'\\\\', 'it''s, so'"), ["\"a,b\"", "E'\\\\'", "'it''s, so'"]);
    }

    #[test]
    fn conditions_of_triggers() {
        let text = "CREATE TRIGGER \" WHEN (\" BEFORE UPDATE ON public.t FOR EACH ROW WHEN (((old.a)::text <> ')'::text)) \
                    EXECUTE FUNCTION public.f(' WHEN (x)')";
        assert_eq!(trigger_condition(text), Some("((old.a)::text <> ')'::text)"));
        assert_eq!(
            trigger_condition("CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(' WHEN (')"),
            None
        );
    }

    #[test]
    fn parts_of_rules() {
        let text = "CREATE RULE \" DO INSTEAD x\" AS\n    ON UPDATE TO app.t\n   WHERE (new.a = ' DO INSTEAD ;'::text) \
                    DO INSTEAD ( DELETE FROM app.u\n  WHERE (u.a = ';\n'::text);\n\n NOTIFY \"b;\";\n);";
        assert_eq!(
            rule_parts(text, true),
            Some(RuleParts {
                condition: Some("(new.a = ' DO INSTEAD ;'::text)"),
                actions: vec!["DELETE FROM app.u\n  WHERE (u.a = ';\n'::text)", "NOTIFY \"b;\""],
            })
        );
        let text = "CREATE RULE r AS\n    ON INSERT TO app.t\n   WHERE new.a IS DOCUMENT DO NOTHING;";
        let parts = RuleParts { condition: Some("new.a IS DOCUMENT"), actions: Vec::new() };
        assert_eq!(rule_parts(text, false), Some(parts));
        let text = "CREATE RULE r AS\n    ON UPDATE TO app.t DO INSTEAD ( SELECT 1 ORDER BY 1) UNION ( SELECT 2);";
        let parts = RuleParts { condition: None, actions: vec!["( SELECT 1 ORDER BY 1) UNION ( SELECT 2)"] };
        assert_eq!(rule_parts(text, true), Some(parts));
        assert_eq!(
            rule_parts("CREATE RULE r AS\n    ON UPDATE TO app.t DO\n NOTIFY a;", false).unwrap().actions,
            ["NOTIFY a"]
        );
    }

    #[test]
    fn keys_say_what_they_have() {
        let text = "CREATE INDEX \"x USING (\" ON public.t USING btree (a, lower(b) COLLATE pg_catalog.\"C\" DESC, \
                    ((c || 'x'::text)) public.my_ops (n='1') NULLS FIRST, (d))";
        let keys = printed_keys(text).unwrap();
        assert_eq!(keys[1], PrintedKey { collation: true, opclass: false });
        assert_eq!(keys[2], PrintedKey { collation: false, opclass: true });
        assert_eq!(keys[3], PrintedKey::default());
        assert_eq!(
            printed_keys("RANGE (a, lower(b) text_ops)").unwrap()[1],
            PrintedKey { collation: false, opclass: true }
        );
    }
}
