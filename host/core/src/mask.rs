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

/// A message with every quoted value of personal fields of `body` replaced by its mask, so that an error text never
/// shows a name or an address that a plugin put into it.
pub fn mask_message(message: &str, body: &str, catalogue: &Catalogue) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return message.to_owned();
    };
    let mut secrets = Vec::new();
    collect(&value, "", catalogue, &mut secrets);
    secrets.sort_by_key(|text| std::cmp::Reverse(text.len()));
    secrets.iter().fold(message.to_owned(), |message, text| {
        message.replace(text.as_str(), &masked(text))
    })
}

fn collect(value: &Value, path: &str, catalogue: &Catalogue, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = join(path, key);
                match value {
                    Value::String(text) if is_personal(&path, catalogue) && text.chars().count() > 1 => {
                        out.push(text.clone());
                    }
                    value => collect(value, &path, catalogue, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, catalogue, out)),
        _ => {}
    }
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
}
