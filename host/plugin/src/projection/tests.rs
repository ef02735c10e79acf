//! Projection against `serde_json` as the oracle, and examples of every rule in the module's words.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn cut(paths: &[&str], body: &str) -> String {
    Projection::parse(paths).unwrap().apply(body).unwrap()
}

#[test]
fn fields_and_lines_are_cut_out_with_their_digits() {
    let body = r#" { "order_no" : "CK1", "noise": {"a":[1,{"b":"}\"]"}]},
        "details_list": [ {"price": 2.0000, "name":"杯"}, {"x":1, "price": 1E+1 } ], "paid": 1234567890123456789.10 } "#;
    assert_eq!(
        cut(&["order_no", "paid", "details_list[].price"], body),
        r#"{"order_no":"CK1","details_list":[{"price":2.0000},{"price":1E+1}],"paid":1234567890123456789.10}"#
    );
}

#[test]
fn a_path_that_ends_early_takes_everything_below() {
    let body = r#"{"a":[{"b":1,"c":2}],"d":{"e":3}}"#;
    assert_eq!(cut(&["a"], body), r#"{"a":[{"b":1,"c":2}]}"#);
    assert_eq!(cut(&["a[]"], body), r#"{"a":[{"b":1,"c":2}]}"#);
    assert_eq!(cut(&["a[].b", "a", "d.e"], body), body);
    assert_eq!(cut(&["*"], body), body);
    assert_eq!(cut(&["*", "a"], body), body);
    assert_eq!(cut(&[], body), "{}");
}

#[test]
fn what_does_not_match_the_shape_is_kept_whole() {
    assert_eq!(cut(&["a[].b"], r#"{"a":""}"#), r#"{"a":""}"#);
    assert_eq!(cut(&["a[].b"], r#"{"a":null}"#), r#"{"a":null}"#);
    assert_eq!(cut(&["a[].b"], r#"{"a":{"b":1,"c":2}}"#), r#"{"a":{"b":1}}"#);
    assert_eq!(cut(&["a.b"], r#"{"a":[{"b":1,"c":2},7]}"#), r#"{"a":[{"b":1},7]}"#);
    assert_eq!(cut(&["a"], "[1]"), "[1]");
    assert_eq!(cut(&["a"], r#"[{"a":1,"b":2}]"#), r#"[{"a":1}]"#);
}

#[test]
fn of_a_doubled_key_the_last_wins() {
    assert_eq!(
        cut(&["a.x", "b"], r#"{"a":{"x":1},"b":1,"a":{"x":2,"x":3,"y":4}}"#),
        r#"{"a":{"x":3},"b":1}"#
    );
    assert_eq!(cut(&["ab"], r#"{"ab":1,"\u0061b":2}"#), r#"{"ab":2}"#);
    assert_eq!(cut(&["ab"], r#"{"\u0061b":2}"#), r#"{"\u0061b":2}"#);
}

#[test]
fn malformed_text_is_refused_wherever_it_is() {
    let projection = Projection::parse(&["a"]).unwrap();
    for body in [
        "",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{\"a\":1}}",
        "{\"b\":[1,]}",
        "{\"b\":01}",
        "{\"b\":1.}",
        "{\"b\":+1}",
        "{\"b\":.5}",
        "{\"b\":1e}",
        "{\"b\":nul}",
        "{\"b\":\"\\x\"}",
        "{\"b\":\"\\u12g4\"}",
        "{\"b\":\"\\ud800\"}",
        "{\"b\":\"\\udc00\"}",
        "{\"b\":\"\n\"}",
        "{\"b\":[}",
        "{\"b\":{]}",
        "{b:1}",
        "{\"b\" 1}",
        "[1 2]",
        "\"",
        "-",
        "{\"a\":\"abc",
        "{\"a\":\"abc\\",
        "{\"b\":tru",
        "\u{feff}{}",
        "{\"a\":1,\"a\":[}",
    ] {
        assert!(projection.apply(body).is_err(), "{body}");
        assert!(Projection::whole().apply(body).is_err(), "{body}");
        assert!(serde_json::from_str::<Value>(body).is_err(), "{body}");
    }
}

#[test]
fn depth_is_limited_on_every_way_through() {
    let nested = |depth: usize, key: &str| format!("{{\"{key}\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    for (paths, key) in [(&["a"][..], "a"), (&["a"], "b"), (&["a.x"], "a"), (&["*"], "a")] {
        let projection = Projection::parse(paths).unwrap();
        assert!(projection.apply(&nested(64, key)).is_ok(), "{paths:?} {key}");
        let error = projection.apply(&nested(65, key)).unwrap_err();
        assert_eq!(error.reason, "nested too deeply", "{paths:?} {key}");
    }
    let doubled = format!("{{\"a\":1,\"a\":{}", "[".repeat(100_000));
    assert!(Projection::parse(&["a.x"]).unwrap().apply(&doubled).is_err());
}

#[test]
fn odd_paths_are_refused() {
    for path in ["", ".", "a..b", "a.", "[]", "a[0]", "a[].*", "a*"] {
        assert!(Projection::parse(&[path]).is_err(), "{path}");
    }
    let long = vec!["a"; 65].join(".");
    assert!(Projection::parse(&[long]).is_err());
    assert!(Projection::parse(&vec!["a"; 2_001]).is_err());
}

#[test]
fn more_than_sixty_four_keys_of_one_object_are_told_apart() {
    let names: Vec<String> = (0..100).map(|index| format!("k{index}")).collect();
    let projection = Projection::parse(&names).unwrap();
    let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":1")).collect();
    let body = format!("{{{}}}", fields.join(","));
    assert_eq!(projection.apply(&body).unwrap(), body);
    let doubled = format!("{{{},\"k99\":2}}", fields.join(","));
    assert!(projection.apply(&doubled).unwrap().ends_with("\"k99\":2}"));
}

/// JSON as it may be written, with the freedoms that a tree forgets.
#[derive(Debug, Clone)]
enum Text {
    Scalar(String),
    Array(Vec<Text>, String),
    Object(Vec<(String, Text)>, String),
}

impl Text {
    fn write(&self, out: &mut String) {
        match self {
            Self::Scalar(text) => out.push_str(text),
            Self::Array(items, space) => {
                out.push('[');
                out.push_str(space);
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(space);
                    item.write(out);
                    out.push_str(space);
                }
                out.push(']');
            }
            Self::Object(fields, space) => {
                out.push('{');
                out.push_str(space);
                for (index, (key, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&format!("{space}\"{key}\"{space}:{space}"));
                    value.write(out);
                    out.push_str(space);
                }
                out.push('}');
            }
        }
    }
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?"
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        number(),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u6e21\ud83d\ude00\/\t""#.to_owned()),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abc]",
        1 => "[abc]{2,12}",
        1 => Just(r"\u0061".to_owned()),
        1 => Just(r#"quote\"d"#.to_owned()),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let space = "[ \n\t\r]{0,2}";
    scalar().prop_map(Text::Scalar).prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..5), space)
                .prop_map(|(items, space)| Text::Array(items, space)),
            (proptest::collection::vec((key(), inner), 0..7), space)
                .prop_map(|(fields, space)| Text::Object(fields, space)),
        ]
    })
}

fn paths() -> impl Strategy<Value = Vec<String>> {
    let step = ("[abc]{1,2}", any::<bool>()).prop_map(|(name, array)| if array { format!("{name}[]") } else { name });
    let path = proptest::collection::vec(step, 1..4).prop_map(|steps| steps.join("."));
    proptest::collection::vec(path, 0..6)
}

/// The oracle: the same rules on a tree.
fn expected(value: &Value, paths: &[Vec<String>]) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| expected(item, paths)).collect()),
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, value) in fields {
                let below: Vec<Vec<String>> = paths
                    .iter()
                    .filter(|path| path.first() == Some(key))
                    .map(|path| path[1..].to_vec())
                    .collect();
                if below.is_empty() {
                    continue;
                }
                let whole = below.iter().any(Vec::is_empty);
                let value = if whole { value.clone() } else { expected(value, &below) };
                kept.insert(key.clone(), value);
            }
            Value::Object(kept)
        }
        scalar => scalar.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_projection_equals_that_of_the_tree(text in text(), paths in paths()) {
        let mut body = String::new();
        text.write(&mut body);
        let tree: Value = serde_json::from_str(&body).unwrap();
        let cut = Projection::parse(&paths).unwrap().apply(&body).unwrap();
        let split: Vec<Vec<String>> = paths
            .iter()
            .map(|path| path.split('.').map(|step| step.replace("[]", "")).collect())
            .collect();
        prop_assert_eq!(serde_json::from_str::<Value>(&cut).unwrap(), expected(&tree, &split));
        prop_assert_eq!(Projection::whole().apply(&body).unwrap(), body);
    }

    #[test]
    fn a_number_keeps_its_token(token in number()) {
        let body = format!("{{\"x\":[1,2],\"a\": {token} }}");
        prop_assert_eq!(cut(&["a"], &body), format!("{{\"a\":{token}}}"));
    }

    #[test]
    fn any_text_is_judged_as_serde_judges_it(text in "[ \\[\\]{},:\"\\\\a0-9.eE+u-]{0,24}") {
        let serde = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
        let ours = scan::check(&text).is_ok();
        // `RawValue` does not look at the pairing of surrogates; there ours is stricter.
        prop_assert!(ours == serde || (serde && text.contains("\\u")), "{} {} {}", text, ours, serde);
    }

    #[test]
    fn broken_texts_never_panic(text in text(), paths in paths(), cut in any::<prop::sample::Index>()) {
        let mut body = String::new();
        text.write(&mut body);
        let border = body.floor_char_boundary(cut.index(body.len() + 1));
        body.truncate(border);
        let _ = Projection::parse(&paths).unwrap().apply(&body);
    }
}
