//! Custom sections of a component: the manifest and the cases travel inside the plugin's one file.
//!
//! The format is documented for everyone in `wit/README.md`. Reading sections is the host's business.

use crate::{BuildError, BuildOptions};
use serde_json::Value;

/// Name of the section that holds the manifest, JSON text.
pub const MANIFEST_SECTION: &str = "dukou:manifest";

/// Name of the section that holds the plugin's cases, JSON text.
pub const CASES_SECTION: &str = "dukou:cases";

const KEYS: [&str; 8] = [
    "name", "version", "kind", "title", "title_en", "list", "settings", "preset",
];

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

/// The component with exactly one section of this name, at its end: sections of the name that were there are gone, all
/// other bytes stay. The same component, name and data make the same bytes.
///
/// # Errors
/// [`BuildError::Binary`] if the bytes are no component.
pub fn set_section(component: &[u8], name: &str, data: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut out = without_section(component, name)?;
    append_section(&mut out, name, data);
    Ok(out)
}

/// The component without the sections of this name at its own level; modules within it are not looked into.
///
/// # Errors
/// [`BuildError::Binary`] if the bytes are no component.
pub fn without_section(component: &[u8], name: &str) -> Result<Vec<u8>, BuildError> {
    let mut out = Vec::with_capacity(component.len());
    out.extend_from_slice(component.get(..PREAMBLE.len()).unwrap_or_default());
    for section in sections(component)? {
        if section.name != Some(name.as_bytes()) {
            out.extend_from_slice(section.whole);
        }
    }
    Ok(out)
}

/// The data of the first section of this name at the component's own level.
///
/// # Errors
/// [`BuildError::Binary`] if the bytes are no component.
pub fn section<'a>(component: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, BuildError> {
    let found = sections(component)?
        .into_iter()
        .find(|section| section.name == Some(name.as_bytes()));
    Ok(found.map(|section| section.data))
}

/// The magic number and the version and layer of a component.
const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

struct Section<'a> {
    /// With its head.
    whole: &'a [u8],
    /// Of a custom section.
    name: Option<&'a [u8]>,
    /// What follows the name of a custom section.
    data: &'a [u8],
}

/// The sections at the component's own level. Every part of a component, nested modules too, is one section with its
/// length in front, so nothing needs to be understood to step over it.
fn sections(component: &[u8]) -> Result<Vec<Section<'_>>, BuildError> {
    let wrong = |reason: &str| BuildError::Binary {
        reason: reason.to_owned(),
    };
    let Some(mut rest) = component.strip_prefix(PREAMBLE) else {
        return Err(wrong("it does not begin as a component does"));
    };
    let mut found = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        let cut = || wrong("it ends in the middle of a section");
        let (length, body) = take_length(after).ok_or_else(cut)?;
        let content = body.get(..length).ok_or_else(cut)?;
        let (whole, next) = rest.split_at(rest.len() - body.len() + length);
        let custom = if *id == 0 {
            let (length, body) = take_length(content).ok_or_else(cut)?;
            Some(body.split_at_checked(length).ok_or_else(cut)?)
        } else {
            None
        };
        found.push(Section {
            whole,
            name: custom.map(|(name, _)| name),
            data: custom.map_or(&[], |(_, data)| data),
        });
        rest = next;
    }
    Ok(found)
}

/// Reads an unsigned LEB128 of 32 bits.
fn take_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0usize;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f).checked_shl(u32::try_from(index * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((length, &bytes[index + 1..]));
        }
    }
    None
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
/// `title`. Optional: `title_en`, `settings` (a JSON schema), `list` (the source list whose length budgets are told for),
/// `preset` (settings that the file itself brings; a scheme's are laid over them). Other keys are errors.
pub fn check_manifest(text: &str) -> Result<String, BuildError> {
    let wrong = |reason: String| BuildError::Manifest { reason };
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(format!("not JSON: {error}")))?;
    let Value::Object(object) = &value else {
        return Err(wrong("not a JSON object".to_owned()));
    };
    for key in object.keys() {
        if !KEYS.contains(&key.as_str()) {
            return Err(wrong(format!("unknown key `{key}`; there are {}", KEYS.join(", "))));
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
    if object.get("title_en").is_some_and(|title| !title.is_string()) {
        return Err(wrong("`title_en` must be a text".to_owned()));
    }
    if object
        .get("list")
        .is_some_and(|list| list.as_str().is_none_or(str::is_empty))
    {
        return Err(wrong(
            "`list` must be the path of a list in the source, e.g. `details_list`".to_owned(),
        ));
    }
    if object.get("preset").is_some_and(|preset| !preset.is_object()) {
        return Err(wrong("`preset` must be an object of settings".to_owned()));
    }
    Ok(value.to_string())
}
