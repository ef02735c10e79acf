//! `#[derive(Source)]`: reading, and the needed fields.

use crate::fields;
use crate::options::Options;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let options = Options::read(&input.attrs, "source", &["rename_all"])?;
    let fields = fields::read(input, "source", options.rename_all, &["rename", "personal"])?;
    let ident = &input.ident;
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let idents: Vec<_> = fields.iter().map(|field| field.ident).collect();
    let kinds: Vec<_> = fields.iter().map(|field| field.kind).collect();
    let personal = fields.iter().map(|field| field.options.personal);
    let statics: Vec<_> = (0..fields.len()).map(|index| format_ident!("FIELD_{index}")).collect();
    let indexes = 0..fields.len();
    Ok(quote! {
        const _: () = {
            use ::dukou_sdk::derive as d;
            #( static #statics: d::Field = d::Field { name: #names, personal: #personal }; )*
            #[automatically_derived]
            impl d::Source for #ident {
                const MEMBERS: &'static [&'static str] = &[#(#names),*];

                fn absent(place: &d::Rc<d::Place>) -> Self {
                    let _ = place;
                    Self { #( #idents: <#kinds as d::SourceField>::absent(place.field(&#statics)), )* }
                }

                fn member<'de, A: d::MapAccess<'de>>(
                    &mut self,
                    index: usize,
                    place: &d::Rc<d::Place>,
                    members: &mut A,
                ) -> ::core::result::Result<(), A::Error> {
                    let _ = (place, &members);
                    match index {
                        #( #indexes => members.next_value_seed(d::Seed {
                            value: &mut self.#idents,
                            at: d::At { place, field: &#statics },
                        }), )*
                        _ => ::core::result::Result::Ok(()),
                    }
                }

                fn collect_needs(prefix: &str, needs: &mut ::std::vec::Vec<::std::string::String>) {
                    let _ = (prefix, &needs);
                    #( <#kinds as d::SourceField>::collect_needs(::std::format!("{prefix}{}", #names), needs); )*
                }

                fn join(&mut self, other: Self) {
                    let _ = &other;
                    #( d::SourceField::join(&mut self.#idents, other.#idents); )*
                }
            }
        };
    })
}
