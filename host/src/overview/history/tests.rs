//! The timeline over a store with three deployments: good, bad, and back.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store as _;
use dukou_store::rows::NewDeployment;
use serde_json::json;

use super::evidence::{change, line};
use super::{Entry, between, entry_json, one, read, text, whole};
use crate::deploy::evidence::{Change, Coverage, Evidence, Figure, How, ReplayFigures, Standing};
use crate::lang::Lang;
use crate::overview::Lens;
use crate::overview::blast::tests::{at, catalogues, lens, scene, scheme};

#[test]
fn the_timeline_is_newest_first_with_what_each_deployment_made() {
    let store = scene();
    let (entries, more) = read(&store, &[scheme()], 20).unwrap();
    let shown: Vec<(u64, u64, u64, bool)> = entries
        .iter()
        .map(|entry| {
            (
                entry.deployment.id,
                entry.verdicts.total(),
                entry.written.count,
                entry.deployment.active,
            )
        })
        .collect();
    // B1 was mapped by the third again: it wrote nothing, so that its voucher stays the second's.
    assert_eq!(shown, [(3, 2, 1, true), (2, 7, 6, false), (1, 1, 1, false)]);
    assert!(!more);
    assert_eq!(entries[0].until, None);
    assert_eq!(entries[1].until, Some(at(200)));
    // The third kept no list of changes: what its pins say.
    assert_eq!(
        (entries[0].changes.len(), entries[0].changes[0].what.as_str()),
        (1, "plugin")
    );
    assert_eq!(
        entries[1].changes[0].after.as_deref(),
        Some("81ac00000000"),
        "as the evidence says"
    );
    assert!(entries[2].changes.is_empty(), "nothing was before it");
    let (newest, more) = read(&store, &[scheme()], 1).unwrap();
    assert!(more);
    assert_eq!(
        (newest.len(), newest[0].changes.len()),
        (1, 1),
        "compared with one that is not shown"
    );
}

#[test]
fn several_schemes_make_one_timeline_by_time() {
    let store = scene();
    let other = SchemeName::new("other", "sales-out");
    let deployment = NewDeployment {
        digest: Digest::of(b"other"),
        definition: "{}".into(),
        plugins: Vec::new(),
        tables: Vec::new(),
        by: "李".into(),
        note: String::new(),
        evidence: "{}".into(),
    };
    store.activate(&other, &deployment, at(150)).unwrap();
    let (entries, _) = read(&store, &[scheme(), other], 3).unwrap();
    let shown: Vec<String> = entries
        .iter()
        .map(|entry| format!("{}#{}", entry.scheme, entry.deployment.id))
        .collect();
    assert_eq!(shown, ["lanmao/sales-out#3", "other/sales-out#1", "lanmao/sales-out#2"]);
}

#[test]
fn people_read_why_what_and_on_what_evidence() {
    let (store, catalogues) = (scene(), catalogues());
    let (entries, _) = read(&store, &[scheme()], 20).unwrap();
    for lang in [Lang::Zh, Lang::En] {
        let lens = lens(&catalogues, lang);
        let of = |_: &Entry| lens;
        let shown = format!("{}\n{}", text(&of, &entries, false), whole(&lens, &entries[1]));
        let name = format!("history_{}", if lang == Lang::Zh { "zh" } else { "en" });
        assert!(!shown.contains('\u{1b}'), "{shown}");
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn one_deployment_is_whole_also_without_a_definition() {
    let store = scene();
    let plain = Lens::plain(Lang::En, at(90_000));
    let entry = one(&store, &scheme(), 2).unwrap().unwrap();
    let shown = entry_json(&plain, &entry);
    assert_eq!(shown["until"], "2026-11-01T08:03:20+08:00");
    assert_eq!(shown["replay"]["changed"], json!({ "groups": 24, "amount": "1000.5" }));
    assert_eq!(shown["patterns"][0]["accepted"], true);
    assert_eq!(shown["verdicts"]["mapped"], 7);
    assert_eq!(shown["written"], json!({ "count": 6, "at_least": false }));
    let back = one(&store, &scheme(), 3).unwrap().unwrap();
    assert_eq!(entry_json(&plain, &back)["rollback"], json!({ "left": "2", "to": "1" }));
    assert_eq!(back.changes.len(), 1);
    assert!(one(&store, &scheme(), 4).unwrap().is_none());
    assert!(one(&store, &scheme(), 0).unwrap().is_none());
}

#[test]
fn what_a_deployment_kept_no_list_of_is_told_by_its_content() {
    let with = |plugins: &[(&str, &str)], table: &str, memo: &str| NewDeployment {
        digest: Digest::of(b""),
        definition: json!({ "title": "t", "mapping": { "settings": { "fields": { "Memo": memo } } } }).to_string(),
        plugins: plugins
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), Digest::of(bytes.as_bytes())))
            .collect(),
        tables: vec![(table.to_owned(), Digest::of(b"rows"))],
        by: String::new(),
        note: String::new(),
        evidence: "{}".into(),
    };
    let before = with(&[("m", "1"), ("a", "1"), ("b", "1")], "客户", "旧");
    let after = with(&[("m", "1"), ("b", "2"), ("c", "1")], "仓库", "新");
    let mut shown: Vec<(String, bool, bool)> = between(&before, &after)
        .into_iter()
        .map(|change| {
            (
                format!("{} {}", change.what, change.name),
                change.before.is_some(),
                change.after.is_some(),
            )
        })
        .collect();
    shown.sort();
    let expected = [
        ("plugin a", true, false),
        ("plugin b", true, true),
        ("plugin c", false, true),
        ("setting mapping.settings.fields.Memo", true, true),
        ("table 仓库", false, true),
        ("table 客户", true, false),
    ];
    assert_eq!(
        shown,
        expected.map(|(what, before, after)| (what.to_owned(), before, after))
    );
    assert!(between(&before, &before).is_empty());
}

#[test]
fn a_rollbacks_note_is_no_value() {
    let lens = Lens::plain(Lang::En, at(0));
    let left = |note: Option<&str>| Change {
        what: Change::ROLLED_BACK.into(),
        name: "3".into(),
        before: note.map(str::to_owned),
        after: None,
    };
    let noted = change(&lens, &left(Some("3am")));
    assert_eq!(noted, "comes back after the rollback, deployment 3 (3am)");
    let silent = change(&lens, &left(None));
    assert_eq!(silent, "comes back after the rollback, deployment 3");
}

#[test]
fn evidence_says_how_much_was_compared() {
    let lens = Lens::plain(Lang::En, at(0));
    let all = Figure {
        groups: 120,
        ..Figure::default()
    };
    let told = |coverage| {
        let evidence = Evidence {
            how: How::Gate,
            standing: Standing::NoOp,
            replay: Some(ReplayFigures {
                all,
                same: all,
                coverage,
                ..ReplayFigures::default()
            }),
            ..Evidence::default()
        };
        line(&lens, &evidence)
    };
    let days = Some(30);
    assert!(told(Some(Coverage { days, older: 9_880 })).contains("(last 30 days; 9,880 older ones not compared)"));
    assert!(told(Some(Coverage::default())).starts_with("120 groups replayed (all retained): "));
    // Of older editions it is not known.
    assert!(told(None).starts_with("120 groups replayed: "));
    assert!(!told(Some(Coverage { days, older: 9_880 })).contains("proved"));
}
