//! The same case with many lines: a limit must never first appear with the largest order of the year. The elements of
//! one list are repeated until there are enough; what the plugins before made of them is repeated alike.

use dukou_core::document::join;
use serde_json::Value;

use super::case::parsed;
use super::subject::Input;
use crate::projection::Projection;

/// Lines of a grown case.
pub(crate) const LINES: usize = 1_000;

/// The list whose length budgets are told for: the manifest's, else the first list among the needs.
pub(crate) fn list_of(stated: Option<&str>, needs: &Projection) -> Option<String> {
    let path = match stated {
        Some(path) => Some(path),
        None => needs
            .paths()
            .iter()
            .find_map(|path| path.split_once("[]").map(|(list, _)| list)),
    }?;
    let first = outermost(path);
    (!first.is_empty()).then(|| first.to_owned())
}

/// `list` of `list[].inner`: only outermost lists grow.
pub(crate) fn outermost(path: &str) -> &str {
    path.split("[]").next().unwrap_or_default()
}

/// The outermost lists that needs name.
pub(crate) fn needed_lists(needs: &Projection) -> Vec<String> {
    let paths = needs.paths().iter();
    paths
        .filter_map(|path| path.split_once("[]").map(|(list, _)| list.to_owned()))
        .collect()
}

/// The outermost lists of a body, empty ones included, with lone objects, which stand for a list of one.
pub(crate) fn lists(body: &str) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        let Some(members) = value.as_object() else { return };
        for (key, value) in members {
            let path = join(at, key);
            if value.is_object() || value.is_array() {
                out.push(path.clone());
            }
            walk(value, &path, out);
        }
    }
    let mut out = Vec::new();
    walk(&parsed(body), "", &mut out);
    out
}

/// `input` with `lines` elements in `list`, all records together, and the path of the list that grew. Where the plugin
/// is shown no such list, the lines of the documents are what grows. `None` if there is no element anywhere. A case that
/// is as long already comes back as it is.
pub(crate) fn grown(input: &Input, list: Option<&str>, lines: usize) -> Option<(Input, String)> {
    let by_source = list.and_then(|list| Some((by_source(input, list, lines)?, list.to_owned())));
    by_source.or_else(|| by_documents(input, lines))
}

fn by_source(input: &Input, list: &str, lines: usize) -> Option<Input> {
    let mut bodies: Vec<Value> = input.group.records.iter().map(|record| parsed(&record.body)).collect();
    let lengths: Vec<usize> = bodies
        .iter_mut()
        .map(|body| elements(body, list).map_or(0, |list| list.len()))
        .collect();
    let total: usize = lengths.iter().sum();
    let at = lengths.iter().position(|length| *length > 0)?;
    let mut grown = input.clone();
    let body = bodies.get_mut(at)?;
    let place = elements(body, list)?;
    let others = total - place.len();
    repeat(place, lines.saturating_sub(others));
    grown.group.records.get_mut(at)?.body = body.to_string();
    for document in &mut grown.before.documents {
        let mut body = parsed(&document.body);
        let Some((_, place)) = first_list(&mut body) else {
            continue;
        };
        let wanted = lines.saturating_mul(place.len()) / total;
        repeat(place, wanted);
        document.body = body.to_string();
    }
    Some(grown)
}

fn by_documents(input: &Input, lines: usize) -> Option<(Input, String)> {
    let mut grown = input.clone();
    for document in &mut grown.before.documents {
        let mut body = parsed(&document.body);
        if let Some((path, place)) = first_list(&mut body) {
            repeat(place, lines);
            document.body = body.to_string();
            return Some((grown, path));
        }
    }
    None
}

/// Repeats the elements in their order until there are `wanted`; never makes a list shorter.
fn repeat(list: &mut Vec<Value>, wanted: usize) {
    let once = list.clone();
    let missing = wanted.saturating_sub(once.len());
    list.extend(once.iter().cycle().take(missing).cloned());
}

/// The list at a dotted path. A lone object stands for a list of one, as everywhere with this source.
fn elements<'a>(body: &'a mut Value, path: &str) -> Option<&'a mut Vec<Value>> {
    let place = path.split('.').try_fold(body, |value, key| value.get_mut(key))?;
    if place.is_object() {
        *place = Value::Array(vec![place.take()]);
    }
    place.as_array_mut()
}

/// The first list of objects within a document, outer ones first, and its path.
fn first_list(value: &mut Value) -> Option<(String, &mut Vec<Value>)> {
    let is_lines = |value: &Value| {
        value
            .as_array()
            .is_some_and(|list| list.first().is_some_and(Value::is_object))
    };
    let members = value.as_object_mut()?;
    let own = members
        .iter()
        .find(|(_, value)| is_lines(value))
        .map(|(key, _)| key.clone());
    match own {
        Some(key) => Some((key.clone(), members.get_mut(&key)?.as_array_mut()?)),
        None => members.iter_mut().find_map(|(key, value)| {
            let (path, list) = first_list(value)?;
            Some((format!("{key}.{path}"), list))
        }),
    }
}

#[cfg(test)]
mod tests {
    use dukou_core::verdict::{Document, Group, Mapped, SourceRecord};

    use super::*;

    fn input(bodies: &[&str], documents: &[&str]) -> Input {
        let record = |body: &&str| SourceRecord {
            key: "CK1".to_owned(),
            received_at: "2026-11-03T10:00:00+08:00".to_owned(),
            body: (*body).to_owned(),
            extra: "{}".to_owned(),
        };
        let document = |body: &&str| Document {
            suffix: String::new(),
            body: (*body).to_owned(),
            extra: "{}".to_owned(),
        };
        Input {
            group: Group {
                key: "CK1".to_owned(),
                records: bodies.iter().map(record).collect(),
                extra: "{}".to_owned(),
            },
            before: Mapped {
                documents: documents.iter().map(document).collect(),
                omitted: Vec::new(),
            },
        }
    }

    fn lines(body: &str, path: &str) -> Vec<String> {
        let body: Value = serde_json::from_str(body).unwrap();
        let list = path.split('.').fold(&body, |value, key| &value[key]);
        list.as_array().unwrap().iter().map(Value::to_string).collect()
    }

    #[test]
    fn the_list_is_the_manifests_or_the_first_among_the_needs() {
        let needs = Projection::parse(&["order_no", "details_list[].price", "a.b[].c"]).unwrap();
        assert_eq!(list_of(None, &needs).as_deref(), Some("details_list"));
        assert_eq!(list_of(Some("a.b"), &needs).as_deref(), Some("a.b"));
        assert_eq!(list_of(None, &Projection::parse(&["order_no"]).unwrap()), None);
    }

    #[test]
    fn elements_are_repeated_in_their_order_with_their_number_tokens() {
        let input = input(&[r#"{"n":1,"list":[{"p":2.0000},{"p":1e+1}]}"#], &[]);
        let (grown, list) = grown(&input, Some("list"), 5).unwrap();
        assert_eq!(list, "list");
        let expected = [
            r#"{"p":2.0000}"#,
            r#"{"p":1e+1}"#,
            r#"{"p":2.0000}"#,
            r#"{"p":1e+1}"#,
            r#"{"p":2.0000}"#,
        ];
        assert_eq!(lines(&grown.group.records[0].body, "list"), expected);
    }

    #[test]
    fn a_group_of_several_records_has_the_wanted_number_together() {
        let input = input(
            &[r#"{"list":""}"#, r#"{"list":{"p":1}}"#, r#"{"list":[{"p":2},{"p":3}]}"#],
            &[],
        );
        let (grown, _) = grown(&input, Some("list"), 10).unwrap();
        assert_eq!(grown.group.records[0], input.group.records[0]);
        assert_eq!(lines(&grown.group.records[1].body, "list").len(), 8);
        assert_eq!(grown.group.records[2], input.group.records[2]);
    }

    #[test]
    fn documents_grow_with_the_source() {
        let document = r#"{"dto":{"Code":"1","Lines":[{"q":1},{"q":2}]}}"#;
        let input = input(&[r#"{"list":[{"p":1},{"p":2},{"p":3},{"p":4}]}"#], &[document]);
        let (grown, _) = grown(&input, Some("list"), 100).unwrap();
        assert_eq!(lines(&grown.before.documents[0].body, "dto.Lines").len(), 50);
    }

    #[test]
    fn a_plugin_that_is_shown_no_list_meets_long_documents() {
        let document = r#"{"dto":{"Code":"1","Lines":[{"q":2.50}]}}"#;
        for list in [None, Some("list")] {
            let input = input(&[r#"{"shop":"s"}"#], &[r#"{"dto":{}}"#, document]);
            let (grown, list) = grown(&input, list, 30).unwrap();
            assert_eq!(list, "dto.Lines");
            assert_eq!(lines(&grown.before.documents[1].body, "dto.Lines").len(), 30);
            assert_eq!(grown.group, input.group);
        }
    }

    #[test]
    fn without_elements_there_is_nothing_to_grow_and_nothing_shrinks() {
        assert_eq!(grown(&input(&[r#"{"list":[]}"#], &[]), Some("list"), 10), None);
        assert_eq!(grown(&input(&[r#"{"list":null}"#], &[]), Some("list"), 10), None);
        assert_eq!(grown(&input(&["{}"], &[r#"{"dto":{"Code":"1"}}"#]), None, 10), None);
        let long = input(&[r#"{"list":[1,2,3]}"#], &[]);
        assert_eq!(grown(&long, Some("list"), 2), Some((long.clone(), "list".to_owned())));
    }
}
