//! The fields that a table may map: the catalogue's and the declared ones. It knows which list a field stands in and
//! words what to do about a field that is not there.

use crate::errors::{Findings, hint};
use dukou_sdk::environment::{Catalogue, Field, FieldType};

/// The target API's fields.
#[derive(Debug)]
pub(crate) struct Target {
    /// The key that encloses the document.
    pub(crate) wrapper: Option<String>,
    /// The API's name, for messages.
    pub(crate) api: String,
    fields: Vec<Field>,
}

impl Target {
    /// The catalogue's fields and the declared ones.
    pub(crate) fn new(catalogue: Catalogue, declared: &[Field], findings: &mut Findings) -> Self {
        let mut fields = catalogue.fields;
        for field in declared {
            match fields.iter().find(|known| known.path == field.path) {
                None => fields.push(field.clone()),
                Some(known) if known.kind == field.kind && (field.by.is_none() || known.by == field.by) => {}
                Some(_) => findings.add(
                    format!("declare.{}", field.path),
                    "declare.known",
                    "the catalogue has this field with another type; delete the declaration",
                ),
            }
        }
        let api = if catalogue.api.is_empty() {
            "the target".to_owned()
        } else {
            catalogue.api
        };
        Self {
            wrapper: catalogue.wrapper.filter(|wrapper| !wrapper.is_empty()),
            api,
            fields,
        }
    }

    /// The field at a path.
    pub(crate) fn field(&self, path: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.path == path)
    }

    /// The fields that a document must have.
    pub(crate) fn required(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.required)
    }

    /// Whether a path is a list of lines.
    pub(crate) fn is_list(&self, path: &str) -> bool {
        self.field(path).is_some_and(|field| field.kind == FieldType::Array)
    }

    /// The list of lines that a path stands in.
    pub(crate) fn list_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.match_indices('.')
            .map(|(dot, _)| &path[..dot])
            .find(|outer| self.is_list(outer))
    }

    /// What to do about a row whose field is not there.
    pub(crate) fn unknown_field(&self, path: &str) -> String {
        if path.rsplit('.').next() == Some("dataKey") {
            return format!(
                "dataKey is a parameter of another platform's adapter, not a field; delete the row, the catalogue wraps \
                 the document in {} already",
                self.wrapper.as_deref().unwrap_or("what the API wants")
            );
        }
        let known: Vec<&str> = self.fields.iter().map(|field| field.path.as_str()).collect();
        format!(
            "{} has no field {path}{}; correct the name, or declare the field under catalogues/ or in \
             [mapping.settings.declare] as {{ type = \"text\" }}",
            self.api,
            hint(path, &known)
        )
    }

    /// What to do about settings for lines of a list that is not there.
    pub(crate) fn unknown_list(&self, path: &str) -> String {
        let lists: Vec<&str> = self
            .fields
            .iter()
            .map(|field| field.path.as_str())
            .filter(|path| self.is_list(path))
            .collect();
        format!("{path} is no list of the target that a row binds{}", hint(path, &lists))
    }
}
