//! Values: what is empty, what is a fault, and what survives calculation.

use crate::prelude::*;
use crate::testing::read;
use crate::values::Token;
use proptest::prelude::*;

#[derive(Source)]
struct Row {
    a: Text,
    n: Decimal,
    i: Integer,
    b: Boolean,
    d: Date,
    t: DateTime,
    j: Json,
    #[source(personal)]
    phone: Decimal,
}

fn token(value: &impl Token) -> Result<Option<String>, String> {
    let mut out = String::new();
    match value.push(&mut out) {
        Ok(true) => Ok(Some(out)),
        Ok(false) => Ok(None),
        Err(fault) => Err(format!("{} {fault}", fault.code())),
    }
}

fn some(token: &str) -> Result<Option<String>, String> {
    Ok(Some(token.to_owned()))
}

#[test]
fn every_json_type_is_read_as_what_the_field_means() {
    let row: Row = read(
        r#"{"a":4503599627370497123,"n":"2.0000","i":"1E+1","b":"1","d":1793894400000,"t":"2026-11-05T10:05:09","j":[1.0, "x"]}"#,
    );
    assert_eq!(token(&row.a), some("\"4503599627370497123\""));
    assert_eq!(token(&row.n), some("2.0000"));
    assert_eq!(token(&row.i), some("10"));
    assert_eq!(token(&row.b), some("true"));
    assert_eq!(token(&row.d), some("\"2026-11-06\""));
    assert_eq!(token(&row.t), some("\"2026-11-05 10:05:09\""));
    assert_eq!(token(&row.j), some("[1.0, \"x\"]"));
    assert_eq!(row.i.get(), Ok(Some(10)));
    assert!(row.b.is_true());
}

#[test]
fn what_is_nothing_is_empty_and_no_fault() {
    for body in [
        "{}",
        r#"{"a":null,"n":"","i":" ","b":null,"d":"0000-00-00 00:00:00","t":0,"j":null}"#,
        r#"{"a":"13***1","n":"***"}"#,
    ] {
        let row: Row = read(body);
        assert!(
            row.a.is_empty() && row.n.is_empty() && row.i.is_empty() && row.b.is_empty(),
            "{body}"
        );
        for token in [
            token(&row.a),
            token(&row.n),
            token(&row.i),
            token(&row.b),
            token(&row.d),
            token(&row.t),
            token(&row.j),
        ] {
            assert_eq!(token, Ok(None), "{body}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_path() {
    let row: Row = read(r#"{"a":{"x":1},"n":"2件","i":"1.5","b":"ja","d":"2026/11/05","t":true,"phone":"138x"}"#);
    let told = |token: Result<Option<String>, String>| token.unwrap_err();
    assert_eq!(told(token(&row.a)), r#"type a: "{"x":1}" is not a text"#);
    assert_eq!(told(token(&row.n)), r#"type n: "2件" is not a decimal"#);
    assert_eq!(told(token(&row.i)), r#"type i: "1.5" is not a whole number"#);
    assert_eq!(told(token(&row.b)), r#"type b: "ja" is not true or false"#);
    assert!(told(token(&row.d)).starts_with(r#"date d: "2026/11/05" is not a date"#));
    assert!(told(token(&row.t)).starts_with(r#"date t: "true" is not a date"#));
    assert_eq!(told(token(&row.phone)), "type phone: *** is not a decimal");
    let violation = Violation::from(row.n.get().unwrap_err());
    assert_eq!(
        (violation.code.as_str(), violation.source_path.as_deref()),
        ("type", Some("n"))
    );
}

#[test]
fn faults_and_empties_pass_through_what_is_done_with_them() {
    let row: Row = read(r#"{"a":[],"n":"x","i":3,"d":"昨天"}"#);
    let two = Decimal::from(2);
    for result in [
        &row.n + &two,
        &two - &row.n,
        (&row.n * &two).round(2),
        (&two / &row.n).abs(),
        row.n.clone() + Decimal::EMPTY,
    ] {
        let fault = result.get().unwrap_err();
        assert_eq!((fault.code(), fault.origin().unwrap().path().as_str()), ("type", "n"));
    }
    assert!((&two + &Decimal::EMPTY).is_empty());
    assert_eq!(row.a.prefixed("x").get().unwrap_err().code(), "type");
    assert_eq!(Text::from("x").joined(" ", &row.a).get().unwrap_err().code(), "type");
    assert_eq!(row.d.plus_days(1).get().unwrap_err().code(), "date");
    assert_eq!((two / Decimal::from(0)).get().unwrap_err().code(), "expression");
    let large = Decimal::from("79228162514264337593543950335");
    assert_eq!((&large + &large).get().unwrap_err().code(), "expression");
    assert_eq!(
        row.a.refused("shop", "no such shop").get().unwrap_err().to_string(),
        "a: no such shop"
    );
}

#[test]
fn results_are_written_exactly() {
    let written = |number: Decimal| token(&number).unwrap().unwrap();
    assert_eq!(written(Decimal::from("0.10") + Decimal::from("0.20")), "0.30");
    assert_eq!(written(Decimal::from("19.80") * Decimal::from("3")), "59.4");
    assert_eq!(written(Decimal::from("-2.345").round(2)), "-2.35");
    assert_eq!(written(Decimal::from("1") - Decimal::from("1.00")), "0.00");
    assert_eq!(
        written([Decimal::from("1.5"), Decimal::EMPTY, Decimal::from("2")].iter().sum()),
        "3.5"
    );
    assert_eq!(written(std::iter::empty::<Decimal>().sum()), "0");
    assert_eq!(Decimal::EMPTY.required().unwrap_err().code(), "required");
}

#[test]
fn one_value_serves_fields_of_several_types() {
    let row: Row = read(r#"{"a":"12","n":7}"#);
    let (text, code, number, missing): (Text, Code, Decimal, Option<Integer>) =
        (row.a.to(), row.a.to(), row.a.to(), row.n.to());
    assert_eq!(token(&text), some("\"12\""));
    assert_eq!(token(&code), some("{\"Code\":\"12\"}"));
    assert_eq!(token(&number), some("12"));
    assert_eq!(token(&missing.unwrap()), some("7"));
    let name: Name = "甲\"".to();
    assert_eq!(token(&name), some(r#"{"Name":"甲\""}"#));
}

proptest! {
    /// Whatever is written is a token that JSON parsers take, and reading it again changes nothing.
    #[test]
    fn carried_numbers_keep_their_digits(units in any::<i64>(), scale in 0_u32..10) {
        let digits = rust_decimal::Decimal::new(units, scale).to_string();
        let row: Row = read(&format!(r#"{{"n":"{digits}"}}"#));
        prop_assert_eq!(token(&row.n), Ok(Some(digits)));
    }

    #[test]
    fn sums_are_exact(units in prop::collection::vec(-1_000_000_i64..1_000_000, 0..20)) {
        let sum: Decimal = units.iter().map(|unit| Decimal::from(rust_decimal::Decimal::new(*unit, 4))).sum();
        prop_assert_eq!(sum.required().unwrap(), rust_decimal::Decimal::new(units.iter().sum(), 4));
    }

    #[test]
    fn texts_arrive_whole(text in "(?s).{0,40}") {
        let body = serde_json::json!({ "a": text }).to_string();
        let row: Row = read(&body);
        let expected = (!crate::scalar::is_empty_text(&text)).then(|| crate::json::text(&text));
        prop_assert_eq!(token(&row.a), Ok(expected));
    }
}
