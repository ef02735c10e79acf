//! Masking personal fields wherever people look. For display only: what is stored and sent is never masked here.

use serde_json::Value;

use crate::catalogue::{Catalogue, plain_path};
use crate::document::join;

/// `张三` → `张**`; empty stays empty.
pub fn masked(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        None => String::new(),
        Some(first) => format!("{first}**"),
    }
}

/// A JSON text with the catalogue's personal fields masked, pretty-printed. Text that is not JSON is shown only by its length.
pub fn mask_json(text: &str, catalogue: Option<&Catalogue>) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            if let Some(catalogue) = catalogue {
                mask_value(&mut value, catalogue);
            }
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        Err(_) => format!("({} bytes that are not JSON)", text.len()),
    }
}

/// Masks personal fields of a parsed record or document in place.
pub fn mask_value(value: &mut Value, catalogue: &Catalogue) {
    match (&catalogue.wrapper, &mut *value) {
        (Some(wrapper), Value::Object(outer)) if outer.contains_key(wrapper) => {
            if let Some(inner) = outer.get_mut(wrapper) {
                walk(inner, "", catalogue);
            }
        }
        _ => walk(value, "", catalogue),
    }
}

fn walk(value: &mut Value, path: &str, catalogue: &Catalogue) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                let path = join(path, key);
                if is_personal(&path, catalogue) {
                    hide(value);
                } else {
                    walk(value, &path, catalogue);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, path, catalogue)),
        _ => {}
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Number(_) | Value::Bool(_) => *value = Value::String("**".into()),
        Value::Object(object) => object.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Null => {}
    }
}

/// Whether the catalogue marks the field at a path (indices and wrapper ignored) as personal.
pub fn is_personal(path: &str, catalogue: &Catalogue) -> bool {
    let plain = plain_path(path);
    let plain = match &catalogue.wrapper {
        Some(wrapper) => plain.strip_prefix(&format!("{wrapper}.")).unwrap_or(&plain),
        None => &plain,
    };
    catalogue.field(plain).is_some_and(|field| field.personal)
}

/// A message with every value of personal fields of `body` replaced by its mask, so that an error text never shows a name
/// or an address that a plugin put into it. For more than one text of a body see [`Secrets`].
pub fn mask_message(message: &str, body: &str, catalogue: &Catalogue) -> String {
    Secrets::of([body], catalogue).hide(message)
}

/// The fewest characters of a personal value that is looked for in other texts: one character would hit everything.
const FEWEST_CHARS: usize = 2;
/// The fewest characters of a personal value that hides a whole number: shorter ones are quantities by chance.
const FEWEST_DIGITS: usize = 7;

/// The personal values of some records, to hide them by value wherever a mapping may have put them. Values of one character
/// are not among them; what a mapping made of a value (half of it, other letters) is not found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    /// Longest first, as they are and as they stand in JSON text.
    values: Vec<String>,
}

impl Secrets {
    /// Collects them once from the bodies of records; a body that is not JSON has none.
    pub fn of<'a>(bodies: impl IntoIterator<Item = &'a str>, catalogue: &Catalogue) -> Self {
        let personal = catalogue.fields.iter().filter(|field| field.personal);
        let paths: Vec<Vec<&str>> = personal.map(|field| field.path.split('.').collect()).collect();
        let mut values = Vec::new();
        for body in bodies {
            let Ok(body) = serde_json::from_str::<Value>(body) else {
                continue;
            };
            let inner = catalogue.wrapper.as_ref().and_then(|wrapper| body.get(wrapper));
            for root in inner.into_iter().chain([&body]) {
                paths.iter().for_each(|path| collect(root, path, &mut values));
            }
        }
        values.sort_unstable_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
        values.dedup();
        Self { values }
    }

    /// With those of others.
    pub fn and(mut self, other: Self) -> Self {
        self.values.extend(other.values);
        self.values.sort_unstable_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
        self.values.dedup();
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// A text with each of them replaced by its mask.
    pub fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for value in &self.values {
            if out.contains(value.as_str()) {
                out = out.replace(value.as_str(), &masked(value));
            }
        }
        out
    }

    /// Replaces them in every text inside a value; names of members stay. A number that is one of them becomes a text.
    pub fn hide_value(&self, value: &mut Value) {
        if self.is_empty() {
            return;
        }
        match value {
            Value::String(text) => *text = self.hide(text),
            Value::Object(object) => object.values_mut().for_each(|value| self.hide_value(value)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_value(item)),
            Value::Number(number) if self.is_secret(&number.to_string()) => *value = Value::String("**".into()),
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    /// Whether a number, as it is written, is one of them.
    pub fn is_secret(&self, number: &str) -> bool {
        number.len() >= FEWEST_DIGITS && self.values.iter().any(|value| value == number)
    }
}

/// The texts and numbers at and below a path, through lists.
fn collect(value: &Value, path: &[&str], out: &mut Vec<String>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| collect(item, path, out)),
        (Value::Object(object), [first, rest @ ..]) => {
            if let Some(value) = object.get(*first) {
                collect(value, rest, out);
            }
        }
        (Value::Object(object), []) => object.values().for_each(|value| collect(value, path, out)),
        (Value::String(text), []) => keep(text, out),
        (Value::Number(number), []) => keep(&number.to_string(), out),
        _ => {}
    }
}

fn keep(text: &str, out: &mut Vec<String>) {
    // Stars are a mask already.
    if text.chars().count() < FEWEST_CHARS || text.chars().all(|c| c == '*') {
        return;
    }
    let written = Value::from(text).to_string();
    let written = written.trim_start_matches('"');
    let written = written.strip_suffix('"').unwrap_or(written);
    if written != text && written.chars().count() >= FEWEST_CHARS {
        out.push(written.to_owned());
    }
    out.push(text.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_fields_are_masked_at_every_depth_and_in_messages() {
        let source = Catalogue::parse(include_str!(
            "../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
        ))
        .unwrap();
        let target = Catalogue::parse(include_str!(
            "../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
        ))
        .unwrap();
        let body = r#"{"order_no":"CK1","receiver_name":"张三丰","receiver_address":"西湖路1号","details_list":[{"goods_name":"货"}]}"#;
        let shown = mask_json(body, Some(&source));
        assert!(!shown.contains("三丰") && !shown.contains("西湖"), "{shown}");
        assert!(shown.contains("张**") && shown.contains("CK1"), "{shown}");
        let document = mask_json(r#"{"dto":{"DispatchAddress":"西湖路1号","Memo":"m"}}"#, Some(&target));
        assert!(!document.contains("西湖") && document.contains("\"m\""), "{document}");
        assert_eq!(
            mask_message("\"张三丰\" is too long", body, &source),
            "\"张**\" is too long"
        );
    }

    #[test]
    fn personal_values_are_hidden_wherever_they_are_and_nothing_else_is() {
        let source = Catalogue::parse(include_str!(
            "../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
        ))
        .unwrap();
        let body =
            r#"{"order_no":"CK1","receiver_name":"戊先生","receiver_mobile":10000027780,"receiver_address":"1"}"#;
        let other = r#"{"receiver_name":"己\"一\"","receiver_mobile":"**"}"#;
        let secrets = Secrets::of([body, "{", other], &source);
        let mut value: Value = serde_json::from_str(
            r#"{"Memo":"戊先生 10000027780","Code":"CK1","L":[{"N":10000027780,"Q":1.50,"T":"己\"一\""}]}"#,
        )
        .unwrap();
        secrets.hide_value(&mut value);
        assert_eq!(
            value.to_string(),
            r#"{"Memo":"戊** 1**","Code":"CK1","L":[{"N":"**","Q":1.50,"T":"己**"}]}"#
        );
        assert_eq!(secrets.hide(r#"{"T":"己\"一\""} 1 **"#), r#"{"T":"己**"} 1 **"#);
        assert!(secrets.is_secret("10000027780") && !secrets.is_secret("1.50"));
        assert!(Secrets::of(["{}"], &source).is_empty());
        assert_eq!(Secrets::of([body], &source).and(Secrets::of([other], &source)), secrets);
    }
}
