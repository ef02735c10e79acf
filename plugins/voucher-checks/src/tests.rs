//! Vouchers that pass, and one that fails for each reason.

use super::*;
use dukou_sdk::{Document, Group, HostLookups, Mapped, Omission, SourceRecord};
use proptest::prelude::*;
use rust_decimal::Decimal;

const ENVIRONMENT: &str = r#"{"time_zone":"Asia/Shanghai","target":{"api":"/tplus/api/v2/saleDispatch/Create","wrapper":"dto","fields":[{"path":"RDRecordDetails.BaseQuantity","type":"decimal"}]}}"#;
const RECEIVED: &str = "2026-11-05T10:00:00Z";

fn candidate(details: &str, documents: &[(&str, &str, &str)]) -> Candidate {
    let body = format!(r#"{{"details_list":{details}}}"#);
    let documents = documents.iter().map(|(suffix, date, lines)| {
        let body = format!(r#"{{"dto":{{"ExternalCode":"A","VoucherDate":"{date}","RDRecordDetails":{lines}}}}}"#);
        Document::with_suffix(*suffix, body)
    });
    Candidate {
        origin: Group::single(SourceRecord::new("A", RECEIVED, body)),
        mapped: Mapped {
            documents: documents.collect(),
            omitted: Vec::new(),
        },
    }
}

fn check_with(settings: &str, candidate: Candidate) -> Vec<Violation> {
    let (checks, _) = VoucherChecks::configure(settings, ENVIRONMENT).unwrap();
    checks.validate(vec![candidate], &HostLookups).remove(0)
}

fn codes(settings: &str, candidate: Candidate) -> Vec<String> {
    check_with(settings, candidate)
        .into_iter()
        .map(|violation| violation.code)
        .collect()
}

const TWO: &str = r#"[{"goods_count":"1E+1","share_amount":"15.00"},{"goods_count":2.0000,"share_amount":"3"}]"#;

#[test]
fn an_ordinary_voucher_passes() {
    let lines = r#"[{"BaseQuantity":10,"origTaxSalePrice":1.5},{"BaseQuantity":2.0000,"origTaxSalePrice":1.50}]"#;
    let pass = |settings| codes(settings, candidate(TWO, &[("", "2026-11-05", lines)]));
    assert!(pass("{}").is_empty());
    assert!(pass(r#"{"amount":"details_list.share_amount","tolerance":0}"#).is_empty());
    assert!(codes("{}", candidate("null", &[])).is_empty());
}

#[test]
fn quantities_must_be_positive() {
    let with = |settings, quantity: &str| {
        let details = format!(r#"[{{"goods_count":{quantity}}}]"#);
        let lines = format!(r#"[{{"BaseQuantity":{quantity}}}]"#);
        codes(settings, candidate(&details, &[("", "2026-11-05", &lines)]))
    };
    assert_eq!(with("{}", "0.0000"), ["quantity"]);
    assert_eq!(with("{}", "-1"), ["quantity"]);
    assert!(with(r#"{"allow_negative":true}"#, "-1").is_empty());
    assert_eq!(with(r#"{"allow_negative":true}"#, "0"), ["quantity"]);
    assert_eq!(
        with("{}", r#""x""#),
        ["quantity"],
        "totals are not compared with what cannot be read"
    );
    assert_eq!(with("{}", "null"), ["quantity"]);
}

#[test]
fn dates_must_be_plausible() {
    let with = |settings, date: &str| {
        codes(
            settings,
            candidate(r#"{"goods_count":1}"#, &[("", date, r#"[{"BaseQuantity":1}]"#)]),
        )
    };
    for date in ["2000-01-01", "2026-11-06", "2026-11-06 23:59:59", ""] {
        assert!(with("{}", date).is_empty(), "{date}");
    }
    for date in ["1999-12-31", "2026-11-07", "1970-01-01", "5 Nov 2026"] {
        assert_eq!(with("{}", date), ["date"], "{date}");
    }
    assert_eq!(with(r#"{"not_before":"2026-01-01"}"#, "2025-12-31"), ["date"]);
    assert!(with(r#"{"not_before":""}"#, "1990-01-01").is_empty());
}

#[test]
fn the_day_of_receipt_is_a_day_of_the_scheme() {
    // Half past four in the afternoon of UTC is the next day in Shanghai.
    let mut late = candidate(r#"{"goods_count":1}"#, &[("", "2026-11-07", r#"[{"BaseQuantity":1}]"#)]);
    late.origin.records[0].received_at = "2026-11-05T16:30:00Z".to_owned();
    assert!(codes("{}", late.clone()).is_empty());
    late.origin.records[0].received_at = "yesterday".to_owned();
    assert_eq!(codes("{}", late), ["date"]);
}

#[test]
fn lost_and_invented_lines_are_found() {
    let one = r#"[{"BaseQuantity":12}]"#;
    assert_eq!(codes("{}", candidate(TWO, &[("", "2026-11-05", one)])), ["lines"]);
    assert!(codes(r#"{"merged":true}"#, candidate(TWO, &[("", "2026-11-05", one)])).is_empty());
    let three = r#"[{"BaseQuantity":10},{"BaseQuantity":1},{"BaseQuantity":1}]"#;
    for settings in ["{}", r#"{"merged":true}"#] {
        assert_eq!(codes(settings, candidate(TWO, &[("", "2026-11-05", three)])), ["lines"]);
    }
    let none = candidate(TWO, &[("", "2026-11-05", "[]")]);
    assert_eq!(codes(r#"{"merged":true}"#, none), ["lines", "total"]);
    assert!(codes(r#"{"lines":""}"#, candidate(TWO, &[("", "2026-11-05", three)])).is_empty());
}

#[test]
fn totals_must_agree_over_all_documents() {
    let split = [
        ("", "2026-11-05", r#"[{"BaseQuantity":10}]"#),
        ("-p2", "2026-11-05", r#"[{"BaseQuantity":2}]"#),
    ];
    assert!(codes("{}", candidate(TWO, &split)).is_empty());
    let wrong = r#"[{"BaseQuantity":10},{"BaseQuantity":2.001}]"#;
    let violations = check_with("{}", candidate(TWO, &[("", "2026-11-05", wrong)]));
    assert_eq!(violations[0].code, "total");
    assert_eq!(
        violations[0].message,
        "the lines sum up to 12.001, the source to 12.0000"
    );
    assert_eq!(violations[0].source_path.as_deref(), Some("details_list.goods_count"));
    assert!(codes(r#"{"quantity":""}"#, candidate(TWO, &[("", "2026-11-05", wrong)])).is_empty());
}

#[test]
fn what_was_omitted_is_not_missed() {
    let omit = |paths: &[&str], lines: &str| {
        let mut candidate = candidate(TWO, &[("", "2026-11-05", lines)]);
        candidate.mapped.omitted = paths.iter().map(|path| Omission::new(0, *path, "赠品")).collect();
        codes("{}", candidate)
    };
    assert!(omit(&["details_list[1]"], r#"[{"BaseQuantity":10}]"#).is_empty());
    assert_eq!(omit(&["details_list[0]"], r#"[{"BaseQuantity":10}]"#), ["total"]);
    assert!(omit(&[""], "[]").is_empty());
    assert_eq!(
        omit(&["details_list[5]"], r#"[{"BaseQuantity":10}]"#),
        ["lines", "total"]
    );
}

#[test]
fn lines_may_come_from_an_inner_list() {
    let details = r#"[{"goods_count":3,"position_list":[{"position_goods_count":1},{"position_goods_count":"2"}]},{"goods_count":4,"position_list":null}]"#;
    let lines = r#"[{"BaseQuantity":1},{"BaseQuantity":2},{"BaseQuantity":4}]"#;
    let by_position = r#"{"lines":"details_list.position_list","quantity":"details_list.position_list.position_goods_count, details_list.goods_count"}"#;
    let by_detail = r#"{"lines":"details_list.position_list"}"#;
    for settings in [by_position, by_detail] {
        assert!(
            codes(settings, candidate(details, &[("", "2026-11-05", lines)])).is_empty(),
            "{settings}"
        );
    }
    let mut partly = candidate(
        details,
        &[("", "2026-11-05", r#"[{"BaseQuantity":2},{"BaseQuantity":4}]"#)],
    );
    partly
        .mapped
        .omitted
        .push(Omission::new(0, "details_list[0].position_list[0]", "退款"));
    assert!(codes(by_position, partly).is_empty());
}

#[test]
fn amounts_are_compared_when_asked() {
    let lines = r#"[{"BaseQuantity":10,"origTaxSalePrice":1.5},{"BaseQuantity":2,"origTaxSalePrice":1.506}]"#;
    let with = |settings| codes(settings, candidate(TWO, &[("", "2026-11-05", lines)]));
    assert!(with("{}").is_empty());
    assert_eq!(with(r#"{"amount":"details_list.share_amount"}"#), ["amount"]);
    assert!(with(r#"{"amount":"details_list.share_amount","tolerance":"0.02"}"#).is_empty());
}

#[test]
fn long_texts_are_found_where_they_stand() {
    let lines = format!(
        r#"[{{"BaseQuantity":10,"DetailMemo":"{}"}},{{"BaseQuantity":2}}]"#,
        "长".repeat(11)
    );
    let violations = check_with(r#"{"max_text":10}"#, candidate(TWO, &[("-p1", "2026-11-05", &lines)]));
    assert_eq!(violations.len(), 1);
    assert_eq!(
        violations[0].target_path.as_deref(),
        Some("RDRecordDetails[0].DetailMemo")
    );
    assert_eq!(violations[0].extra, r#"{"suffix":"-p1"}"#);
    for settings in ["{}", r#"{"max_text":11}"#, r#"{"max_text":0}"#] {
        assert!(codes(settings, candidate(TWO, &[("-p1", "2026-11-05", &lines)])).is_empty());
    }
}

#[test]
fn an_unreadable_document_is_refused() {
    let mut broken = candidate(TWO, &[("", "2026-11-05", r#""x""#)]);
    assert_eq!(codes("{}", broken.clone()), ["lines"]);
    broken.mapped.documents[0].body = "{}".to_owned();
    assert_eq!(codes("{}", broken), ["lines"]);
    let lines = r#"[{"BaseQuantity":1}]"#;
    assert_eq!(
        codes(
            "{}",
            candidate("[{\"goods_count\":\"one\"}]", &[("", "2026-11-05", lines)])
        ),
        ["total"]
    );
}

#[test]
fn it_asks_only_for_what_it_reads() {
    let needs = |settings| VoucherChecks::configure(settings, ENVIRONMENT).unwrap().1.needs;
    assert_eq!(needs("{}"), ["details_list[].goods_count"]);
    assert_eq!(needs(r#"{"quantity":""}"#), ["details_list"]);
    assert_eq!(needs(r#"{"lines":""}"#), Vec::<String>::new());
    assert_eq!(
        needs(r#"{"amount":"details_list.share_amount"}"#),
        ["details_list[].goods_count", "details_list[].share_amount"]
    );
    assert_eq!(
        needs(r#"{"lines":"details_list.position_list"}"#),
        ["details_list[].goods_count", "details_list[].position_list"]
    );
}

#[test]
fn every_wrong_setting_is_named() {
    let errors = VoucherChecks::configure(
        r#"{"not_before":"soon","lines":"a.b.c","tolerance":-1,"max_txt":5}"#,
        r#"{"time_zone":"Europe/Berlin","target":{"api":"/other","fields":[]}}"#,
    )
    .unwrap_err();
    let paths: Vec<_> = errors.iter().map(|error| error.path.as_str()).collect();
    let expected = [
        "environment.time_zone",
        "not_before",
        "lines",
        "tolerance",
        "environment.target",
        "max_txt",
    ];
    assert_eq!(paths, expected);
    let errors = VoucherChecks::configure(r#"{"quantity":"goods_count"}"#, ENVIRONMENT).unwrap_err();
    assert_eq!(errors[0].path, "quantity");
}

proptest! {
    /// Whatever the numbers and however they are written, a faithful voucher passes and a changed one does not.
    #[test]
    fn faithful_vouchers_pass(units in prop::collection::vec(1_i64..1_000_000, 1..20), scale in 0_u32..5, off in 1_i64..50) {
        let number = |units: &i64| Decimal::new(*units, scale);
        let details: Vec<String> = units.iter().map(|u| format!(r#"{{"goods_count":"{u}E-{scale}"}}"#)).collect();
        let lines = |numbers: Vec<Decimal>| {
            let lines: Vec<String> = numbers.iter().map(|n| format!(r#"{{"BaseQuantity":{n}}}"#)).collect();
            format!("[{}]", lines.join(","))
        };
        let details = format!("[{}]", details.join(","));
        let faithful = lines(units.iter().map(number).collect());
        let found = codes("{}", candidate(&details, &[("", "2026-11-05", &faithful)]));
        prop_assert!(found.is_empty(), "{:?}", found);
        let mut changed = units;
        changed[0] += off;
        let changed = lines(changed.iter().map(number).collect());
        let found = codes("{}", candidate(&details, &[("", "2026-11-05", &changed)]));
        prop_assert_eq!(found, ["total"]);
    }

    #[test]
    fn never_panics(body in "(?s)[\\[\\]{}\",:a-zA-Z0-9. -]{0,80}", document in "(?s)[\\[\\]{}\",:a-zA-Z0-9. -]{0,80}") {
        let mut candidate = candidate("[]", &[("", "2026-11-05", "[]")]);
        candidate.origin.records[0].body = body;
        candidate.mapped.documents[0].body = document;
        codes("{}", candidate);
    }
}
