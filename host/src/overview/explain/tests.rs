//! Filters, labels, masks and layout, over an explanation made by hand.

use dukou_core::verdict::{Group, SourceRecord};
use dukou_plugin::GroupOutcome;
use dukou_plugin::explain::{Effort, ExplainedDocument, ExplainedNode, ExplainedReason, Explanation, Link, Reason};

use super::*;
use crate::lang::Lang;

fn catalogue(text: &str) -> Catalogue {
    Catalogue::parse(text).unwrap()
}

fn source() -> Catalogue {
    catalogue(include_str!(
        "../../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
    ))
}

fn target() -> Catalogue {
    catalogue(include_str!(
        "../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
    ))
}

fn group() -> Group {
    let body = r#"{"order_no":"CK1","receiver_address":"西湖路1号","details_list":[{"goods_count":2.0000},{"goods_count":3}]}"#;
    Group {
        key: "CK1".to_owned(),
        records: vec![SourceRecord {
            key: "CK1".to_owned(),
            received_at: "2026-11-03T10:00:00+08:00".to_owned(),
            body: body.to_owned(),
            extra: "{}".to_owned(),
        }],
        extra: "{}".to_owned(),
    }
}

fn link(path: &str, effect: Effect) -> Link {
    let origin = Origin::Source {
        record: 0,
        key: "CK1".to_owned(),
        path: path.to_owned(),
    };
    Link { origin, effect }
}

fn node(path: &str, value: Option<&str>, links: Vec<Link>) -> ExplainedNode {
    ExplainedNode {
        path: path.to_owned(),
        value: value.map(str::to_owned),
        written_by: "table".to_owned(),
        links,
    }
}

fn explanation() -> Explanation {
    let constant = Link {
        origin: Origin::Constant {
            plugin: "table".to_owned(),
            setting: None,
        },
        effect: Effect::Value,
    };
    let lookup = Link {
        origin: Origin::Lookup {
            table: "仓库对照".to_owned(),
            key: "西湖路1号".to_owned(),
            column: Some("编码".to_owned()),
            found: true,
        },
        effect: Effect::Value,
    };
    let nodes = vec![
        node("ExternalCode", Some("\"CK1\""), vec![link("order_no", Effect::Value)]),
        node("Warehouse.Code", Some("\"W\""), vec![lookup]),
        node(
            "DispatchAddress",
            Some("\"西湖路1号\""),
            vec![link("receiver_address", Effect::Value)],
        ),
        node("Memo", Some("\"寄往西湖路1号\""), vec![constant]),
        node("RDRecordDetails[0]", None, vec![link("details_list[0]", Effect::Line)]),
        node(
            "RDRecordDetails[0].BaseQuantity",
            Some("2.0000"),
            vec![link("details_list[0].goods_count", Effect::Value)],
        ),
        node("RDRecordDetails[1]", None, vec![link("details_list[1]", Effect::Line)]),
        node(
            "RDRecordDetails[1].BaseQuantity",
            Some("3"),
            vec![link("details_list[1].goods_count", Effect::Value)],
        ),
    ];
    Explanation {
        outcome: GroupOutcome::Skipped(String::new()),
        documents: vec![ExplainedDocument {
            suffix: "-p2".to_owned(),
            body: String::new(),
            nodes,
            absent: vec![node("TransDocNo", None, vec![link("logistics_no", Effect::Presence)])],
        }],
        reasons: vec![ExplainedReason {
            reason: Reason::Skipped("西湖路1号 不要".to_owned()),
            origins: vec![link("receiver_address", Effect::Value).origin],
        }],
        gates: Vec::new(),
        untried: Vec::new(),
        complete: true,
        effort: Effort { groups: 9, calls: 2 },
    }
}

fn shown(lang: Lang, path: Option<&str>, show: &dyn Fn(&View<'_>) -> String) -> String {
    let (source, target, group, explanation) = (source(), target(), group(), explanation());
    let filter = path.map(|path| PathFilter::new(path, Some("dto")));
    let mut lens = Lens::plain(lang, "2026-11-01T00:00:00Z".parse().unwrap());
    lens.personal = Personal::Known {
        source: Some(&source),
        target: Some(&target),
    };
    show(&View {
        lens,
        group: &group,
        explanation: &explanation,
        filter: filter.as_ref(),
        deployment: Some(3),
        labels: lang == Lang::Zh,
    })
}

#[test]
fn a_path_means_itself_what_is_below_and_every_line_where_no_number_stands() {
    let takes = |filter: &str, path: &str| PathFilter::new(filter, Some("dto")).takes(path);
    for filter in [
        "RDRecordDetails",
        "RDRecordDetails[]",
        "RDRecordDetails[1]",
        "dto.RDRecordDetails[1].BaseQuantity",
    ] {
        assert!(takes(filter, "RDRecordDetails[1].BaseQuantity"), "{filter}");
    }
    assert!(takes("RDRecordDetails.BaseQuantity", "RDRecordDetails[1].BaseQuantity"));
    assert!(takes("RDRecordDetails[1]", "RDRecordDetails[1]"));
    assert!(!takes("RDRecordDetails[0]", "RDRecordDetails[1].BaseQuantity"));
    assert!(!takes("RDRecord", "RDRecordDetails[1]"));
    assert!(!takes("RDRecordDetails[].BaseQuantity", "RDRecordDetails[1]"));
    assert_eq!(PathFilter::new("a[3].b[5].c", None).numbers(), [3, 5]);
}

#[test]
fn the_tree_has_labels_origins_and_no_personal_value() {
    for lang in [Lang::Zh, Lang::En] {
        for path in [None, Some("RDRecordDetails[]"), Some("TransDocNo")] {
            let text = shown(lang, path, &tree);
            assert!(!text.contains("湖路1号"), "{text}");
        }
    }
    let text = shown(Lang::Zh, None, &tree);
    let line = |needle: &str| {
        text.lines()
            .find(|line| line.contains(needle))
            .unwrap_or_else(|| panic!("{text}"))
    };
    assert!(line("ExternalCode").contains("← order_no 出库单号 = \"CK1\""), "{text}");
    assert!(line("单据 CK1-p2").starts_with("单据"), "{text}");
    assert!(text.contains("    BaseQuantity 数量 = 2.0000"), "{text}");
    assert!(!text.contains("TransDocNo"), "{text}");
    let text = shown(Lang::Zh, Some("TransDocNo"), &tree);
    assert!(text.contains("(没有值)") && !text.contains("ExternalCode"), "{text}");
}

#[test]
fn two_columns_and_json_say_the_same() {
    let text = shown(Lang::En, Some("RDRecordDetails[0].BaseQuantity"), &columns);
    assert!(
        text.contains("details_list[0].goods_count") && text.contains("RDRecordDetails[0].BaseQuantity"),
        "{text}"
    );
    assert!(!text.contains("[1]"), "{text}");
    let json = shown(Lang::En, None, &|view| to_json(view).to_string());
    assert!(!json.contains("湖路1号"), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let quantity = &json["documents"][0]["values"][5];
    assert_eq!(quantity["value"].to_string(), "2.0000");
    assert_eq!(quantity["origins"][0]["path"], "details_list[0].goods_count");
    assert_eq!(quantity["origins"][0]["value"].to_string(), "2.0000");
    assert_eq!(json["documents"][0]["absent"][0]["path"], "TransDocNo");
    assert_eq!(
        (&json["reasons"][0]["kind"], &json["deployment"]),
        (&"skipped".into(), &3.into())
    );
}

#[test]
fn reasons_stand_in_both_layouts_and_masked_values_and_constants_are_remarked() {
    let (source, target) = (source(), target());
    let mut group = group();
    group.records[0].body = r#"{"order_no":"CK1","receiver_address":"******"}"#.to_owned();
    let skipped = Reason::Skipped("整单退款".to_owned());
    let rejected = Reason::Violation {
        by: "table".to_owned(),
        violation: dukou_core::verdict::Violation::at_target("required", "DispatchAddress", "no value"),
    };
    for (reason, zh, en) in [
        (skipped, "已跳过: 整单退款", "Skipped: 整单退款"),
        (rejected, "被 table 拒绝 [required]", "Rejected by table [required]"),
    ] {
        let mut explanation = explanation();
        explanation.documents.clear();
        explanation.reasons[0].reason = reason;
        for (lang, expected, masked) in [(Lang::Zh, zh, "来源已脱敏"), (Lang::En, en, "masked by the source")] {
            let mut lens = Lens::plain(lang, "2026-11-01T00:00:00Z".parse().unwrap());
            lens.personal = Personal::Known {
                source: Some(&source),
                target: Some(&target),
            };
            let view = View {
                lens,
                group: &group,
                explanation: &explanation,
                filter: None,
                deployment: None,
                labels: false,
            };
            for text in [tree(&view), columns(&view)] {
                assert!(text.contains(expected) && text.contains("← receiver_address"), "{text}");
                assert!(text.contains(masked), "{text}");
            }
        }
    }
    assert!(shown(Lang::Zh, None, &tree).contains("在试过的改动下"));
    assert!(shown(Lang::En, None, &tree).contains("under the changes tried"));
    assert!(!shown(Lang::En, Some("ExternalCode"), &tree).contains("under the changes tried"));
}
