//! `#[derive(Target)]`: writing, field by field in the struct's order.

use crate::fields;
use crate::options::Options;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let options = Options::read(&input.attrs, "target", &["wrapper", "rename_all"])?;
    let fields = fields::read(input, "target", options.rename_all, &["rename"])?;
    let ident = &input.ident;
    let wrapper = match &options.wrapper {
        Some(wrapper) => quote!(::core::option::Option::Some(#wrapper)),
        None => quote!(::core::option::Option::None),
    };
    let names = fields.iter().map(|field| &field.name);
    let idents = fields.iter().map(|field| field.ident);
    Ok(quote! {
        const _: () = {
            use ::dukou_sdk::derive as d;
            #[automatically_derived]
            impl d::Target for #ident {
                const WRAPPER: ::core::option::Option<&'static str> = #wrapper;

                fn write(all: &[(u32, &Self)], out: &mut d::Writer<'_, '_>) {
                    let _ = (all, &out);
                    #( out.field(#names, all, |object| &object.#idents); )*
                }
            }
        };
    })
}
