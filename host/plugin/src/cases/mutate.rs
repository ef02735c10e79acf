//! What a field may hold in the end, whatever the catalogue says: missing, null, another type, empty, huge, an exponent,
//! a zero date. Pure: places in a body, and bodies with one place changed.

use dukou_core::document::join;
use serde_json::{Map, Value};

/// Characters of the huge text.
const HUGE_CHARS: usize = 100 << 10;
/// The huge number: forty digits.
const HUGE_NUMBER: &str = "1234567890123456789012345678901234567890";

/// One step into a body.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// One place in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// For people, e.g. `details_list[0].price`.
    pub(crate) path: String,
    /// The same without indices, e.g. `details_list[].price`.
    pub(crate) general: String,
    pub(crate) steps: Vec<Step>,
}

/// What is done to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    Missing,
    Null,
    Object,
    List,
    /// A number where a text was, a text where a number was.
    OtherScalar,
    Boolean,
    EmptyText,
    HugeText,
    HugeNumber,
    ExponentText,
    ExponentNumber,
    ZeroDate,
}

impl Change {
    pub(crate) const ALL: [Self; 12] = [
        Self::Missing,
        Self::Null,
        Self::EmptyText,
        Self::Object,
        Self::List,
        Self::OtherScalar,
        Self::Boolean,
        Self::HugeText,
        Self::HugeNumber,
        Self::ExponentText,
        Self::ExponentNumber,
        Self::ZeroDate,
    ];

    /// What is done to the documents of the plugins before: the worst of what another plugin may leave there.
    pub(crate) const OF_DOCUMENTS: [Self; 4] = [Self::Missing, Self::Null, Self::Object, Self::OtherScalar];

    /// For people, after the path.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Null => "= null",
            Self::Object => r#"= {"x":1}"#,
            Self::List => r#"= ["x"]"#,
            Self::OtherScalar => "as text or number instead",
            Self::Boolean => "= true",
            Self::EmptyText => r#"= """#,
            Self::HugeText => "= 100 KB of text",
            Self::HugeNumber => "= a number of 40 digits",
            Self::ExponentText => r#"= "1E+1""#,
            Self::ExponentNumber => "= 1E+1",
            Self::ZeroDate => r#"= "0000-00-00 00:00:00""#,
        }
    }

    /// The new value; `None` takes the place away.
    fn value(self, old: &Value) -> Option<Value> {
        Some(match self {
            Self::Missing => return None,
            Self::Null => Value::Null,
            Self::Object => serde_json::json!({ "x": 1 }),
            Self::List => serde_json::json!(["x"]),
            Self::OtherScalar => match old {
                Value::Number(number) => Value::from(number.to_string()),
                Value::String(text) => number(text).unwrap_or_else(|| Value::from(7)),
                _ => Value::from(7),
            },
            Self::Boolean => Value::from(true),
            Self::EmptyText => Value::from(""),
            Self::HugeText => Value::from("x".repeat(HUGE_CHARS)),
            Self::HugeNumber => number(HUGE_NUMBER).unwrap_or_default(),
            Self::ExponentText => Value::from("1E+1"),
            Self::ExponentNumber => number("1E+1").unwrap_or_default(),
            Self::ZeroDate => Value::from("0000-00-00 00:00:00"),
        })
    }
}

fn number(token: &str) -> Option<Value> {
    serde_json::from_str(token).ok().filter(Value::is_number)
}

/// Every place of a body, containers included; of a list its first element stands for all.
pub(crate) fn places(body: &Value) -> Vec<Place> {
    fn walk(value: &Value, at: &Place, out: &mut Vec<Place>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let place = at.key(key);
                    out.push(place.clone());
                    walk(value, &place, out);
                }
            }
            Value::Array(elements) => {
                if let Some(first) = elements.first() {
                    let place = at.first();
                    if !first.is_object() {
                        out.push(place.clone());
                    }
                    walk(first, &place, out);
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(body, &Place::root(), &mut out);
    out
}

/// The place of a needed path such as `details_list[].price`, whether or not the body has it.
pub(crate) fn place_of(need: &str) -> Place {
    need.split('.')
        .fold(Place::root(), |at, part| match part.strip_suffix("[]") {
            Some(key) => at.key(key).first(),
            None => at.key(part),
        })
}

impl Place {
    fn root() -> Self {
        Self {
            path: String::new(),
            general: String::new(),
            steps: Vec::new(),
        }
    }

    fn key(&self, key: &str) -> Self {
        let mut steps = self.steps.clone();
        steps.push(Step::Key(key.to_owned()));
        Self {
            path: join(&self.path, key),
            general: join(&self.general, key),
            steps,
        }
    }

    fn first(&self) -> Self {
        let mut steps = self.steps.clone();
        steps.push(Step::Index(0));
        Self {
            path: format!("{}[0]", self.path),
            general: format!("{}[]", self.general),
            steps,
        }
    }
}

/// The body with one place changed; `None` if the place cannot be reached or nothing changes.
pub(crate) fn changed(body: &Value, place: &Place, change: Change) -> Option<Value> {
    let mut out = body.clone();
    let (last, parents) = place.steps.split_last()?;
    let parent = parents.iter().try_fold(&mut out, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })?;
    match (parent, last) {
        (Value::Object(members), Step::Key(key)) => put(members, key, change)?,
        (Value::Array(elements), Step::Index(index)) => {
            let old = elements.get(*index)?;
            match change.value(old) {
                Some(new) => *elements.get_mut(*index)? = new,
                None => drop(elements.remove(*index)),
            }
        }
        _ => return None,
    }
    (out != *body).then_some(out)
}

fn put(members: &mut Map<String, Value>, key: &str, change: Change) -> Option<()> {
    match change.value(members.get(key).unwrap_or(&Value::Null)) {
        Some(new) => {
            members.insert(key.to_owned(), new);
        }
        // `remove` would move the last member here.
        None => {
            members.shift_remove(key)?;
        }
    }
    Some(())
}

/// The body without a needed path, in every element of every list; `None` if it is nowhere.
pub(crate) fn without(body: &Value, need: &str) -> Option<Value> {
    fn remove(value: &mut Value, parts: &[&str]) -> bool {
        let Some((part, rest)) = parts.split_first() else {
            return false;
        };
        let key = part.strip_suffix("[]").unwrap_or(part);
        match value {
            // A list where the path has none, and a lone object where it has one, are projected as well.
            Value::Array(elements) => {
                let mut found = false;
                for one in elements {
                    found |= remove(one, parts);
                }
                found
            }
            Value::Object(members) if rest.is_empty() => members.shift_remove(key).is_some(),
            Value::Object(members) => members.get_mut(key).is_some_and(|inner| remove(inner, rest)),
            _ => false,
        }
    }
    let parts: Vec<&str> = need.split('.').collect();
    let mut out = body.clone();
    remove(&mut out, &parts).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"no":"CK1","list":[{"p":2.0000,"s":"a"},{"p":3}],"tags":["x"],"tail":null}"#;

    fn body() -> Value {
        serde_json::from_str(BODY).unwrap()
    }

    #[test]
    fn every_place_is_found_once() {
        let general: Vec<String> = places(&body()).into_iter().map(|place| place.general).collect();
        assert_eq!(
            general,
            ["no", "list", "list[].p", "list[].s", "tags", "tags[]", "tail"]
        );
    }

    #[test]
    fn a_change_touches_its_place_and_nothing_else() {
        let place = place_of("list[].p");
        assert_eq!(place.path, "list[0].p");
        let after = |change| changed(&body(), &place, change).unwrap().to_string();
        assert_eq!(after(Change::Missing), BODY.replace(r#""p":2.0000,"#, ""));
        assert_eq!(after(Change::OtherScalar), BODY.replace("2.0000", "\"2.0000\""));
        assert_eq!(after(Change::ExponentNumber), BODY.replace("2.0000", "1e+1"));
        assert_eq!(after(Change::HugeNumber), BODY.replace("2.0000", HUGE_NUMBER));
        assert_eq!(after(Change::Null), BODY.replace("2.0000", "null"));
        assert!(after(Change::HugeText).len() > HUGE_CHARS);
    }

    #[test]
    fn absent_fields_are_put_in_and_unreachable_ones_are_not() {
        let put = changed(&body(), &place_of("list[].new"), Change::EmptyText).unwrap();
        assert!(put.to_string().contains(r#""s":"a","new":"""#));
        assert_eq!(changed(&body(), &place_of("list[].new"), Change::Missing), None);
        assert_eq!(changed(&body(), &place_of("no.x"), Change::Null), None);
        assert_eq!(
            changed(&body(), &place_of("tail"), Change::Null),
            None,
            "it is null already"
        );
    }

    #[test]
    fn a_text_becomes_a_number_of_the_same_digits_if_it_can() {
        let place = place_of("p");
        let after = |body: &str| changed(&serde_json::from_str(body).unwrap(), &place, Change::OtherScalar);
        assert_eq!(after(r#"{"p":"2.50"}"#).unwrap().to_string(), r#"{"p":2.50}"#);
        assert_eq!(after(r#"{"p":"x"}"#).unwrap().to_string(), r#"{"p":7}"#);
    }

    #[test]
    fn a_need_is_removed_from_every_element() {
        let after = without(&body(), "list[].p").unwrap().to_string();
        assert_eq!(after, r#"{"no":"CK1","list":[{"s":"a"},{}],"tags":["x"],"tail":null}"#);
        assert_eq!(without(&body(), "list[].q"), None);
        let lone: Value = serde_json::from_str(r#"{"list":{"p":1,"q":2}}"#).unwrap();
        assert_eq!(without(&lone, "list[].p").unwrap().to_string(), r#"{"list":{"q":2}}"#);
    }
}
