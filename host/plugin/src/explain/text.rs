//! Where the values of a JSON text stand, and the text with some of them changed in place. Nothing is parsed or
//! written anew: what a change does not touch keeps its bytes, number tokens included.

use std::collections::HashMap;
use std::ops::Range;

use crate::projection::MalformedJson;
use crate::projection::scan::{MAX_DEPTH, Scanner};

/// A value in a text that can be changed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// E.g. `details_list[0].price`.
    pub(crate) path: String,
    /// Bytes of the value.
    pub(crate) value: Range<usize>,
    /// Bytes that go when the value is removed: its key and one comma included.
    pub(crate) removal: Range<usize>,
    /// Whether it is an element of a list that holds more values, not a single value.
    pub(crate) element: bool,
}

/// All values of a text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spots {
    /// Single values, empty containers among them, and elements of lists; in the order of the text.
    pub(crate) all: Vec<Spot>,
    /// For each object: where a first member can be put, and whether it has members.
    objects: HashMap<String, (usize, bool)>,
    /// Number of elements of each list.
    lists: HashMap<String, usize>,
}

/// One replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    range: Range<usize>,
    text: String,
}

impl Spots {
    /// Finds every value of `text`.
    pub(crate) fn of(text: &str) -> Result<Self, MalformedJson> {
        let mut spots = Self::default();
        let mut scanner = Scanner::new(text);
        scanner.space();
        spots.value(&mut scanner, String::new(), 0, false)?;
        scanner.end()?;
        Ok(spots)
    }

    fn value(
        &mut self,
        scanner: &mut Scanner<'_>,
        path: String,
        depth: u32,
        element: bool,
    ) -> Result<(), MalformedJson> {
        let start = scanner.position();
        let open = scanner.peek();
        if depth >= MAX_DEPTH {
            return Err(scanner.error("nested too deeply"));
        }
        if open != b'{' && open != b'[' {
            scanner.skip_scalar()?;
            self.push(path, start..scanner.position(), false);
            return Ok(());
        }
        let object = open == b'{';
        let place = self.all.len();
        if element {
            self.push(path.clone(), start..start, true);
        }
        scanner.step();
        let inside = scanner.position();
        scanner.space();
        // First spot of each member, and where the member begins and ends.
        let mut members: Vec<(usize, Range<usize>)> = Vec::new();
        if scanner.peek() != open + 2 {
            loop {
                scanner.space();
                let begin = scanner.position();
                let first = self.all.len();
                let below = if object {
                    let key = scanner.key()?;
                    let name = scanner.text(key);
                    if path.is_empty() {
                        name.to_owned()
                    } else {
                        format!("{path}.{name}")
                    }
                } else {
                    format!("{path}[{}]", members.len())
                };
                self.value(scanner, below, depth + 1, !object)?;
                members.push((first, begin..scanner.position()));
                scanner.space();
                match scanner.peek() {
                    b',' => scanner.step(),
                    byte if byte == open + 2 => break,
                    _ => return Err(scanner.error("expected `,` or the end of the container")),
                }
            }
        }
        scanner.step();
        let whole = start..scanner.position();
        for (index, (first, range)) in members.iter().enumerate() {
            let removal = match (
                index.checked_sub(1).and_then(|before| members.get(before)),
                members.get(index + 1),
            ) {
                (Some((_, before)), _) => before.end..range.end,
                (None, Some((_, after))) => range.start..after.start,
                (None, None) => range.clone(),
            };
            // Only a spot that is the member itself goes with it; spots inside it have their own removal.
            if let Some(spot) = self.all.get_mut(*first)
                && spot.value.end == range.end
                && spot.removal.is_empty()
            {
                spot.removal = removal;
            }
        }
        if object {
            self.objects.insert(path.clone(), (inside, members.is_empty()));
        } else {
            self.lists.insert(path.clone(), members.len());
        }
        if element {
            if let Some(spot) = self.all.get_mut(place) {
                spot.value = whole;
                spot.element = !members.is_empty();
            }
        } else if members.is_empty() && !path.is_empty() {
            self.push(path, whole, false);
        }
        Ok(())
    }

    fn push(&mut self, path: String, value: Range<usize>, element: bool) {
        let removal = value.start..value.start;
        self.all.push(Spot {
            path,
            value,
            removal,
            element,
        });
    }

    /// The members that `needs` names and the text lacks, by full path: `list[].a` in every element without `a`.
    pub(crate) fn missing(&self, needs: &[String], most: usize) -> Vec<String> {
        let mut out = Vec::new();
        for need in needs.iter().filter(|need| *need != "*") {
            let mut parents = vec![String::new()];
            let steps: Vec<&str> = need.split('.').collect();
            let Some((last, above)) = steps.split_last() else {
                continue;
            };
            for step in above {
                let name = step.trim_end_matches("[]");
                parents = parents
                    .iter()
                    .flat_map(|parent| {
                        let path = joined(parent, name);
                        match self.lists.get(&path) {
                            Some(count) => (0..*count).map(|index| format!("{path}[{index}]")).collect(),
                            None => vec![path],
                        }
                    })
                    .take(most)
                    .collect();
            }
            let name = last.trim_end_matches("[]");
            for parent in parents {
                let path = joined(&parent, name);
                let below = format!("{path}.");
                let known = self.objects.contains_key(&path)
                    || self.lists.contains_key(&path)
                    || self
                        .all
                        .iter()
                        .any(|spot| spot.path == path || spot.path.starts_with(&below));
                if self.objects.contains_key(&parent) && !known && out.len() < most {
                    out.push(path);
                }
            }
        }
        out
    }

    /// Puts a new member into the object that `path` names it in.
    pub(crate) fn insertion(&self, path: &str, value: &str) -> Option<Edit> {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let (at, empty) = self.objects.get(parent)?;
        let comma = if *empty { "" } else { "," };
        Some(Edit {
            range: *at..*at,
            text: format!("\"{name}\":{value}{comma}"),
        })
    }

    /// Lists with their lengths.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&str, usize)> {
        self.lists.iter().map(|(path, count)| (path.as_str(), *count))
    }
}

fn joined(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

impl Spot {
    /// Replaces the value.
    pub(crate) fn set(&self, value: &str) -> Edit {
        Edit {
            range: self.value.clone(),
            text: value.to_owned(),
        }
    }

    /// Removes the value with its key.
    pub(crate) fn remove(&self) -> Edit {
        Edit {
            range: self.removal.clone(),
            text: String::new(),
        }
    }

    /// The value's text.
    pub(crate) fn token<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.value.clone()).unwrap_or_default()
    }
}

/// The text with its edits made; they must not overlap.
pub(crate) fn edited(text: &str, edits: &mut [&Edit]) -> String {
    edits.sort_by_key(|edit| edit.range.start);
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = at.max(edit.range.end);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The innermost list element that a path lies in: `a[1].b[2].c` → `a[1].b[2]`.
pub(crate) fn element_of(path: &str) -> Option<&str> {
    path.rfind(']').and_then(|end| path.get(..=end))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    impl Spots {
        fn find(&self, path: &str) -> Option<&Spot> {
            self.all.iter().find(|spot| spot.path == path)
        }
    }

    const TEXT: &str = r#"{ "a" : 1.0, "b":[{"c":"x","d":[]} , {"c":2}],"e":{}, "f":[1,[2]] }"#;

    #[test]
    fn every_value_is_found_changed_and_removed_alone() {
        let spots = Spots::of(TEXT).unwrap();
        let paths: Vec<&str> = spots.all.iter().map(|spot| spot.path.as_str()).collect();
        let expected = [
            "a", "b[0]", "b[0].c", "b[0].d", "b[1]", "b[1].c", "e", "f[0]", "f[1]", "f[1][0]",
        ];
        assert_eq!(paths, expected);
        let removed = |path: &str| -> Value {
            serde_json::from_str(&edited(TEXT, &mut [&spots.find(path).unwrap().remove()])).unwrap()
        };
        assert!(removed("a").get("a").is_none());
        assert_eq!(removed("b[0]")["b"].to_string(), r#"[{"c":2}]"#);
        assert_eq!(removed("b[1]")["b"].to_string(), r#"[{"c":"x","d":[]}]"#);
        assert_eq!(removed("b[0].c")["b"][0].to_string(), r#"{"d":[]}"#);
        assert_eq!(removed("b[0].d")["b"][0].to_string(), r#"{"c":"x"}"#);
        assert_eq!(removed("b[1].c")["b"][1].to_string(), "{}");
        assert!(removed("e").get("e").is_none());
        assert_eq!(removed("f[0]")["f"].to_string(), "[[2]]");
        assert_eq!(removed("f[1][0]")["f"].to_string(), "[1,[]]");
        let set = [
            spots.find("b[1].c").unwrap().set("7"),
            spots.find("a").unwrap().set("null"),
        ];
        let mut both: Vec<&Edit> = set.iter().collect();
        assert_eq!(
            edited(TEXT, &mut both).replace(' ', ""),
            r#"{"a":null,"b":[{"c":"x","d":[]},{"c":7}],"e":{},"f":[1,[2]]}"#
        );
    }

    #[test]
    fn needed_members_that_are_missing_are_named_and_put_in() {
        let spots = Spots::of(TEXT).unwrap();
        let needs = ["z", "a", "b[].d", "b[].x", "e.y", "q.r"].map(str::to_owned);
        assert_eq!(spots.missing(&needs, 100), ["z", "b[1].d", "b[0].x", "b[1].x", "e.y"]);
        for path in ["z", "b[1].x", "e.y"] {
            let edit = spots.insertion(path, "\"new\"").unwrap();
            let text = edited(TEXT, &mut [&edit]);
            let again = Spots::of(&text).unwrap();
            assert_eq!(again.find(path).unwrap().token(&text), "\"new\"");
        }
    }

    #[test]
    fn elements_of_paths() {
        assert_eq!(element_of("a[1].b[20].c"), Some("a[1].b[20]"));
        assert_eq!(element_of("a.b"), None);
    }
}
