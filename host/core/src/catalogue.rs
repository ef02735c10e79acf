//! Catalogues: the fields of one API with labels, types and how references are wrapped. Parsed from TOML; handed to
//! plugins as JSON in `environment`. Knows nothing of how a value is fetched or sent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a field's value means. At the source any scalar may arrive as string, number or null whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Text, ids included.
    Text,
    /// A whole number.
    Integer,
    /// Money or a quantity.
    Decimal,
    /// `yyyy-MM-dd`
    Date,
    /// `yyyy-MM-dd HH:mm:ss`
    Datetime,
    /// true or false
    Boolean,
    /// An archive entry, wrapped as `{"Code": …}` or `{"Name": …}`.
    Reference,
    /// A list of objects.
    Array,
    /// A list of texts.
    ArrayOfText,
    /// An object.
    Object,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Dotted path without the wrapper, e.g. `RDRecordDetails.Inventory`.
    pub path: String,
    /// The Chinese label.
    pub label: String,
    /// What it holds.
    pub kind: FieldType,
    /// For references: `Code` or `Name`.
    pub by: Option<String>,
    /// Must be there in a document.
    pub required: bool,
    /// Personal data: masked wherever people look.
    pub personal: bool,
}

/// The fields of one API, in the order people know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The remote system, e.g. `tplus`.
    pub system: String,
    /// The API, e.g. `/tplus/api/v2/saleDispatch/Create`.
    pub api: String,
    /// Its Chinese name.
    pub title: String,
    /// Key that wraps the document, e.g. `dto`.
    pub wrapper: Option<String>,
    /// Request parameters (sources).
    pub request: Vec<Field>,
    /// Fields of a record (sources) or a document (targets).
    pub fields: Vec<Field>,
}

/// Why a catalogue file cannot be used.
#[derive(Debug)]
pub struct CatalogueError {
    source: toml::de::Error,
}

impl CatalogueError {
    /// Byte range in the file, if known.
    pub fn span(&self) -> Option<std::ops::Range<usize>> {
        self.source.span()
    }

    /// What is wrong, without position.
    pub fn message(&self) -> &str {
        self.source.message()
    }
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("catalogue file cannot be read")
    }
}

impl std::error::Error for CatalogueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    system: String,
    api: String,
    title: String,
    #[serde(default, rename = "method")]
    _method: Option<String>,
    wrapper: Option<String>,
    #[serde(default)]
    request: Ordered,
    #[serde(default)]
    fields: Ordered,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileField {
    label: String,
    #[serde(rename = "type")]
    kind: FieldType,
    by: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    personal: bool,
    #[serde(default, rename = "added")]
    _added: bool,
}

/// A table in the order of the file.
#[derive(Default)]
struct Ordered(Vec<Field>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Ordered;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of fields")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some((path, field)) = map.next_entry::<String, FileField>()? {
                    fields.push(Field {
                        path,
                        label: field.label,
                        kind: field.kind,
                        by: field.by,
                        required: field.required,
                        personal: field.personal,
                    });
                }
                Ok(Ordered(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl Catalogue {
    /// Reads a catalogue file.
    ///
    /// # Errors
    /// [`CatalogueError`] with the place in the file.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file: File = toml::from_str(text).map_err(|source| CatalogueError { source })?;
        Ok(Self {
            system: file.system,
            api: file.api,
            title: file.title,
            wrapper: file.wrapper,
            request: file.request.0,
            fields: file.fields.0,
        })
    }

    /// The field at a dotted path; indices (`[0]`, `[]`) in the path are ignored.
    pub fn field(&self, path: &str) -> Option<&Field> {
        if path.contains('[') {
            let plain = plain_path(path);
            self.fields.iter().find(|field| field.path == plain)
        } else {
            self.fields.iter().find(|field| field.path == path)
        }
    }

    /// Adds or replaces fields, e.g. a customer's user-defined columns.
    pub fn extend(&mut self, additions: Vec<Field>) {
        for field in additions {
            match self.fields.iter_mut().find(|known| known.path == field.path) {
                Some(known) => *known = field,
                None => self.fields.push(field),
            }
        }
    }

    /// The known path that looks most like `path`, if one is close.
    pub fn did_you_mean(&self, path: &str) -> Option<&str> {
        closest(path, self.fields.iter().map(|field| field.path.as_str()))
    }

    /// The JSON that plugins get in `environment` (the contract's shape, `wit/README.md`).
    pub fn to_environment(&self) -> serde_json::Value {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|field| {
                serde_json::json!({
                    "path": field.path,
                    "label": field.label,
                    "type": field.kind,
                    "by": field.by,
                    "required": field.required,
                    "personal": field.personal,
                })
            })
            .collect();
        serde_json::json!({
            "system": self.system,
            "api": self.api,
            "title": self.title,
            "wrapper": self.wrapper,
            "fields": fields,
        })
    }
}

/// A path without indices: `RDRecordDetails[0].Price` → `RDRecordDetails.Price`.
pub fn plain_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// A path without the numbers of list elements: `details_list[3].price` → `details_list[].price`.
pub fn column_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                out.push('[');
            }
            ']' => {
                inside = false;
                out.push(']');
            }
            c if inside && c.is_ascii_digit() => {}
            c => out.push(c),
        }
    }
    out
}

/// The candidate nearest to `word` by edit distance, if it is near enough to be a slip.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
system = "tplus"
api = "/x"
title = "创建"
wrapper = "dto"
[fields]
Partner = { label = "客户", type = "reference", by = "Code", required = true }
"Lines.Price" = { label = "单价", type = "decimal" }
"#;

    #[test]
    fn paths_lose_their_numbers_or_their_lists() {
        assert_eq!(column_path("a[1].b[20].c"), "a[].b[].c");
        assert_eq!(plain_path("a[1].b[20].c"), "a.b.c");
    }

    #[test]
    fn fields_keep_the_file_order_and_are_found_through_indices() {
        let catalogue = Catalogue::parse(TEXT).unwrap();
        assert_eq!(catalogue.fields[0].path, "Partner");
        assert_eq!(catalogue.field("Lines[3].Price").unwrap().kind, FieldType::Decimal);
        assert_eq!(catalogue.did_you_mean("Patner"), Some("Partner"));
        assert_eq!(catalogue.did_you_mean("Warehouse"), None);
        assert_eq!(catalogue.to_environment()["fields"][0]["by"], "Code");
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_place() {
        let error = Catalogue::parse(&TEXT.replace("required", "requird")).unwrap_err();
        assert!(error.span().is_some());
        assert!(error.message().contains("requird"), "{}", error.message());
    }
}
