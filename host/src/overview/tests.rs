//! The views over a store that was filled through its trait: one shop's orders in every state, in both languages.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::catalogue::Catalogue;
use dukou_core::delivery::Next;
use dukou_core::digest::Digest;
use dukou_core::document::FieldDiff;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::show::{Expression, Show};
use dukou_core::verdict::{Document, Omission};
use dukou_core::window::WindowRange;
use dukou_store::Store;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::*;
use serde_json::Value;

use super::{Lens, Personal, advice, deliveries, groups, nearest, plan, problem, records, status, story};
use crate::lang::Lang;

const ME: Owner = [7; 16];

fn at(second: i64) -> DateTime<Utc> {
    let day: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    day + TimeDelta::seconds(second)
}

fn scheme() -> SchemeName {
    SchemeName::new("default", "wdt-to-tplus")
}

fn target() -> TargetName {
    TargetName {
        tenant: "default".into(),
        account: "tplus-cloud:openapi.chanjet.com:KEY".into(),
        api: "/tplus/api/v2/saleDispatch/Create".into(),
    }
}

struct Catalogues {
    source: Catalogue,
    target: Catalogue,
    columns: Vec<String>,
}

fn catalogues() -> Catalogues {
    Catalogues {
        source: Catalogue::parse(include_str!(
            "../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
        ))
        .unwrap(),
        target: Catalogue::parse(include_str!(
            "../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
        ))
        .unwrap(),
        columns: vec!["shop_name".into(), "receiver_name".into()],
    }
}

fn lens(catalogues: &Catalogues, lang: Lang) -> Lens<'_> {
    Lens {
        lang,
        zone: chrono_tz::Asia::Shanghai,
        now: at(90_000),
        width: None,
        personal: Personal::Known {
            source: Some(&catalogues.source),
            target: Some(&catalogues.target),
        },
        columns: &catalogues.columns,
    }
}

fn order(key: &str, quantity: &str, amount: &str) -> IngestRecord {
    let body = format!(
        r#"{{"order_no":"{key}","shop_name":"示例店\u001b[31m","consign_time":"2026-11-01 08:00:00","receiver_name":"张三丰","receiver_address":"西湖路1号","details_list":[{{"spec_no":"2121","goods_count":"{quantity}","share_amount":"{amount}"}}]}}"#
    );
    let show = Show::new(
        Some(Expression::parse("sum(details_list.share_amount)").unwrap()),
        Some(Expression::parse("sum(details_list.goods_count)").unwrap()),
        Some(Expression::parse("consign_time").unwrap()),
        catalogues().columns,
    );
    IngestRecord {
        key: key.into(),
        hash: Digest::of(body.as_bytes()),
        shown: show.read(&body),
        body,
        group: key.into(),
        aliases: vec![
            ("=stockout_id".into(), format!("81{}", &key[2..])),
            ("src_order_no".into(), format!("SO-{key}")),
        ],
    }
}

fn ingest(store: &dyn Store, orders: &[IngestRecord], second: i64) {
    let open = OpenWindow {
        range: WindowRange {
            start: at(0),
            end: at(second),
        },
        moves_mark: true,
        at: at(second),
    };
    let window = store.open_window(&scheme(), Some(open)).unwrap().unwrap();
    let page = IngestPage {
        window: window.id,
        lease: window.lease,
        position: "2".into(),
        records: orders.to_vec(),
        at: at(second),
    };
    store.ingest(&scheme(), &page).unwrap();
    store
        .close_window(&scheme(), window.id, window.lease, at(second))
        .unwrap();
}

fn mapped(quantity: &str, key: &str) -> Settled {
    let body = format!(
        r#"{{"dto":{{"ExternalCode":"{key}","DispatchAddress":"西湖路1号","RDRecordDetails":[{{"Inventory":{{"Code":"2121"}},"BaseQuantity":{quantity}}}]}}}}"#
    );
    Settled::Mapped {
        documents: vec![Document {
            suffix: String::new(),
            body,
            extra: "{}".into(),
        }],
        omitted: vec![Omission {
            member: 0,
            path: "details_list[1]".into(),
            reason: "赠品".into(),
        }],
    }
}

fn rejected(code: &str, path: &str, message: &str) -> Settled {
    let violation = serde_json::json!({
        "code": code, "message": message, "source_path": "receiver_address", "target_path": path,
    });
    Settled::Problem(ProblemReport {
        kind: ProblemKind::Rejected,
        code: code.into(),
        message: message.into(),
        path: Some(path.into()),
        details: serde_json::json!({ "by": "table", "plugin": null, "violations": [violation] }).to_string(),
    })
}

/// Settles everything that is due, each by its key.
fn settle(store: &dyn Store, second: i64, outcome: impl Fn(&str) -> Option<Settled>) {
    let claimed = store.claim_groups(&scheme(), 1, ME, 100).unwrap().groups();
    let settlements: Vec<Settlement> = claimed
        .iter()
        .filter_map(|group| {
            Some(Settlement {
                group: group.key.clone(),
                lease: group.lease,
                recipe: Digest::of(b"recipe"),
                deployment: 1,
                fuel: 0,
                target: target(),
                outcome: outcome(&group.key)?,
                shown: group.shown.clone(),
            })
        })
        .collect();
    store.settle(&scheme(), &settlements, at(second)).unwrap();
}

/// Sends these deliveries, each with the end of its own.
fn send(store: &dyn Store, second: i64, ends: &[(&str, &str, &str, Next)]) {
    let only: Vec<String> = ends.iter().map(|(key, ..)| (*key).to_owned()).collect();
    let claimed = store
        .claim_deliveries(&target(), ME, 100, at(second), Some(&only))
        .unwrap();
    assert_eq!(claimed.len(), ends.len());
    let starts: Vec<AttemptStart> = claimed
        .iter()
        .map(|delivery| AttemptStart {
            id: delivery.id,
            lease: delivery.lease,
            request: "POST https://openapi.chanjet.com/tplus/api/v2/saleDispatch/Create".into(),
        })
        .collect();
    store.begin_attempts(&starts, at(second)).unwrap();
    let ends: Vec<AttemptEnd> = claimed
        .iter()
        .map(|delivery| {
            let (_, outcome, reply, next) = ends.iter().find(|(key, ..)| *key == delivery.key).unwrap();
            AttemptEnd {
                id: delivery.id,
                lease: delivery.lease,
                outcome: (*outcome).into(),
                reply: (*reply).into(),
                took_ms: 350,
                next: next.clone(),
            }
        })
        .collect();
    assert!(
        store
            .finish_attempts(&ends, at(second + 1))
            .unwrap()
            .into_iter()
            .all(|held| held)
    );
}

fn lookup(store: &dyn Store, second: i64, outcome: &str, reply: &str, next: Next) {
    let claimed = store.claim_lookups(&target(), ME, 1, at(second)).unwrap();
    let end = AttemptEnd {
        id: claimed[0].id,
        lease: claimed[0].lease,
        outcome: outcome.into(),
        reply: reply.into(),
        took_ms: 80,
        next,
    };
    assert!(store.finish_lookup(&end, at(second)).unwrap());
}

fn accepted() -> Next {
    Next::Delivered {
        reference: Some("XS-0001".into()),
        adopted: false,
    }
}

fn dead(kind: ProblemKind, code: &str, message: &str) -> Next {
    Next::Dead {
        kind,
        code: code.into(),
        message: message.into(),
        differences: Vec::new(),
    }
}

/// One shop's day: an order in every state, and problems of most kinds.
fn day() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let s = store.as_ref();
    let orders: Vec<IngestRecord> = (1..=10)
        .map(|n| order(&format!("CK{n:04}"), "2", if n == 2 { "1234567.5" } else { "100" }))
        .collect();
    ingest(s, &orders, 60);
    settle(s, 70, |key| {
        Some(match key {
            "CK0003" | "CK0004" => rejected("required", "Partner", "required field Partner (客户) is missing"),
            "CK0008" => Settled::Skipped("非销售出库".into()),
            key => mapped("2", key),
        })
    });
    let ask = |second| Next::Ask {
        ask_at: at(second),
        duplicate: false,
        reason: "no reply within 30 s".into(),
    };
    let refusal = r#"{"code":"EXERROR0001","message":"存货[2121]不存在","data":{"DispatchAddress":"西湖路1号"}}"#;
    send(
        s,
        100,
        &[
            ("CK0001", "accepted", "null", accepted()),
            (
                "CK0005",
                "rejected",
                refusal,
                dead(ProblemKind::Refused, "EXERROR0001", "存货[2121]不存在"),
            ),
            ("CK0006", "unknown", "", ask(200)),
            ("CK0007", "unknown", "", ask(90_300)),
            ("CK0009", "accepted", "null", accepted()),
        ],
    );
    let inconclusive = dead(
        ProblemKind::Unsettled,
        "lookup.inconclusive",
        "the target cannot tell whether it was written",
    );
    lookup(
        s,
        200,
        "inconclusive",
        r#"? externalcode=CK0006 → {"DispatchAddress":"西湖路1号"}"#,
        inconclusive,
    );
    assert_eq!(s.hold(&scheme(), Some(&["CK0010".into()]), true).unwrap(), 1);
    // The first order changes after its delivery, and its number is issued again.
    let mut again = order("CK0011", "2", "100");
    again.aliases = vec![("=stockout_id".into(), "810001".into())];
    ingest(
        s,
        &[order("CK0001", "3", "150"), again, order("CK0012", "1", "50.05")],
        400,
    );
    settle(s, 410, |key| match key {
        "CK0001" => Some(mapped("3", key)),
        "CK0011" => Some(Settled::Problem(ProblemReport {
            kind: ProblemKind::Reissued,
            code: "record.reissued".into(),
            message: "CK0011 is the same stock-out as CK0001, which is or may be delivered".into(),
            path: None,
            details: r#"{"reissue_of":"CK0001"}"#.into(),
        })),
        _ => None,
    });
    s.fire(&scheme(), "source", None, Some(at(90_300)), at(410)).unwrap();
    s.fire(&scheme(), "target", None, Some(at(90_060)), at(410)).unwrap();
    let deployment = NewDeployment {
        digest: Digest::of(b"deployment"),
        definition: "{}".into(),
        plugins: vec![
            ("table".into(), Digest::of(b"table")),
            ("voucher-checks".into(), Digest::of(b"checks")),
        ],
        tables: Vec::new(),
        by: "consultant".into(),
        note: "补客户对照".into(),
        evidence: "{}".into(),
    };
    s.activate(&scheme(), &deployment, at(50)).unwrap();
    store
}

fn problem_of(store: &dyn Store, key: &str) -> ProblemRow {
    problem::find(store, None, key).unwrap().remove(0)
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
    assert!(
        !text.contains("张三丰") && !text.contains("西湖路"),
        "personal values in {name}"
    );
    assert!(!text.contains('\u{1b}'), "a raw escape in {name}");
    assert!(
        !text.lines().any(|line| line.ends_with(' ')),
        "trailing blanks in {name}"
    );
}

#[test]
fn status_shows_money_causes_and_the_proof() {
    let (store, catalogues) = (day(), catalogues());
    let mut view = status::read(store.as_ref(), &scheme()).unwrap();
    view.title = Some("旺店通销售出库单 → T+ 销售出库单".into());
    view.undeployed = vec!["schemes/wdt-to-tplus.toml".into()];
    assert!(view.needs_a_person());
    for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        snapshot(
            &format!("status_{word}"),
            &status::text(&lens(&catalogues, lang), &view),
        );
    }
    let json = status::to_json(&lens(&catalogues, Lang::Zh), &view);
    assert_eq!(json["proof"]["state"], "proved");
    assert_eq!(json["last_delivery"], "2026-11-01T08:01:41+08:00");
    let states: u64 = json["states"]
        .as_object()
        .unwrap()
        .values()
        .map(|state| state["count"].as_u64().unwrap())
        .sum();
    assert_eq!(states, json["records"]["count"].as_u64().unwrap());
    assert!(json["records"]["amount"].is_string());
}

#[test]
fn an_empty_scheme_has_a_status_too() {
    let (store, catalogues) = (MemoryStore::new(), catalogues());
    let view = status::read(&store, &scheme()).unwrap();
    assert!(!view.needs_a_person());
    snapshot("status_empty_zh", &status::text(&lens(&catalogues, Lang::Zh), &view));
}

#[test]
fn problems_are_grouped_by_cause_then_listed() {
    let (store, catalogues) = (day(), catalogues());
    let filter = ProblemFilter {
        scheme: Some(scheme()),
        ..ProblemFilter::default()
    };
    let rows = store.problems(&filter).unwrap();
    let grouped = groups::group(&rows);
    assert_eq!(grouped.iter().map(|group| group.count).sum::<u64>(), rows.len() as u64);
    assert!(
        grouped
            .iter()
            .any(|group| group.count == 2 && group.amount == "200".parse().unwrap())
    );
    for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let lens = lens(&catalogues, lang);
        let text = format!(
            "{}\n{}",
            groups::text(&lens, &grouped),
            problem::rows_text(&lens, &rows)
        );
        snapshot(&format!("problems_{word}"), &text);
    }
}

#[test]
fn a_cause_names_the_values_it_stopped_at() {
    let (store, catalogues) = (MemoryStore::new(), catalogues());
    let orders: Vec<IngestRecord> = (1..=4).map(|n| order(&format!("CK{n:04}"), "1", "10")).collect();
    ingest(&store, &orders, 60);
    settle(&store, 70, |key| {
        let shop = if key == "CK0004" { "SHOP02" } else { "SHOP01" };
        Some(rejected(
            "lookup.miss",
            "Partner",
            &format!("{key}: table 客户对照 has no row for key \"{shop}\""),
        ))
    });
    let rows = store
        .problems(&ProblemFilter {
            scheme: Some(scheme()),
            ..ProblemFilter::default()
        })
        .unwrap();
    let grouped = groups::group(&rows);
    assert_eq!(grouped.len(), 1);
    assert_eq!(grouped[0].values, [("SHOP01".to_owned(), 3), ("SHOP02".to_owned(), 1)]);
    let text = groups::text(&lens(&catalogues, Lang::Zh), &grouped);
    assert!(text.contains("涉及: SHOP01 (3), SHOP02 (1)"), "{text}");
    assert!(text.contains(": 对照表 客户对照 中没有编码 \"SHOP0"), "{text}");
}

#[test]
fn a_problem_says_what_where_why_and_what_next() {
    let (store, catalogues) = (day(), catalogues());
    for (key, name) in [
        ("CK0003", "rejected"),
        ("CK0005", "refused"),
        ("CK0006", "unsettled"),
        ("CK0001", "changed"),
    ] {
        let view = problem::view(store.as_ref(), problem_of(store.as_ref(), key)).unwrap();
        for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
            snapshot(
                &format!("problem_{name}_{word}"),
                &problem::text(&lens(&catalogues, lang), &view),
            );
        }
        let json = problem::to_json(&lens(&catalogues, Lang::Zh), &view).to_string();
        assert!(!json.contains("西湖路") && json.contains("\"commands\":["), "{json}");
    }
}

#[test]
fn a_number_finds_a_problem_and_an_order_that_looks_like_one() {
    let store = day();
    let id = problem_of(store.as_ref(), "CK0003").id;
    assert_eq!(problem::find(store.as_ref(), None, &id.to_string()).unwrap()[0].id, id);
    ingest(store.as_ref(), &[order("990099", "1", "1")], 500);
    settle(store.as_ref(), 510, |key| {
        (key == "990099").then(|| rejected("type", "Memo", "bad"))
    });
    assert_eq!(
        problem::find(store.as_ref(), None, "990099").unwrap()[0].group,
        "990099"
    );
    assert!(problem::find(store.as_ref(), None, "nothing").unwrap().is_empty());
}

#[test]
fn a_story_is_told_in_path_order() {
    let (store, catalogues) = (day(), catalogues());
    for (key, name) in [
        ("CK0001", "changed"),
        ("CK0006", "unsettled"),
        ("CK0008", "skipped"),
        ("CK0012", "waiting"),
    ] {
        let told = store.story(&scheme(), key).unwrap().unwrap();
        snapshot(
            &format!("story_{name}_zh"),
            &story::text(&lens(&catalogues, Lang::Zh), &told),
        );
        let json = story::to_json(&lens(&catalogues, Lang::Zh), &told).to_string();
        assert!(!json.contains("张三丰") && !json.contains("西湖路"), "{json}");
    }
    let told = store.story(&scheme(), "CK0001").unwrap().unwrap();
    snapshot("story_changed_en", &story::text(&lens(&catalogues, Lang::En), &told));
}

#[test]
fn what_happens_next_follows_the_state() {
    let (store, catalogues) = (day(), catalogues());
    let lens = lens(&catalogues, Lang::En);
    let next = |key: &str| story::next(&lens, &store.story(&scheme(), key).unwrap().unwrap());
    assert!(next("CK0002").0.starts_with("It waits to be delivered"));
    assert!(
        next("CK0007")
            .0
            .contains("after 2026-11-02 09:05:00 the target is asked")
    );
    assert_eq!(next("CK0009").0, "Done, nothing to do.");
    assert_eq!(
        next("CK0010").1,
        ["dukou queue release wdt-to-tplus --key CK0010 --yes"]
    );
    assert!(next("CK0012").0.starts_with("It waits to be mapped"));
    assert!(next("CK0006").1[1].contains("--written NUMBER"));
}

#[test]
fn without_a_definition_bodies_are_withheld() {
    let store = day();
    let lens = Lens::plain(Lang::En, at(90_000));
    let told = store.story(&scheme(), "CK0001").unwrap().unwrap();
    let text = story::text(&lens, &told);
    assert!(!text.contains("张三丰") && !text.contains("2121"), "{text}");
    assert!(text.contains("bytes not shown"), "{text}");
    let json = story::to_json(&lens, &told);
    assert_eq!(json["revisions"][0]["body"], Value::Null);
    assert!(!json.to_string().contains("西湖路"), "{json}");
    let refused = problem::view(store.as_ref(), problem_of(store.as_ref(), "CK0005")).unwrap();
    let shown = format!(
        "{}{}",
        problem::text(&lens, &refused),
        problem::to_json(&lens, &refused)
    );
    assert!(!shown.contains("西湖路") && shown.contains("EXERROR0001"), "{shown}");
    let told = store.story(&scheme(), "CK0005").unwrap().unwrap();
    assert!(!story::text(&lens, &told).contains("西湖路"));
}

#[test]
fn retry_takes_only_what_certainly_wrote_nothing() {
    let (store, catalogues) = (day(), catalogues());
    let rows = store
        .problems(&ProblemFilter {
            scheme: Some(scheme()),
            ..ProblemFilter::default()
        })
        .unwrap();
    let bulk = plan::retry(&scheme(), &rows, false);
    assert_eq!(bulk.keys, ["CK0003", "CK0004", "CK0005"]);
    assert_eq!(
        bulk.total,
        Tally {
            count: 3,
            amount: "300".parse().unwrap()
        }
    );
    let mut left: Vec<&str> = bulk.left.iter().map(|left| left.key.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["CK0001", "CK0006", "CK0011"]);
    for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        snapshot(
            &format!("plan_retry_{word}"),
            &plan::text(&lens(&catalogues, lang), &bulk),
        );
    }
    // A person may accept a re-issued number by name; nothing else that is or may be written.
    let named = plan::retry(&scheme(), &rows, true);
    assert_eq!(named.keys, ["CK0003", "CK0004", "CK0005", "CK0011"]);
    // The store agrees with the plan.
    assert_eq!(store.remap_groups(&scheme(), &bulk.keys).unwrap(), bulk.keys.len());
    let all: Vec<String> = rows.iter().map(|row| row.group.clone()).collect();
    assert_eq!(
        store
            .remap_groups(&scheme(), &["CK0001".into(), "CK0006".into()])
            .unwrap(),
        0
    );
    assert!(all.contains(&"CK0001".to_owned()));
}

#[test]
fn a_group_that_is_partly_written_is_left_alone_whole() {
    let store = day();
    let refused = problem_of(store.as_ref(), "CK0005");
    let mut conflict = refused.clone();
    conflict.id += 1000;
    conflict.kind = ProblemKind::Conflict;
    let plan = plan::retry(&scheme(), &[refused, conflict], true);
    assert!(plan.is_empty());
    assert_eq!(plan.left.len(), 2, "both are named: {:?}", plan.left);
}

#[test]
fn lists_are_tables() {
    let (store, catalogues) = (day(), catalogues());
    let records = store
        .records(&RecordFilter {
            scheme: Some(scheme()),
            ..RecordFilter::default()
        })
        .unwrap();
    let filter = DeliveryFilter {
        scheme: Some(scheme()),
        states: deliveries::WAITING.to_vec(),
        ..DeliveryFilter::default()
    };
    let waiting = store.deliveries(&filter).unwrap();
    for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let lens = lens(&catalogues, lang);
        snapshot(&format!("records_{word}"), &records::text(&lens, &records));
        snapshot(&format!("queue_{word}"), &deliveries::text(&lens, &waiting));
    }
    let json = records::row_json(&lens(&catalogues, Lang::Zh), &records[0]);
    assert_eq!(json["columns"]["receiver_name"], "张**");
    assert!(json["amount"].is_string() && json["received_at"].as_str().unwrap().ends_with("+08:00"));
}

#[test]
fn a_slip_finds_the_keys_near_it() {
    let store = day();
    let near = |key: &str| nearest::keys(store.as_ref(), &scheme(), key).unwrap();
    assert_eq!(near("0012")[0], "CK0012");
    assert_eq!(near("CK00122")[0], "CK0012");
    assert_eq!(near("CX0012")[0], "CK0012");
    assert!(near("CK0001").contains(&"CK0001".to_owned()));
    assert!(near("完全无关的文字").is_empty());
    assert!(near("").is_empty());
}

#[test]
fn every_kind_and_known_code_has_advice_with_commands() {
    let store = day();
    let sample = problem_of(store.as_ref(), "CK0003");
    for lang in [Lang::Zh, Lang::En] {
        for kind in ProblemKind::ALL {
            for code in [
                "required",
                "lookup.miss",
                "plugin.fuel",
                "plugin.unheard-of",
                "EXERROR0001",
                "unheard-of",
            ] {
                let row = ProblemRow {
                    kind,
                    code: code.into(),
                    ..sample.clone()
                };
                let advice = advice::advise(lang, &row);
                assert!(
                    !advice.text.contains("advice.") && !advice.text.contains('{'),
                    "{kind:?} {code}: {}",
                    advice.text
                );
                assert!(!advice.commands.is_empty());
            }
        }
    }
    let advice = |code: &str| {
        advice::advise(
            Lang::En,
            &ProblemRow {
                code: code.into(),
                ..sample.clone()
            },
        )
        .text
    };
    assert_ne!(advice("lookup.miss"), advice("required"));
    assert_eq!(advice("plugin.unheard-of"), advice("plugin"));
    let reference = ProblemRow {
        kind: ProblemKind::Refused,
        message: "往来单位不存在".into(),
        code: "EXERROR0001".into(),
        ..sample
    };
    assert!(advice::advise(Lang::En, &reference).text.contains("archive entry"));
}

#[test]
fn a_conflict_shows_both_sides() {
    let (store, catalogues) = (day(), catalogues());
    let difference = |path: &str, before: &str, after: &str| FieldDiff {
        path: path.into(),
        before: Some(before.into()),
        after: Some(after.into()),
    };
    let mut view = problem::view(store.as_ref(), problem_of(store.as_ref(), "CK0005")).unwrap();
    view.row.kind = ProblemKind::Conflict;
    view.row.code = "target.other-content".into();
    view.details.rest.clear();
    view.details.differences = vec![
        difference("dto.RDRecordDetails[0].BaseQuantity", "2", "5.00"),
        difference("dto.DispatchAddress", "\"西湖路1号\"", "\"西湖路2号\""),
    ];
    for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        snapshot(
            &format!("problem_conflict_{word}"),
            &problem::text(&lens(&catalogues, lang), &view),
        );
    }
}
