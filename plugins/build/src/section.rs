//! Custom sections of a component: the manifest and the cases travel inside the plugin's one file.
//!
//! The format is documented for everyone in `wit/README.md`. Reading sections is the host's business.

use crate::{BuildError, BuildOptions};
use serde_json::Value;

/// Name of the section that holds the manifest, JSON text.
pub const MANIFEST_SECTION: &str = "dukou:manifest";

/// Name of the section that holds the plugin's cases, JSON text.
pub const CASES_SECTION: &str = "dukou:cases";

const KINDS: [&str; 3] = ["mapping", "adjustment", "validation"];

/// Appends a component-level custom section: id 0, length, length of the name, name, data.
pub fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut head = Vec::with_capacity(name.len() + 10);
    push_length(&mut head, name.len());
    head.extend_from_slice(name.as_bytes());
    component.push(0);
    push_length(component, head.len() + data.len());
    component.extend_from_slice(&head);
    component.extend_from_slice(data);
}

/// Unsigned LEB128.
fn push_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits fit into a byte");
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// The manifest to embed, if there is one, checked.
pub(crate) fn manifest_of(options: &BuildOptions) -> Result<Option<String>, BuildError> {
    let text = match &options.manifest {
        Some(text) => text.clone(),
        None => {
            let file = options.manifest_dir.join("plugin.json");
            if !file.exists() {
                return Ok(None);
            }
            std::fs::read_to_string(&file).map_err(|source| BuildError::Output {
                file: file.clone(),
                source,
            })?
        }
    };
    check_manifest(&text).map(Some)
}

/// Checks a manifest and returns it as compact JSON, keys in their order.
///
/// Required: `name` (at most 63 lowercase letters, digits and dashes), `version`, `kind` (`mapping`, `adjustment` or `validation`),
/// `title`. Optional: `title_en`, `settings` (a JSON schema). Other keys are errors.
pub fn check_manifest(text: &str) -> Result<String, BuildError> {
    let wrong = |reason: String| BuildError::Manifest { reason };
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(format!("not JSON: {error}")))?;
    let Value::Object(object) = &value else {
        return Err(wrong("not a JSON object".to_owned()));
    };
    for key in object.keys() {
        if !["name", "version", "kind", "title", "title_en", "settings"].contains(&key.as_str()) {
            return Err(wrong(format!("unknown key `{key}`")));
        }
    }
    for key in ["name", "version", "kind", "title"] {
        if object.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(wrong(format!("`{key}` must be a text")));
        }
    }
    let name = object["name"].as_str().unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() > 63 || !name.bytes().all(allowed) {
        return Err(wrong(format!(
            "`name` is at most 63 of a-z, 0-9 and dashes, not `{name}`"
        )));
    }
    let kind = object["kind"].as_str().unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Err(wrong(format!("`kind` is one of {}, not `{kind}`", KINDS.join(", "))));
    }
    if object.get("settings").is_some_and(|schema| !schema.is_object()) {
        return Err(wrong("`settings` must be a JSON schema object".to_owned()));
    }
    Ok(value.to_string())
}
