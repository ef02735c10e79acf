//! Laying a scheme's settings over those that a plugin's file brings: a packed `table` is a plugin of its own with its
//! mapping table inside, and a scheme still has the last word on every key.

use serde_json::{Map, Value};

/// `settings` over `preset`, both JSON objects as text: objects merge key by key and keep the preset's order, keys that
/// are overridden keep their place, new ones follow; everything else replaces. Text that is no object replaces all.
pub(crate) fn lay_over(preset: &str, settings: &str) -> String {
    let parsed = (serde_json::from_str(preset), serde_json::from_str(settings));
    let (Ok(Value::Object(mut under)), Ok(Value::Object(over))) = parsed else {
        return settings.to_owned();
    };
    merge(&mut under, over);
    Value::Object(under).to_string()
}

fn merge(under: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => merge(inner, value),
            (Some(place), value) => *place = value,
            (None, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lay_over;

    #[test]
    fn overridden_keys_keep_their_place_and_new_ones_follow() {
        let preset = r#"{"fields":{"A":"1","B":"2","C":"3"},"each":["x","y"],"scale":2.00}"#;
        let settings = r#"{"new":1,"fields":{"D":"4","B":false},"each":["z"]}"#;
        assert_eq!(
            lay_over(preset, settings),
            r#"{"fields":{"A":"1","B":false,"C":"3","D":"4"},"each":["z"],"scale":2.00,"new":1}"#
        );
    }

    #[test]
    fn what_is_no_object_replaces() {
        assert_eq!(lay_over(r#"{"a":{"b":1}}"#, r#"{"a":2}"#), r#"{"a":2}"#);
        assert_eq!(lay_over(r#"{"a":2}"#, r#"{"a":{"b":1}}"#), r#"{"a":{"b":1}}"#);
        assert_eq!(lay_over(r#"{"a":2}"#, "[]"), "[]");
        assert_eq!(lay_over(r#"{"a":2}"#, "{}"), r#"{"a":2}"#);
    }
}
