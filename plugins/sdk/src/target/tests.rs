//! Writing: what is left out, what is rejected, and in which order.

use crate::Violation;
use crate::prelude::*;
use crate::testing::{read, write};

#[derive(Target)]
#[target(wrapper = "dto", rename_all = "PascalCase")]
struct Voucher {
    code: Text,
    memo: Option<Text>,
    warehouse: Option<Code>,
    shipping: Option<Shipping>,
    #[target(rename = "RDRecordDetails")]
    lines: Option<Lines<Line>>,
}

#[derive(Target)]
struct Shipping {
    city: Option<Text>,
    date: Date,
}

#[derive(Target)]
struct Line {
    quantity: Decimal,
    batches: Option<Lines<Batch>>,
}

#[derive(Target)]
struct Batch {
    no: Text,
}

fn voucher() -> Voucher {
    Voucher {
        code: "A".to(),
        memo: None,
        warehouse: None,
        shipping: None,
        lines: None,
    }
}

fn brief(found: &[Violation]) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let found = found.iter();
    found
        .map(|v| (v.code.as_str(), v.source_path.as_deref(), v.target_path.as_deref()))
        .collect()
}

#[test]
fn empty_options_are_left_out() {
    assert_eq!(write(voucher()).unwrap(), r#"{"dto":{"Code":"A"}}"#);
    let empties = Voucher {
        memo: "".to(),
        warehouse: Some(Code::from("***")),
        lines: Some(Vec::new().into()),
        ..voucher()
    };
    assert_eq!(write(empties).unwrap(), r#"{"dto":{"Code":"A"}}"#);
}

#[test]
fn everything_stands_in_the_order_of_the_struct() {
    let full = Voucher {
        memo: "急".to(),
        warehouse: "CK\"1".to(),
        shipping: Some(Shipping {
            city: "武汉".to(),
            date: "2026-11-05 10:00:00".to(),
        }),
        lines: Some(
            vec![
                Line {
                    quantity: "2.0000".to(),
                    batches: None,
                },
                Line {
                    quantity: "1E+1".to(),
                    batches: Some(vec![Batch { no: "B".to() }].into()),
                },
            ]
            .into(),
        ),
        ..voucher()
    };
    assert_eq!(
        write(full).unwrap(),
        r#"{"dto":{"Code":"A","Memo":"急","Warehouse":{"Code":"CK\"1"},"Shipping":{"city":"武汉","date":"2026-11-05"},"RDRecordDetails":[{"quantity":2.0000},{"quantity":10,"batches":[{"no":"B"}]}]}}"#
    );
}

#[test]
fn everything_that_is_wrong_is_told_with_both_paths() {
    #[derive(Source)]
    struct Order {
        no: Text,
        day: Date,
        list: List<Row>,
    }
    #[derive(Source)]
    struct Row {
        count: Decimal,
        batch: Text,
    }
    let order: Order = read(r#"{"day":"x","list":[{"count":"1"},{"batch":[]}]}"#);
    let wrong = Voucher {
        code: order.no.to(),
        shipping: Some(Shipping {
            city: None,
            date: order.day.to(),
        }),
        lines: Some(order.list.map(|row| Line {
            quantity: row.count.to(),
            batches: Some(vec![Batch { no: row.batch.to() }].into()),
        })),
        ..voucher()
    };
    let found = write(wrong).unwrap_err();
    assert_eq!(
        brief(&found),
        [
            ("required", Some("no"), Some("Code")),
            ("date", Some("day"), Some("Shipping.date")),
            (
                "required",
                Some("list[0].batch"),
                Some("RDRecordDetails[0].batches[0].no")
            ),
            ("required", Some("list[1].count"), Some("RDRecordDetails[1].quantity")),
            ("type", Some("list[1].batch"), Some("RDRecordDetails[1].batches[0].no")),
        ]
    );
    assert_eq!(found[0].message, "no: the field is required and the value is empty");
    assert!(found[1].message.starts_with("day: \"x\" is not a date"));
}

#[test]
fn constants_name_no_source() {
    let found = write(Voucher {
        code: "".to(),
        ..voucher()
    })
    .unwrap_err();
    assert_eq!(brief(&found), [("required", None, Some("Code"))]);
}

#[test]
fn lines_are_cut_into_parts() {
    let lines: Lines<Batch> = (0..5)
        .map(|n| Batch {
            no: n.to_string().as_str().to(),
        })
        .collect();
    let sizes: Vec<usize> = lines.chunks(2).iter().map(|part| part.lines().len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(Lines::<Batch>::from(Vec::new()).chunks(2).len(), 1);
}
