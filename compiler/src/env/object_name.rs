//! Names that the server makes up from others.
//!
//! Follows `makeObjectName`, indexcmds.c, and `pg_mbcliplen` for UTF-8 (PG 17).

/// The longest name, in bytes (`NAMEDATALEN - 1`).
pub const MAX_NAME_BYTES: usize = 63;

/// Cuts a text to at most so many bytes, never within a character.
#[must_use]
pub fn clip_name(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// `name1_name2_label` within the longest name: the longer of the two names is cut first, the label never.
#[must_use]
pub fn object_name(name1: &str, name2: Option<&str>, label: Option<&str>) -> String {
    let overhead = usize::from(name2.is_some()) + label.map_or(0, |label| label.len() + 1);
    let available = MAX_NAME_BYTES.saturating_sub(overhead);
    let (mut keep1, mut keep2) = (name1.len(), name2.map_or(0, str::len));
    while keep1 + keep2 > available {
        if keep1 > keep2 {
            keep1 -= 1;
        } else {
            keep2 -= 1;
        }
    }
    let mut name = clip_name(name1, keep1).to_owned();
    if let Some(name2) = name2 {
        name.push('_');
        name.push_str(clip_name(name2, keep2));
    }
    if let Some(label) = label {
        name.push('_');
        name.push_str(label);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_name_is_cut_first() {
        assert_eq!(object_name("t", Some("a"), Some("key")), "t_a_key");
        assert_eq!(object_name("", Some("mood"), None), "_mood");
        let long = "x".repeat(63);
        let name = object_name(&long, Some("id"), Some("seq"));
        assert_eq!(name, format!("{}_id_seq", "x".repeat(56)));
        assert_eq!(object_name("", Some(&long), Some("1")).len(), 63);
        assert_eq!(clip_name("éé", 3), "é");
    }
}
