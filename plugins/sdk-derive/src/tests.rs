//! What the derives write out, and what they say of structs that cannot be derived.

use crate::options::Case;
use crate::{settings, source, target};
use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_str};

fn input(text: &str) -> DeriveInput {
    parse_str(text).unwrap()
}

type Derive = fn(&DeriveInput) -> syn::Result<TokenStream>;

fn complaint(derive: Derive, text: &str) -> String {
    derive(&input(text)).unwrap_err().to_string()
}

#[test]
fn members_are_read_under_their_json_names() {
    let written = source::expand(&input(
        r#"#[source(rename_all = "PascalCase")] struct A { voucher_date: Date, #[source(rename = "源", personal)] r#type: Text }"#,
    ))
    .unwrap()
    .to_string();
    for part in [
        r#"name : "VoucherDate" , personal : false"#,
        r#"name : "源" , personal : true"#,
        r#"& ["VoucherDate" , "源"]"#,
        "self . r#type",
    ] {
        assert!(written.contains(part), "{part} in {written}");
    }
    let written = source::expand(&input("struct A { r#type: Text }")).unwrap().to_string();
    assert!(written.contains(r#"& ["type"]"#), "{written}");
}

#[test]
fn fields_are_written_in_the_order_of_the_struct() {
    let written = target::expand(&input(
        r#"#[target(wrapper = "dto")] struct A { b: Text, #[target(rename = "A")] a: Option<Text> }"#,
    ))
    .unwrap()
    .to_string();
    assert!(written.contains(r#"Some ("dto")"#), "{written}");
    let (first, second) = (
        written.find(r#"field ("b""#).unwrap(),
        written.find(r#"field ("A""#).unwrap(),
    );
    assert!(first < second);
}

#[test]
fn defaults_are_texts_that_the_type_reads() {
    let written = settings::expand(&input(
        r#"struct A { #[setting(default = 5)] a: u32, #[setting(default = true)] b: bool, #[setting(default = "0.01", required)] c: Number }"#,
    ))
    .unwrap()
    .to_string();
    for part in [
        r#"Some ("5")"#,
        r#"Some ("true")"#,
        r#"Some ("0.01") , required : true"#,
    ] {
        assert!(written.contains(part), "{part} in {written}");
    }
    assert!(settings::expand(&input("struct A;")).is_ok(), "no settings at all");
}

#[test]
fn every_mistake_is_told_with_what_there_is_instead() {
    let cases: [(Derive, &str, &str); 10] = [
        (
            source::expand,
            "struct A { #[source(renam = \"b\")] a: Text }",
            "unknown option `renam` in #[source(…)]; there are: rename, personal",
        ),
        (
            source::expand,
            "struct A { a: Text, #[source(rename = \"a\")] b: Text }",
            "another field is called `a` already",
        ),
        (
            source::expand,
            "struct A<'a> { a: Text<'a> }",
            "without type parameters and lifetimes",
        ),
        (source::expand, "enum A { B }", "structs only"),
        (source::expand, "struct A(Text);", "the fields need names"),
        (
            source::expand,
            "struct A { #[source(rename)] a: Text }",
            "rename is written as rename = \"…\"",
        ),
        (
            source::expand,
            "#[source(rename_all = \"snake\")] struct A { a: Text }",
            "\"PascalCase\" or \"camelCase\", not \"snake\"",
        ),
        (
            target::expand,
            "struct A { #[target(rename = \"a.b\")] a: Text }",
            "cannot be a field's name",
        ),
        (
            target::expand,
            "struct A { #[target(required)] a: Text }",
            "unknown option `required` in #[target(…)]; there are: rename",
        ),
        (
            settings::expand,
            "struct A { #[setting(default = 0.01)] a: Number }",
            "decimals are written as text",
        ),
    ];
    for (derive, text, expected) in cases {
        let found = complaint(derive, text);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn names_change_case_word_by_word() {
    assert_eq!(Case::Pascal.apply("voucher_date"), "VoucherDate");
    assert_eq!(Case::Camel.apply("orig_tax_sale_price"), "origTaxSalePrice");
    assert_eq!(Case::Pascal.apply("memo"), "Memo");
}
