//! `#[derive(Settings)]`: one setting per field.

use crate::fields;
use crate::options::Options;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    Options::read(&input.attrs, "setting", &[])?;
    let fields = fields::read(input, "setting", None, &["rename", "default", "required"])?;
    let ident = &input.ident;
    let idents: Vec<_> = fields.iter().map(|field| field.ident).collect();
    let kinds: Vec<_> = fields.iter().map(|field| field.kind).collect();
    let indexes = 0..fields.len();
    let settings = fields.iter().map(|field| {
        let (name, required) = (&field.name, field.options.required);
        let default = match &field.options.default {
            Some(default) => quote!(::core::option::Option::Some(#default)),
            None => quote!(::core::option::Option::None),
        };
        quote!(d::Setting { name: #name, default: #default, required: #required })
    });
    Ok(quote! {
        const _: () = {
            use ::dukou_sdk::derive as d;
            #[automatically_derived]
            impl d::FromSettings for #ident {
                const SETTINGS: &'static [d::Setting] = &[#(#settings),*];

                fn from_settings(settings: &mut d::Settings<'_>) -> Self {
                    let _ = &settings;
                    Self {
                        #( #idents: <#kinds as d::FromSetting>::from_setting(&Self::SETTINGS[#indexes], settings), )*
                    }
                }

                fn tables(&self, names: &mut ::std::vec::Vec<::std::string::String>) {
                    let _ = &names;
                    #( d::FromSetting::table(&self.#idents, names); )*
                }
            }
        };
    })
}
