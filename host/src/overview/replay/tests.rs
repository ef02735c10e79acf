//! The report of a replay in both languages and all three forms, with nothing personal and nothing that could act in it.

use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::verdict::{Document, Group, Mapped, SourceRecord};
use dukou_plugin::Fate;
use dukou_replay::{Comparison, Stored};
use serde_json::{Value, json};

use super::{Edition, Report, html, text, to_json};
use crate::lang::Lang;
use crate::overview::{Lens, Personal};

fn target() -> Catalogue {
    let text = include_str!("../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");
    Catalogue::parse(text).unwrap()
}

fn stored(seq: u64) -> Stored {
    let record = SourceRecord {
        key: format!("CK{seq}"),
        received_at: format!("2026-11-0{seq}T08:00:00+08:00"),
        body: "{}".to_owned(),
        extra: "{}".to_owned(),
    };
    Stored {
        seq,
        group: Group {
            key: format!("CK{seq}"),
            records: vec![record],
            extra: "{}".to_owned(),
        },
        amount: "1234.50".parse().ok(),
    }
}

fn document(quantity: &Value, address: &str, memo: &str) -> Fate {
    let body = json!({ "dto": {
        "Memo": memo, "DispatchAddress": address, "RDRecordDetails": [{ "BaseQuantity": quantity }],
    }});
    Fate::Mapped(Mapped {
        documents: vec![Document {
            suffix: String::new(),
            body: body.to_string(),
            extra: "{}".to_owned(),
        }],
        omitted: Vec::new(),
    })
}

fn rejected(message: &str) -> Fate {
    Fate::Problem(ProblemReport {
        kind: ProblemKind::Rejected,
        code: "required".to_owned(),
        message: message.to_owned(),
        path: Some("RDRecordDetails[0].Inventory".to_owned()),
        details: "{}".to_owned(),
    })
}

fn comparison() -> Comparison {
    let mut comparison = Comparison::new(Some("dto"));
    let same = document(&json!(1), "西湖路1号", "m");
    comparison.add(&stored(1), &same, &same, None);
    comparison.add(&stored(2), &document(&json!("1.0000"), "西湖路1号", "m"), &same, None);
    comparison.add(
        &stored(3),
        &same,
        &document(&json!(1), "湖滨路2号", "<script>alert(1)</script>\u{202e}"),
        None,
    );
    comparison.add(&stored(4), &same, &rejected("存货 \"G1\" 不在对照表中"), None);
    comparison.add(&stored(5), &Fate::Skipped("赠品".to_owned()), &same, None);
    comparison.add(
        &stored(6),
        &Fate::Skipped("赠品".to_owned()),
        &rejected("missing"),
        None,
    );
    comparison.cost(1_000, 1_234);
    comparison
}

fn with_report<T>(lang: Lang, comparison: &Comparison, show: impl FnOnce(&Lens<'_>, &Report<'_>) -> T) -> T {
    let target = target();
    let mut lens = Lens::plain(lang, "2026-12-01T00:00:00Z".parse().unwrap());
    lens.personal = Personal::Known {
        source: None,
        target: Some(&target),
    };
    let edition = |deployment: Option<u64>, text: &str| Edition {
        deployment,
        digest: Digest::of(text.as_bytes()),
        plugins: vec![("sales".to_owned(), Digest::of(text.as_bytes()))],
    };
    let scheme = SchemeName::new("lanmao", "sales-out");
    let report = Report {
        scheme: &scheme,
        before: edition(Some(3), "before"),
        after: edition(None, "after"),
        comparison,
    };
    show(&lens, &report)
}

#[test]
fn the_text_names_patterns_with_counts_money_and_an_example() {
    insta::assert_snapshot!("report_zh", with_report(Lang::Zh, &comparison(), text::text));
    insta::assert_snapshot!("report_en", with_report(Lang::En, &comparison(), text::text));
    let mut nothing = Comparison::new(Some("dto"));
    let same = document(&json!(1), "a", "b");
    nothing.add(&stored(1), &same, &same, None);
    insta::assert_snapshot!("no_op_zh", with_report(Lang::Zh, &nothing, text::text));
}

#[test]
fn a_cause_is_told_without_values_and_these_are_listed() {
    let mut comparison = Comparison::new(Some("dto"));
    let same = document(&json!(1), "西湖路1号", "m");
    for (seq, key) in [(1, "G1"), (2, "G1"), (3, "G2")] {
        let refused = rejected(&format!("no row for \"{key}\""));
        comparison.add(&stored(seq), &same, &refused, None);
    }
    let shown = with_report(Lang::En, &comparison, text::text);
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    let what = "3 × newly rejected: [required] RDRecordDetails[].Inventory no row for …";
    assert!(lines.iter().any(|line| line.contains(what)), "{shown}");
    assert!(lines.contains(&"\"G1\" ×2  \"G2\" ×1"), "{shown}");
    assert!(
        shown.contains("e.g. CK1") && shown.contains("no row for \"G1\""),
        "{shown}"
    );
    let value = with_report(Lang::En, &comparison, to_json);
    let values = &value["patterns"][0]["values"];
    assert_eq!(values[0], json!({ "before": null, "after": "\"G1\"", "count": 2 }));
    let page = with_report(Lang::En, &comparison, html::page);
    assert!(
        page.contains("no row for …") && page.contains("&quot;G2&quot;"),
        "{page}"
    );
}

#[test]
fn a_reason_of_the_host_is_said_in_the_readers_language_in_headline_and_example() {
    let mut comparison = Comparison::new(Some("dto"));
    let stored_words = "{{Inventory}}: the field is required and the value is empty";
    let same = document(&json!(1), "西湖路1号", "m");
    comparison.add(&stored(1), &same, &rejected(stored_words), None);
    let shown = with_report(Lang::Zh, &comparison, text::text);
    assert_eq!(shown.matches("{{Inventory}}: 必填字段没有值").count(), 2, "{shown}");
    assert!(!shown.contains("the field is required"), "{shown}");
    let value = with_report(Lang::Zh, &comparison, to_json);
    assert!(
        value.to_string().contains(stored_words),
        "machines are given the sentence: {value}"
    );
}

#[test]
fn the_json_has_figures_as_text_and_masked_values() {
    let value = with_report(Lang::Zh, &comparison(), to_json);
    assert_eq!(value["would_map"]["changed"]["groups"], 5);
    assert_eq!(value["would_map"]["changed"]["amount"], "6172.50");
    assert_eq!(value["before"]["deployment"], "3");
    assert_eq!(value["no_op"], false);
    assert_eq!(value["received"]["first"], "2026-11-01T08:00:00+08:00");
    let patterns = value["patterns"].as_array().unwrap();
    let address = patterns.iter().find(|one| one["path"] == "DispatchAddress").unwrap();
    assert_eq!(address["example"]["after"], "\"湖**\"");
    assert_eq!(address["values"][0]["before"], "\"西**\"");
    assert_eq!(patterns[0]["example"]["before"], r#"{"mapped":1}"#);
    let kinds: Vec<&str> = patterns.iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        [
            "newly-rejected",
            "newly-rejected",
            "no-longer-skipped",
            "type",
            "value",
            "value"
        ]
    );
    assert_eq!(
        value,
        with_report(Lang::En, &comparison(), to_json),
        "JSON is never translated"
    );
}

#[test]
fn the_page_is_complete_by_itself_and_nothing_in_it_acts() {
    for lang in [Lang::Zh, Lang::En] {
        let page = with_report(lang, &comparison(), html::page);
        for (tag, end) in [
            ("table", "</table>"),
            ("section", "</section>"),
            ("tr", "</tr>"),
            ("pre", "</pre>"),
        ] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(end).count(), "{tag}");
        }
        for outside in [
            "<script",
            "http://",
            "https://",
            "src=",
            "url(",
            "@import",
            "<link",
            "javascript:",
        ] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}"));
        assert!(!page.contains("西湖路") && !page.contains("湖滨路"), "personal values");
        assert!(page.contains("西**") && page.contains("湖**"));
        assert!(page.contains(&Digest::of(b"before").to_string()) && page.contains("would map") || lang == Lang::En);
        assert_eq!(page.matches("<section").count(), 6);
        for id in comparison().patterns().iter().map(|one| one.id.clone()) {
            assert!(page.contains(&format!("href=\"#p{id}\"")) && page.contains(&format!("id=\"p{id}\"")));
        }
    }
}

#[test]
fn without_a_definition_no_value_is_shown() {
    let comparison = comparison();
    let scheme = SchemeName::new("default", "x");
    let edition = Edition {
        deployment: None,
        digest: Digest::of(b""),
        plugins: Vec::new(),
    };
    let report = Report {
        scheme: &scheme,
        before: edition.clone(),
        after: edition,
        comparison: &comparison,
    };
    let lens = Lens::plain(Lang::Zh, "2026-12-01T00:00:00Z".parse().unwrap());
    for shown in [
        text::text(&lens, &report),
        html::page(&lens, &report),
        to_json(&lens, &report).to_string(),
    ] {
        for value in ["西湖", "1.0000", "alert", "G1", "赠品"] {
            assert!(!shown.contains(value), "{value}: {shown}");
        }
    }
}
