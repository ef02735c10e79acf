//! The fields of a struct, with their names in JSON.

use crate::options::{Case, Options};
use std::collections::BTreeSet;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, Type};

/// One field.
pub(crate) struct Field<'d> {
    pub(crate) ident: &'d Ident,
    pub(crate) kind: &'d Type,
    /// Its name in JSON.
    pub(crate) name: String,
    pub(crate) options: Options,
}

/// The fields of a struct; a unit struct has none.
pub(crate) fn read<'d>(
    input: &'d DeriveInput,
    attribute: &str,
    case: Option<Case>,
    allowed: &[&str],
) -> Result<Vec<Field<'d>>> {
    if !input.generics.params.is_empty() {
        let message = "derive works on structs without type parameters and lifetimes; values own what they need";
        return Err(Error::new_spanned(&input.generics, message));
    }
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "derive works on structs only"));
    };
    let named = match &data.fields {
        Fields::Named(named) => named.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(
                fields,
                "the fields need names: they are the names in JSON",
            ));
        }
    };
    let mut names = BTreeSet::new();
    let mut fields = Vec::with_capacity(named.len());
    for field in named {
        let Some(ident) = &field.ident else { continue };
        let options = Options::read(&field.attrs, attribute, allowed)?;
        let own = ident.unraw().to_string();
        let name = options
            .rename
            .clone()
            .unwrap_or_else(|| case.map_or_else(|| own.clone(), |case| case.apply(&own)));
        if !names.insert(name.clone()) {
            return Err(Error::new(
                ident.span(),
                format!("another field is called `{name}` already"),
            ));
        }
        fields.push(Field {
            ident,
            kind: &field.ty,
            name,
            options,
        });
    }
    Ok(fields)
}
