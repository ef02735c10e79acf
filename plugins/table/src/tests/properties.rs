//! Whatever is written in a template and whatever a source sends: no panic, no lost group, no empty text, and every
//! rejection names a target field.

use super::{Rows, configure, record, seed_with};
use dukou_sdk::{Group, Mapping, Verdict};
use proptest::prelude::*;

/// Pieces that make templates likely to compile.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{{",
            "}}",
            "|",
            "order_no",
            "shop_no",
            "details_list.price",
            "details_list.position_list.num",
            "date",
            "datetime",
            "round(2)",
            "round(",
            "lookup(客户对照)",
            "or('x')",
            "or(price)",
            "or(",
            ")",
            "(",
            "+",
            "-",
            "*",
            "/",
            " ",
            "first()",
            "join(',')",
            "sum()",
            "sum(",
            "upper",
            "trim",
            "integer",
            "in(T+存货)",
            "'",
            "\"",
            "1",
            "2.50",
            "来自",
            ",",
            "group.key",
            "time",
            "text",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Placeholders that do compile, for the most part.
fn placeholder() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec![
        "a",
        "b.c",
        "details_list.a",
        "details_list.b",
        "details_list.position_list.a",
    ]);
    let stage = prop::sample::select(vec![
        "",
        "|date",
        "|datetime",
        "|time",
        "|round(2)",
        "|integer",
        "|upper",
        "|trim",
        "|lookup(T)",
        "|lookup(T,表)",
        "|or('x')",
        "|or(1)",
        "|first()",
        "|join('+')",
        "|sum()",
    ]);
    let operator = prop::sample::select(vec!["", "+1", "-a", "*2.5", "/a", "/details_list.a"]);
    let text = prop::sample::select(vec!["", "前", " "]);
    (text, path, operator, prop::collection::vec(stage, 0..3))
        .prop_map(|(text, path, operator, stages)| format!("{text}{{{{{path}{operator}{}}}}}", stages.concat()))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "\"\"",
            "\"***\"",
            "\" \"",
            "0",
            "-0",
            "1E+1",
            "1E+400",
            "2.0000",
            "\"1E-1\"",
            "1699927509000",
            "\"0000-00-00 00:00:00\"",
            "\"2023-11-14 10:05:09\"",
            "\"2023-02-29\"",
            "{}",
            "[]",
            "[1]",
            "{\"c\":\"v\"}",
            "99999999999999999999999999999999",
            "\"a\\u4e2d\\n\"",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9 .:-]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

fn element(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (scalar(), scalar(), inner)
        .prop_map(|(a, b, list)| format!("{{\"a\":{a},\"b\":{b},\"position_list\":{list}}}"))
        .boxed()
}

fn list(element: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![
        4 => prop::collection::vec(element.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
        1 => element,
        1 => scalar(),
    ]
    .boxed()
}

fn body() -> impl Strategy<Value = String> {
    let positions = list(element(Just("null".to_owned()).boxed()));
    (scalar(), scalar(), list(element(positions)))
        .prop_map(|(a, b, details)| format!("{{\"order_no\":\"N\",\"a\":{a},\"b\":{b},\"details_list\":{details}}}"))
}

/// No empty text stands anywhere, and nothing of a template either.
fn check_document(value: &serde_json::Value) -> Result<(), TestCaseError> {
    match value {
        serde_json::Value::String(text) => {
            prop_assert!(
                !text.trim().is_empty() && !text.contains("{{") && !text.contains("***"),
                "{text}"
            );
        }
        serde_json::Value::Array(values) => values.iter().try_for_each(check_document)?,
        serde_json::Value::Object(members) => members.values().try_for_each(check_document)?,
        _ => {}
    }
    Ok(())
}

fn check_verdicts(verdicts: &[Verdict], groups: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!(verdicts.len(), groups);
    for verdict in verdicts {
        match verdict {
            Verdict::Mapped(mapped) => {
                prop_assert!(!mapped.documents.is_empty());
                for document in &mapped.documents {
                    check_document(&serde_json::from_str(&document.body).unwrap())?;
                }
            }
            Verdict::Skipped(reason) => prop_assert!(!reason.is_empty()),
            Verdict::Rejected(violations) => {
                prop_assert!(!violations.is_empty());
                for violation in violations {
                    prop_assert!(
                        violation.target_path.as_ref().is_some_and(|path| !path.is_empty()),
                        "{violation:?}"
                    );
                    prop_assert!(!violation.message.is_empty());
                }
            }
        }
    }
    Ok(())
}

const RULES: &str = r#","skip":[{"when":"a like '%x'","reason":"s"}],"lines":{"RDRecordDetails":{"each":"details_list.position_list",
    "drop":[{"when":"details_list.a = 0","reason":"d"},{"when":"details_list.position_list.b > 5","reason":"p"}],
    "merge":{"by":["Inventory"],"sum":["BaseQuantity"]}}}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_a_template_or_an_error(template in pieces(), body in body()) {
        let rows = format!("\"Memo\":{}", serde_json::to_string(&template).unwrap());
        if let Ok(table) = configure(&seed_with(&rows, "")) {
            let group = Group::single(record("K", &body));
            check_verdicts(&table.transform(vec![group.clone(), group], &Rows), 2)?;
        }
    }

    #[test]
    fn any_record_has_a_verdict(
        head in placeholder(),
        line in placeholder(),
        quantity in placeholder(),
        bodies in prop::collection::vec(body(), 1..3),
        rules in prop::sample::select(vec!["", RULES]),
    ) {
        let rows = format!(
            "\"Memo\":{},\"RDRecordDetails.Batch\":{},\"RDRecordDetails.BaseQuantity\":{},\"DispatchAddress\":false,\"VoucherDate\":\"2023-11-14\"",
            serde_json::to_string(&head).unwrap(),
            serde_json::to_string(&line).unwrap(),
            serde_json::to_string(&quantity).unwrap()
        );
        if let Ok(table) = configure(&seed_with(&rows, rules)) {
            let records = bodies.iter().map(|body| record("K", body)).collect();
            let group = Group { key: "K".to_owned(), records, extra: "{\"max_lines\":2}".to_owned() };
            check_verdicts(&table.transform(vec![group], &Rows), 1)?;
        }
    }

    #[test]
    fn any_body_has_a_verdict(body in "\\PC{0,40}") {
        let table = configure(&seed_with("\"Memo\":\"{{a}}\"", "")).unwrap();
        check_verdicts(&table.transform(vec![Group::single(record("K", &body))], &Rows), 1)?;
    }

    #[test]
    fn any_text_is_settings_or_an_error(settings in "\\PC{0,40}", condition in "[a-z0-9 =<>!,.()']{0,24}|\\PC{0,16}") {
        prop_assert!(configure(&settings).is_err());
        let rule = format!(",\"skip\":[{{\"when\":{},\"reason\":\"x\"}}]", serde_json::to_string(&condition).unwrap());
        if let Ok(table) = configure(&seed_with("\"Memo\":\"x\"", &rule)) {
            check_verdicts(&table.transform(vec![Group::single(record("K", super::DIRECT))], &Rows), 1)?;
        }
    }
}

/// Guests have a stack of 64 KiB (`dukou-plugin-build`), and frames there are no larger than here.
#[test]
fn the_deepest_templates_fit_a_guests_stack() {
    let deep = format!("{{{{{}a{}|round(2)}}}}", "(1+".repeat(7), ")".repeat(7));
    let wide = format!("{{{{a{}}}}}", "+a".repeat(18));
    let condition = format!("{}a = 1{}", "(".repeat(7), ")".repeat(7));
    let settings = seed_with(
        &format!("\"Memo\":\"{deep}\",\"TransDocNo\":\"{wide}\""),
        &format!(",\"skip\":[{{\"when\":\"{condition} or a = 2\",\"reason\":\"x\"}}]"),
    );
    let environment = super::environment();
    let group = Group::single(record("K", &super::DIRECT.replacen('{', "{\"a\":\"3\",", 1)));
    let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(move || {
        let (table, _) = crate::Table::configure(&settings, &environment).unwrap();
        super::body(table.transform(vec![group], &Rows).remove(0))
    });
    let body = thread.unwrap().join().unwrap();
    assert!(
        body.contains(r#""Memo":"10""#) && body.contains(r#""TransDocNo":"57""#),
        "{body}"
    );
}
