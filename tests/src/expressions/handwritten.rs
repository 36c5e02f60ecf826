//! Expressions that no catalog lists, from `handwritten.txt` and `user_objects.txt`: one a line, its place first.

use super::{Case, Place};

/// The expressions of `handwritten.txt`.
///
/// # Panics
/// When a line names no place.
pub fn cases() -> Vec<Case> {
    lines(include_str!("handwritten.txt"))
}

/// The expressions of `user_objects.txt`, for [`USER_OBJECTS`].
///
/// # Panics
/// When a line names no place.
pub fn over_user_objects() -> Vec<Case> {
    lines(include_str!("user_objects.txt"))
}

/// The schema that `user_objects.txt` is written for.
pub const USER_OBJECTS: &str = include_str!("user_objects.sql");

fn lines(text: &str) -> Vec<Case> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(case).collect()
}

fn case(line: &str) -> Case {
    let (place, text) = line.split_once(": ").unwrap_or_else(|| panic!("no place in: {line}"));
    match place.split_once(' ') {
        None if place == "check" => Case::check(text),
        None if place == "value" => Case::value(text),
        None if place == "index" => Case { place: Place::Index, text: text.to_owned() },
        None if place == "trigger" => Case { place: Place::Trigger, text: text.to_owned() },
        Some(("default", column)) => Case::default(column, text),
        Some(("domain", base)) => Case::domain(base, text),
        _ => panic!("no such place: {line}"),
    }
}
