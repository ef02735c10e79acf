//! The options inside `#[source(…)]`, `#[target(…)]` and `#[setting(…)]`.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Lit, LitStr, Result};

/// How the struct's field names become JSON names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Pascal,
    Camel,
}

impl Case {
    /// `voucher_date` to `VoucherDate` or `voucherDate`.
    pub(crate) fn apply(self, name: &str) -> String {
        let mut out = String::with_capacity(name.len());
        for (index, part) in name.split('_').filter(|part| !part.is_empty()).enumerate() {
            let mut letters = part.chars();
            let first = letters.next().into_iter();
            if index == 0 && self == Self::Camel {
                out.extend(first);
            } else {
                out.extend(first.flat_map(char::to_uppercase));
            }
            out.extend(letters);
        }
        out
    }
}

/// The options of a struct or of one of its fields.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) wrapper: Option<String>,
    pub(crate) personal: bool,
    pub(crate) required: bool,
    /// As the text that the setting's type is read from.
    pub(crate) default: Option<String>,
}

impl Options {
    /// Reads all attributes called `attribute`; any option but the `allowed` ones is an error that names them.
    pub(crate) fn read(attributes: &[Attribute], attribute: &str, allowed: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for found in attributes.iter().filter(|found| found.path().is_ident(attribute)) {
            found.parse_nested_meta(|meta| {
                let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                if !allowed.contains(&name.as_str()) {
                    let there_are = match allowed {
                        [] => "there are none here".to_owned(),
                        allowed => format!("there are: {}", allowed.join(", ")),
                    };
                    return Err(meta.error(format!("unknown option `{name}` in #[{attribute}(…)]; {there_are}")));
                }
                options.set(&name, &meta)
            })?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, meta: &ParseNestedMeta<'_>) -> Result<()> {
        match name {
            "personal" => self.personal = true,
            "required" => self.required = true,
            "rename" => self.rename = Some(json_name(&text(meta, name)?)?),
            "wrapper" => self.wrapper = Some(json_name(&text(meta, name)?)?),
            "rename_all" => {
                let case = text(meta, name)?;
                self.rename_all = Some(match case.value().as_str() {
                    "PascalCase" => Case::Pascal,
                    "camelCase" => Case::Camel,
                    other => {
                        let message = format!("rename_all is \"PascalCase\" or \"camelCase\", not {other:?}");
                        return Err(Error::new(case.span(), message));
                    }
                });
            }
            "default" => {
                let literal: Lit = meta.value()?.parse()?;
                let text = match &literal {
                    Lit::Str(text) => text.value(),
                    Lit::Int(number) => number.base10_digits().to_owned(),
                    Lit::Bool(value) => value.value.to_string(),
                    other => {
                        let message = "a default is a text, a whole number, true or false; decimals are written as \
                                       text, \"0.01\", so that they stay exact";
                        return Err(Error::new(other.span(), message));
                    }
                };
                self.default = Some(text);
            }
            other => return Err(meta.error(format!("option `{other}` is not read"))),
        }
        Ok(())
    }
}

fn text(meta: &ParseNestedMeta<'_>, name: &str) -> Result<LitStr> {
    meta.value()
        .and_then(|value| value.parse())
        .map_err(|error| Error::new(error.span(), format!("{name} is written as {name} = \"…\"")))
}

/// A name that can stand in JSON as it is, and in a path.
fn json_name(text: &LitStr) -> Result<String> {
    check_name(&text.value(), text.span())
}

fn check_name(name: &str, span: Span) -> Result<String> {
    let wrong = |c: char| c.is_control() || matches!(c, '"' | '\\' | '.' | '[' | ']');
    if name.is_empty() || name.contains(wrong) {
        let message =
            format!("{name:?} cannot be a field's name: it must not be empty nor contain quotes, dots or brackets");
        return Err(Error::new(span, message));
    }
    Ok(name.to_owned())
}
