//! What differs between the verdict that is expected and the one that came, by JSON path.

use serde_json::{Map, Value};

/// Most differences that are told of one case.
const TOLD_MAX: usize = 30;

/// Every difference as a line: `path: expected …, found …`. Numbers are compared token by token (`2.0000` is not `2`), the
/// order of members counts, and of expected violations only what is written.
pub fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, found, false, &mut lines);
    if lines.len() > TOLD_MAX {
        let more = lines.len() - TOLD_MAX;
        lines.truncate(TOLD_MAX);
        lines.push(format!("… and {more} more"));
    }
    lines
}

fn compare(path: &str, expected: &Value, found: &Value, violation: bool, lines: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => compare_members(path, expected, found, violation, lines),
        (Value::Array(expected), Value::Array(found)) => {
            let violations = path == "rejected";
            for index in 0..expected.len().max(found.len()) {
                let path = format!("{path}[{index}]");
                match (expected.get(index), found.get(index)) {
                    (Some(expected), Some(found)) => compare(&path, expected, found, violations, lines),
                    (Some(expected), None) => lines.push(format!("{path}: missing, expected {}", short(expected))),
                    (None, Some(found)) => lines.push(format!("{path}: not expected, found {}", short(found))),
                    (None, None) => {}
                }
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => lines.push(format!("{path}: expected {}, found {}", short(expected), short(found))),
    }
}

fn compare_members(
    path: &str,
    expected: &Map<String, Value>,
    found: &Map<String, Value>,
    violation: bool,
    lines: &mut Vec<String>,
) {
    let before = lines.len();
    let inside = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, value) in expected {
        match found.get(name) {
            Some(found) => compare(&inside(name), value, found, false, lines),
            None => lines.push(format!("{}: missing, expected {}", inside(name), short(value))),
        }
    }
    if violation {
        return;
    }
    for (name, value) in found.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        lines.push(format!("{}: not expected, found {}", inside(name), short(value)));
    }
    // Only worth telling if the members themselves are the same.
    if lines.len() == before && !expected.keys().eq(found.keys()) {
        let order = |members: &Map<String, Value>| members.keys().cloned().collect::<Vec<_>>().join(", ");
        lines.push(format!(
            "{path}: expected the order {}, found {}",
            order(expected),
            order(found)
        ));
    }
}

/// A value as JSON, cut to 160 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(160) {
        None => text,
        Some((cut, _)) => format!("{}…", &text[..cut]),
    }
}
