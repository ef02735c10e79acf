//! Stored sentences in Chinese: those that the host makes, those that the stock plugins write, and what stays as it is.

use std::path::Path;
use std::time::Duration;

use dukou_core::delivery::{DeliveryPolicy, Next, UniqueKey, after_lookup};
use dukou_core::outcome::LookupOutcome;

use super::*;

fn zh(code: &str, message: &str) -> String {
    said(Lang::Zh, code, message).into_owned()
}

#[test]
fn what_people_meet_most_is_said_in_chinese() {
    for (code, stored, shown) in [
        (
            "lookup.miss",
            "{{shop_no|lookup(客户对照)}}: table 客户对照 has no row for key \"SHOP04\"",
            "{{shop_no|lookup(客户对照)}}: 对照表 客户对照 中没有编码 \"SHOP04\"",
        ),
        (
            "lookup.miss",
            "{{a|lookup(T)}}: table T has an empty 编码 for key *** (and 3 more violations) (+49)",
            "{{a|lookup(T)}}: 对照表 T 中编码 *** 的 编码 一格为空 (另有 3 处不符) (另有 49 处)",
        ),
        (
            "total",
            "the lines sum up to 30, the source to 3",
            "单据明细数量合计 30, 源单合计 3",
        ),
        (
            "amount",
            "the lines amount to 30.5, the source to 3; they may differ by 0.01 (+1)",
            "单据明细金额合计 30.5, 源单合计 3; 允许相差 0.01 (另有 1 处)",
        ),
        (
            "target.other-content",
            "the target holds CK-1 under this key with other content (1 fields differ)",
            "目标系统中此单号下已有 CK-1, 内容不同 (1 个字段有差异)",
        ),
        (
            "type",
            "{{goods_count}}: \"3: 箱\" is not a decimal number",
            "{{goods_count}}: \"3: 箱\" 不是十进制数字",
        ),
        (
            "amount",
            "the lines amount to …, the source to …; they may differ by …",
            "单据明细金额合计 …, 源单合计 …; 允许相差 …",
        ),
        (
            "plugin.fuel",
            "plugin table failed: the fuel budget of 5 is spent",
            "组件 table 出错: 消耗超过额度 5",
        ),
    ] {
        assert_eq!(zh(code, stored), shown);
        assert_eq!(said(Lang::En, code, stored), stored);
        assert_eq!(
            said_with_code(Lang::Zh, &format!("{code}: {stored}")),
            format!("{code}: {shown}")
        );
    }
}

#[test]
fn words_of_others_stay() {
    for (code, stored) in [
        ("quantity", "the order is too large"),
        ("my.own", "the lines sum up to 30, the source to 3"),
        ("EXERROR0001", "存货编码不存在"),
        ("total", ""),
    ] {
        assert!(matches!(said(Lang::Zh, code, stored), Cow::Borrowed(same) if same == stored));
    }
    assert_eq!(zh("my.own", "too large (+2)"), "too large (另有 2 处)");
    for others in [
        "时间 2026-11-05 (+08:00)",
        "价格 10 (+税)",
        "超出 (and some more violations)",
    ] {
        assert_eq!(zh("my.own", others), others);
    }
    assert_eq!(zh("my.own", "too large (+…)"), "too large (另有 … 处)");
    assert_eq!(said_with_code(Lang::Zh, "no code here"), "no code here");
    let long = format!("{}: division by zero: 1 / 0", "9".repeat(MOST_BYTES));
    assert_eq!(zh("expression", &long), long);
}

#[test]
fn a_value_that_looks_like_a_name_is_left_alone() {
    let shown = zh(
        "lookup.miss",
        "{{key}}: table {expression} has no row for key \"{table}\"",
    );
    assert_eq!(shown, "{{key}}: 对照表 {expression} 中没有编码 \"{table}\"");
}

#[test]
fn the_words_of_a_sentence_may_stand_in_its_values() {
    let differ = "differ; the records of a group must agree: use first() or join(', '), or remove the row";
    let shown = zh("merge.disagree", &format!("{{{{a}}}}: \"A and B\" and \"C\" {differ}"));
    assert!(shown.starts_with("{{a}}: \"A and B\" 与 \"C\" 不同; "), "{shown}");
    for (code, stored, shown) in [
        (
            "type",
            "{{a}}: \"it is not ok\" is not a whole number",
            "{{a}}: \"it is not ok\" 不是整数",
        ),
        (
            "type",
            r#"{{a}}: "24\" is not it" is not a list"#,
            r#"{{a}}: "24\" is not it" 不是列表"#,
        ),
        (
            "expression",
            "{{a}}: table 客户 对照 A has no row for key: \"1\"",
            "{{a}}: 对照表 客户 对照 A 没有这一行, 编码: \"1\"",
        ),
        (
            "type",
            r#"仓库 must be {"Code": "…"}, got "must be, got 1""#,
            r#"仓库 应为{"Code": "…"}, 实际为 "must be, got 1""#,
        ),
        // A word that nobody knows.
        (
            "type",
            "{{a}}: \"1\" is not a new thing",
            "{{a}}: \"1\" is not a new thing",
        ),
        (
            "expression",
            "{{a}}: table T is on fire for key: 1",
            "{{a}}: table T is on fire for key: 1",
        ),
    ] {
        assert_eq!(zh(code, stored), shown);
    }
}

#[test]
fn every_pattern_reads_what_it_says() {
    for pattern in patterns().iter().filter(|pattern| pattern.of != "word") {
        let (mut stored, mut shown) = (Lang::En.t(pattern.key), Lang::Zh.t(pattern.key));
        for piece in &pattern.pieces {
            if let Piece::Value(name) = piece {
                let hole = format!("{{{name}}}");
                let (value, translated) = match name.as_str() {
                    COUNT => ("7".to_owned(), "7".to_owned()),
                    name if WORDS.contains(&name) => ("a list".to_owned(), Lang::Zh.t("said.word.a-list")),
                    name => (format!("«{name}»"), format!("«{name}»")),
                };
                (stored, shown) = (stored.replace(&hole, &value), shown.replace(&hole, &translated));
            }
        }
        assert_eq!(zh(pattern.of, &stored), shown, "{}", pattern.key);
    }
}

#[test]
fn what_the_document_check_says_is_known() {
    let catalogue = dukou_connect::tplus_cloud::catalogue("/tplus/api/v2/saleDispatch/Create").unwrap();
    let documents = [
        "[",
        r#"{"dto":{"ExternalCode":"other","VoucherDate":"soon","Memoo":1,"RDRecordDetails":[1]}}"#,
        r#"{"ExternalCode":7}"#,
    ];
    for violation in documents
        .iter()
        .flat_map(|body| dukou_core::document::check(body, catalogue, "dto.ExternalCode", "CK1"))
    {
        assert!(
            matches!(said(Lang::Zh, &violation.code, &violation.message), Cow::Owned(_)),
            "{violation:?}"
        );
    }
}

#[test]
fn what_cannot_be_settled_is_known() {
    let reason = || "why".to_owned();
    let intent = dukou_core::clock::Clock::now(crate::compose::clock().as_ref());
    let late = intent + Duration::from_hours(1);
    for (unique_key, answer, duplicate) in [
        (UniqueKey::LookupOnly, LookupOutcome::Absent, true),
        (UniqueKey::LookupOnly, LookupOutcome::Absent, false),
        (UniqueKey::None, LookupOutcome::Absent, false),
        (UniqueKey::None, LookupOutcome::Inconclusive { reason: reason() }, false),
        (
            UniqueKey::None,
            LookupOutcome::Unavailable {
                reason: reason(),
                answered: true,
            },
            false,
        ),
    ] {
        let policy = DeliveryPolicy {
            unique_key,
            quarantine: Duration::from_secs(1),
            max_attempts: 3,
        };
        let Next::Dead { code, message, .. } = after_lookup(&answer, duplicate, 3, intent, &policy, late) else {
            panic!("{answer:?} is settled");
        };
        assert!(
            matches!(said(Lang::Zh, &code, &message), Cow::Owned(_)),
            "{code}: {message}"
        );
    }
}

/// The words of every pattern stand where sentences are written: whoever words one anew is told of its translation.
#[test]
fn patterns_are_what_the_sources_write() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [
        "host/core/src",
        "host/store/src",
        "host/plugin/src",
        "host/src/pipeline",
        "host/connect/src/tplus_cloud",
        "plugins/table/src",
        "plugins/sdk/src",
        "plugins/voucher-checks/src",
    ];
    let mut sources = String::new();
    for folder in folders {
        read_all(&root.join(folder), &mut sources);
    }
    // A literal that goes on in the next line is one text.
    let lines: Vec<&str> = sources.split("\\\n").collect();
    let joined = lines
        .iter()
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.trim_start() });
    let sources = joined.collect::<String>().replace("\\\"", "\"");
    for pattern in patterns() {
        for piece in &pattern.pieces {
            if let Piece::Text(text) = piece {
                // Where a reason is put into a sentence, two literals meet.
                for part in text.split(": ").flat_map(|part| part.split("; ")) {
                    let part = part.trim_matches([' ', ':', ';']);
                    let part = part.strip_prefix("is ").unwrap_or(part);
                    assert!(sources.contains(part), "{}: {part:?}", pattern.key);
                }
            }
        }
    }
}

fn read_all(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, out);
        } else if path.extension().is_some_and(|end| end == "rs") {
            out.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}
