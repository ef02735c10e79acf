//! Reading: lists as sources mean them, nested objects, and paths.

use crate::prelude::*;
use crate::source::Source as _;
use crate::testing::read;

#[derive(Source)]
struct Order {
    #[source(rename = "单号")]
    no: Text,
    receiver: Receiver,
    details_list: List<Line>,
    logs: Vec<Log>,
    r#type: Integer,
    extra: Json,
}

#[derive(Source)]
struct Receiver {
    city: Text,
}

#[derive(Source)]
struct Line {
    goods_count: Decimal,
    position_list: List<Position>,
}

#[derive(Source)]
struct Position {
    batch_no: Text,
}

#[derive(Source)]
struct Log {
    at: DateTime,
}

#[test]
fn needs_are_the_fields_of_the_structs() {
    assert_eq!(
        Order::needs(),
        [
            "单号",
            "receiver.city",
            "details_list[].goods_count",
            "details_list[].position_list[].batch_no",
            "logs[].at",
            "type",
            "extra"
        ]
    );
    assert!(<()>::needs().is_empty());
}

#[test]
fn lists_are_what_sources_mean_by_them() {
    let count = |list: &str| {
        let order: Order = read(&format!(r#"{{"details_list":{list}}}"#));
        (order.details_list.len(), order.details_list.fault().is_some())
    };
    for none in ["null", "\"\"", "\" \"", "[]"] {
        assert_eq!(count(none), (0, false), "{none}");
    }
    assert_eq!(count(r#"{"goods_count":1}"#), (1, false));
    assert_eq!(count(r#"[{"goods_count":1},{}]"#), (2, false));
    for wrong in [
        "5",
        "1.5",
        "98765432109876543210",
        "true",
        "\"x\"",
        "[null]",
        "[1.5]",
        "[[]]",
        "[\"\"]",
        "[{},5]",
    ] {
        assert_eq!(count(wrong), (0, true), "{wrong}");
    }
    assert_eq!(read::<Order>("{}").details_list.len(), 0);
}

#[test]
fn every_value_knows_its_path() {
    let order: Order = read(
        r#"{"单号":1,"receiver":{"city":"武汉"},"type":2,"extra":{"a":[1]},"logs":{"at":"2026-11-05"},
            "details_list":[{"position_list":[{"batch_no":"B\u0031"},{"batch_no":"B2"}]},{"goods_count":"x"}]}"#,
    );
    let path = |value: &Text| value.origin().unwrap().path();
    assert_eq!(path(&order.receiver.city), "receiver.city");
    let lines: Vec<&Line> = order.details_list.iter().collect();
    let positions: Vec<&Position> = lines[0].position_list.iter().collect();
    assert_eq!(
        path(&positions[1].batch_no),
        "details_list[0].position_list[1].batch_no"
    );
    assert_eq!(positions[0].batch_no.to_string(), "B1");
    assert_eq!(
        lines[1].goods_count.origin().unwrap().path(),
        "details_list[1].goods_count"
    );
    assert_eq!(order.details_list.path(1), "details_list[1]");
    assert_eq!(order.r#type.get(), Ok(Some(2)));
    assert_eq!(order.extra.json(), r#"{"a":[1]}"#);
    assert_eq!(order.extra.look(|node| node.at("a").is_some()), Some(true));
    assert_eq!(order.logs[0].at.to_string(), "2026-11-05");
}

#[test]
fn the_last_of_members_with_one_name_counts() {
    let order: Order = read(
        r#"{"单号":"a","details_list":[{},{}],"单号":"b","details_list":[{}],"receiver":{"city":"x"},"receiver":{}}"#,
    );
    assert_eq!(order.no.to_string(), "b");
    assert_eq!(order.details_list.len(), 1);
    assert!(order.receiver.city.is_empty());
}

#[test]
fn what_belongs_to_no_value_is_a_violation_of_its_own() {
    #[derive(Settings)]
    struct Rules;
    #[derive(Target)]
    struct Written {
        no: Option<Text>,
    }
    impl Mapper for Rules {
        type Source = Order;
        type Target = Written;
        fn map(&self, order: Order, _job: &mut Job<'_>) -> Result<Written, Stop> {
            Ok(Written { no: order.no.to() })
        }
    }
    let verdict = crate::testing::transform::<Rules>("{}", r#"{"receiver":"x","logs":5}"#);
    let crate::Verdict::Rejected(found) = verdict else {
        panic!("{verdict:?}")
    };
    let brief: Vec<_> = found
        .iter()
        .map(|v| (v.code.as_str(), v.source_path.as_deref()))
        .collect();
    assert_eq!(brief, [("type", Some("receiver")), ("type", Some("logs"))]);
}

#[test]
fn records_of_a_group_join_value_by_value() {
    let mut first: Order = read(r#"{"单号":"1","receiver":{"city":"a"},"details_list":[{}],"type":"1.0"}"#);
    let second: Order = read(r#"{"单号":1,"receiver":{"city":"b"},"details_list":[{},{}]}"#);
    first.join(second);
    assert_eq!(first.no.to_string(), "1");
    assert_eq!(first.receiver.city.get().unwrap_err().code(), "merge.disagree");
    assert_eq!(first.r#type.get().unwrap_err().code(), "merge.disagree");
    assert_eq!(first.details_list.len(), 3);
    assert_eq!(first.details_list.path(2), "details_list[1]");
}
