//! Editing: what changes, and that nothing else does.

use super::path::{Step, read};
use crate::prelude::*;
use crate::testing::edit;
use proptest::prelude::*;

const DOCUMENT: &str = r#"{"dto":{"Code":"A","Amount":1.2345678901234568e+18,"Memo":null,"R":[{"Q":2.0000,"B":"x"},{"Q":1}],"N":{"a":{"b":1}}}}"#;

#[test]
fn a_change_keeps_its_place_and_all_else() {
    let mut document = edit(DOCUMENT);
    document.set("Memo", &Text::from("急"));
    document.set("R[1].B", &Text::from("y"));
    document.set("N.a.c", &Decimal::from("0.10"));
    document.set("X.y", &Boolean::from(true));
    document.remove("R[0].B");
    document.remove("Missing.deep");
    document.remove("R[7].B");
    assert_eq!(
        document.to_json(),
        r#"{"dto":{"Code":"A","Amount":1.2345678901234568e+18,"Memo":"急","R":[{"Q":2.0000},{"Q":1,"B":"y"}],"N":{"a":{"b":1,"c":0.10}},"X":{"y":true}}}"#
    );
    assert!(document.finish().1.is_empty());
}

#[test]
fn values_are_read_as_what_is_wanted_also_after_a_change() {
    let mut document = edit(DOCUMENT);
    assert_eq!(document.get::<Decimal>("R[0].Q").to_string(), "2.0000");
    assert_eq!(document.get::<Text>("Nothing").to_string(), "");
    assert_eq!(document.count("R"), 2);
    document.set("R[2].Q", &Decimal::from(3));
    assert_eq!(document.count("R"), 3);
    assert_eq!(document.json("R[2]").unwrap(), r#"{"Q":3}"#);
    document.set("Warehouse", &Code::from("CK"));
    assert_eq!(document.get::<Code>("Warehouse").to_string(), "CK");
    assert_eq!(document.get::<Text>("Warehouse.Code").to_string(), "CK");
    assert!(document.has("N.a.b") && !document.has("N.a.b.c"));
    document.remove("R[0]");
    assert_eq!(document.json("R[0].Q").unwrap(), "1");
}

#[test]
fn what_cannot_be_set_is_told_with_the_path() {
    let mut document = edit(DOCUMENT);
    document.set("Date", &Date::from("昨天"));
    document.set_required("Memo", &Text::EMPTY);
    document.set("Code.x", &Text::from("1"));
    document.set("R.x", &Text::from("1"));
    document.set("R[9].x", &Text::from("1"));
    document.set("R[x]", &Text::from("1"));
    document.set("", &Text::from("1"));
    assert_eq!(document.to_json(), DOCUMENT);
    let found = document.finish().1;
    let brief: Vec<_> = found
        .iter()
        .map(|v| (v.code.as_str(), v.target_path.as_deref().unwrap()))
        .collect();
    assert_eq!(
        brief,
        [
            ("date", "Date"),
            ("required", "Memo"),
            ("type", "Code.x"),
            ("type", "R.x"),
            ("type", "R[9].x"),
            ("type", "R[x]"),
            ("type", "")
        ]
    );
}

#[test]
fn an_empty_value_takes_the_member_away() {
    let mut document = edit(r#"{"dto":{"a":1,"b":2}}"#);
    document.set("a", &Text::EMPTY);
    assert_eq!(document.to_json(), r#"{"dto":{"b":2}}"#);
}

#[test]
fn names_are_found_however_they_are_written() {
    let mut document = edit(r#"{"dto":{"\u004demo":"a","x":{"\"":1}}}"#);
    document.set("Memo", &Text::from("b"));
    assert_eq!(document.to_json(), r#"{"dto":{"\u004demo":"b","x":{"\"":1}}}"#);
}

#[test]
fn a_document_of_several_members_has_no_wrapper() {
    let mut document = edit(r#"{"a":{"x":1},"b":2}"#);
    document.set("a.x", &Decimal::from(5));
    assert_eq!(document.to_json(), r#"{"a":{"x":5},"b":2}"#);
}

#[test]
fn paths_are_read_step_by_step() {
    let mut steps = Vec::new();
    read("a[0][12].b", &mut steps).unwrap();
    assert_eq!(
        steps,
        [
            Step::Member("a"),
            Step::Element(0),
            Step::Element(12),
            Step::Member("b")
        ]
    );
    for wrong in ["", ".", "a.", "[0]", "a[", "a[]", "a[-1]", "a[0]b"] {
        assert!(read(wrong, &mut Vec::new()).is_err(), "{wrong}");
    }
}

proptest! {
    /// Setting a member changes that member, whatever the document.
    #[test]
    fn only_what_is_set_changes(texts in prop::collection::btree_map("[a-z]{1,3}", "(?s).{0,8}", 1..6), value in "(?s).{1,8}") {
        prop_assume!(!crate::scalar::is_empty_text(&value));
        let mut whole = serde_json::json!({ "dto": texts });
        let mut document = edit(&whole.to_string());
        let name = texts.keys().next().unwrap();
        document.set(name, &Text::from(value.as_str()));
        whole["dto"][name] = value.as_str().into();
        prop_assert_eq!(document.to_json(), whole.to_string());
    }
}
