//! The forms of numbers and emptiness that real sources send.

use super::*;
use proptest::prelude::*;

fn plain(text: &str) -> String {
    plain_number(text).unwrap().into_owned()
}

#[test]
fn keeps_canonical_numbers_untouched() {
    for text in [
        "0",
        "2",
        "-2",
        "2.0000",
        "0.5",
        "-0.00",
        "1234567890.12345678901234567890",
    ] {
        assert!(
            matches!(plain_number(text), Ok(Cow::Borrowed(same)) if same == text),
            "{text}"
        );
    }
}

#[test]
fn writes_other_forms_out() {
    for (text, expected) in [
        ("1E+1", "10"),
        ("1e1", "10"),
        ("1.50E1", "15.0"),
        ("1.5E-3", "0.0015"),
        ("2.00E+2", "200"),
        ("1E-2", "0.01"),
        ("12E-1", "1.2"),
        ("0E+3", "0"),
        ("0E-4", "0.0000"),
        ("0.05E1", "0.5"),
        ("007", "7"),
        ("00.50", "0.50"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-.5e1", "-5"),
        (" 2.0 ", "2.0"),
        ("000", "0"),
    ] {
        assert_eq!(plain(text), expected, "{text}");
    }
}

#[test]
fn refuses_what_is_no_number() {
    for text in [
        "", " ", ".", "-", "+", "e5", "1e", "1e+", "1,000", "2件", "0x10", "1 2", "--1", "1.2.3", "∞", "NaN",
    ] {
        assert_eq!(plain_number(text), Err(NotANumber::Form), "{text}");
    }
    for text in ["1e65", "1e-65", "1e1000000000", &"9".repeat(65)] {
        assert_eq!(plain_number(text), Err(NotANumber::Size), "{text}");
    }
}

#[test]
fn reads_every_json_type() {
    let cases = [
        ("\"上海\"", Scalar::Text("上海".into())),
        (r#""a\"b\u4e2d""#, Scalar::Text("a\"b中".into())),
        ("2.0000", Scalar::Number("2.0000".into())),
        ("-1E+1", Scalar::Number("-1E+1".into())),
        ("true", Scalar::Boolean(true)),
        ("null", Scalar::Null),
        ("[1, 2]", Scalar::Structure("[1, 2]")),
        ("{}", Scalar::Structure("{}")),
    ];
    for (json, expected) in cases {
        assert_eq!(serde_json::from_str::<Scalar<'_>>(json).unwrap(), expected, "{json}");
    }
}

#[test]
fn borrows_where_nothing_is_escaped() {
    let json = r#"{"a":"text","b":12345678901234567890123456.70}"#;
    let object: std::collections::BTreeMap<&str, Scalar<'_>> = serde_json::from_str(json).unwrap();
    assert!(matches!(object["a"], Scalar::Text(Cow::Borrowed("text"))));
    assert!(matches!(
        object["b"],
        Scalar::Number(Cow::Borrowed("12345678901234567890123456.70"))
    ));
}

#[test]
fn knows_what_is_empty() {
    for json in ["null", r#""""#, r#"" \t""#, "\"\u{3000}\"", r#""138***12""#] {
        assert!(Scalar::from_json(json).is_empty(), "{json}");
    }
    for json in ["0", r#""0""#, "false", r#""**""#, "[]"] {
        assert!(!Scalar::from_json(json).is_empty(), "{json}");
    }
}

#[test]
fn wants_whole_numbers_where_asked() {
    assert_eq!(Scalar::from_json("\"2.0000\"").integer().unwrap(), "2");
    assert_eq!(Scalar::from_json("1.2E+1").integer().unwrap(), "12");
    assert_eq!(Scalar::from_json("2.5").integer(), Err(NotANumber::Fraction));
    assert_eq!(Scalar::from_json("true").integer(), Err(NotANumber::Form));
}

#[test]
fn shows_text_without_exponents() {
    assert_eq!(Scalar::from_json("1E+1").text(), "10");
    assert_eq!(Scalar::from_json("\"1E+1\"").text(), "1E+1");
    assert_eq!(Scalar::from_json("2.0000").text(), "2.0000");
    assert_eq!(Scalar::from_json("false").text(), "false");
    assert_eq!(Scalar::from_json("null").text(), "");
}

proptest! {
    /// However a number is written, the token has its value and a JSON parser accepts it.
    #[test]
    fn form_never_changes_value(units in -999_999_999_i64..=999_999_999, scale in 0_u32..6, exponent in -6_i32..=6) {
        let value = Decimal::new(units, scale);
        let shifted = value * if exponent < 0 {
            Decimal::new(1, exponent.unsigned_abs())
        } else {
            Decimal::from(10_i64.pow(exponent.unsigned_abs()))
        };
        for text in [format!("{value}E{exponent}"), format!("{value}e{exponent:+}"), format!("{value}E{exponent:03}")] {
            let token = plain(&text);
            prop_assert_eq!(Decimal::from_str_exact(&token).unwrap(), shifted, "{}", &text);
            prop_assert!(serde_json::from_str::<&RawValue>(&token).is_ok(), "{}", token);
            prop_assert!(!token.contains(['e', 'E', '+']));
        }
    }

    /// Nothing that is accepted is anything but a JSON number, and reading it again changes nothing.
    #[test]
    fn accepted_text_is_a_stable_token(text in "[-+ .0-9eE]{0,12}") {
        if let Ok(token) = plain_number(&text) {
            prop_assert!(matches!(serde_json::from_str::<Scalar<'_>>(&token), Ok(Scalar::Number(_))), "{}", token);
            prop_assert!(matches!(plain_number(&token), Ok(Cow::Borrowed(again)) if again == token));
        }
    }
}
