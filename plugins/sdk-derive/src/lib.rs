//! `dukou-sdk-derive`: the derives of `dukou-sdk`. It knows the shape of structs, nothing of the contract; what the
//! written-out code does is `dukou-sdk`'s business, where the derives are documented and re-exported.
//!
//! Every mistake in a struct is told at the field or option where it stands, with what there is instead.

mod fields;
mod options;
mod settings;
mod source;
mod target;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Reads a struct from a record or document, and lists the fields that it needs: see `dukou_sdk::source`.
#[proc_macro_derive(Source, attributes(source))]
pub fn derive_source(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    source::expand(&input)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Writes a struct as an object of a document: see `dukou_sdk::target`.
#[proc_macro_derive(Target, attributes(target))]
pub fn derive_target(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    target::expand(&input)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Reads a struct from a plugin's settings: see `dukou_sdk::settings`.
#[proc_macro_derive(Settings, attributes(setting))]
pub fn derive_settings(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    settings::expand(&input)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

#[cfg(test)]
mod tests;
