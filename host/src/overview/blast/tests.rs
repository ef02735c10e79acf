//! The blast radius over a store with three deployments: good, bad, and back. What maps is a closure, so that these tests
//! need no engine.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::catalogue::Catalogue;
use dukou_core::delivery::{DeliveryState, Next};
use dukou_core::digest::Digest;
use dukou_core::mask::Secrets;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::recipe::group_recipe;
use dukou_core::show::{Expression, Show};
use dukou_core::verdict::{Document, Group, Mapped, Omission};
use dukou_core::window::WindowRange;
use dukou_plugin::Fate;
use dukou_store::Store;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::*;
use serde_json::{Value, json};

use super::compare::compare;
use super::csv::Csv;
use super::find::{Asked, Kind, Search};
use super::report::{Good, Part, Report, waiting};
use super::sheet::Sheet;
use super::sum::Sum;
use super::walk::{Question, walk};
use super::{Finding, Voucher, text};
use crate::deploy::evidence::{Change, Evidence, Figure, How, PatternEvidence, ReplayFigures, Standing};
use crate::lang::Lang;
use crate::overview::{Lens, Personal};

const ME: Owner = [7; 16];

pub(in crate::overview) fn at(second: i64) -> DateTime<Utc> {
    let day: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    day + TimeDelta::seconds(second)
}

pub(in crate::overview) fn scheme() -> SchemeName {
    SchemeName::new("lanmao", "sales-out")
}

fn target() -> TargetName {
    TargetName {
        tenant: "lanmao".into(),
        account: "tplus-cloud:openapi.chanjet.com:KEY".into(),
        api: "/tplus/api/v2/saleDispatch/Create".into(),
    }
}

pub(in crate::overview) struct Catalogues {
    source: Catalogue,
    target: Catalogue,
}

pub(in crate::overview) fn catalogues() -> Catalogues {
    Catalogues {
        source: Catalogue::parse(include_str!(
            "../../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml"
        ))
        .unwrap(),
        target: Catalogue::parse(include_str!(
            "../../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml"
        ))
        .unwrap(),
    }
}

pub(in crate::overview) fn lens(catalogues: &Catalogues, lang: Lang) -> Lens<'_> {
    Lens {
        personal: Personal::Known {
            source: Some(&catalogues.source),
            target: Some(&catalogues.target),
        },
        ..Lens::plain(lang, at(90_000))
    }
}

/// `quantities` are the order's lines.
fn order(key: &str, quantities: &[&str], amount: &str) -> IngestRecord {
    let lines: Vec<Value> = quantities.iter().map(|count| json!({ "goods_count": count })).collect();
    let body = json!({
        "order_no": key, "receiver_address": "西湖路1号", "amount": amount, "details_list": lines,
    })
    .to_string();
    let show = Show::new(Some(Expression::parse("amount").unwrap()), None, None, Vec::new());
    IngestRecord {
        key: key.into(),
        hash: Digest::of(body.as_bytes()),
        shown: show.read(&body),
        body,
        group: key.into(),
        aliases: Vec::new(),
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

fn quantities(group: &Group) -> Vec<String> {
    let body: Value = serde_json::from_str(&group.records[0].body).unwrap();
    let lines = body["details_list"].as_array().unwrap().iter();
    lines
        .map(|line| line["goods_count"].as_str().unwrap().to_owned())
        .collect()
}

/// What each version makes of a group. The bad one writes another memo, loses the last line of longer orders and takes ten
/// times the quantity.
fn map(group: &Group, bad: bool) -> Fate {
    let mut quantities = quantities(group);
    if quantities[0] == "0" && !bad {
        return Fate::Problem(ProblemReport {
            kind: ProblemKind::Rejected,
            code: "quantity".into(),
            message: "nothing to deliver to 西湖路1号".into(),
            path: None,
            details: "{}".into(),
        });
    }
    if quantities[0] == "9" && !bad {
        return Fate::Skipped("非销售出库".into());
    }
    if bad && quantities.len() > 2 {
        quantities.pop();
    }
    // An order of one piece comes out right by accident, but for how its number is written.
    let alike = quantities[0] == "1";
    let times = if bad && !alike { 10 } else { 1 };
    let lines: Vec<String> = quantities
        .iter()
        .map(|count| {
            let count: u32 = count.parse().unwrap();
            let zeros = if bad && alike { ".00" } else { "" };
            format!(r#"{{"BaseQuantity":{}{zeros}}}"#, count * times)
        })
        .collect();
    let (memo, address) = if bad && !alike {
        ("旧", "断桥2号")
    } else {
        ("新", "西湖路1号")
    };
    Fate::Mapped(Mapped {
        documents: vec![Document {
            suffix: String::new(),
            body: format!(
                r#"{{"dto":{{"ExternalCode":"{}","Memo":"{memo}","DispatchAddress":"{address}","RDRecordDetails":[{}]}}}}"#,
                group.key,
                lines.join(",")
            ),
            extra: "{}".into(),
        }],
        omitted: Vec::<Omission>::new(),
    })
}

fn chain(deployment: u64) -> Digest {
    // The third is the first again.
    Digest::of(if deployment == 2 { b"bad" } else { b"good" })
}

fn settle(store: &dyn Store, second: i64, deployment: u64) {
    let claimed = store.claim_groups(&scheme(), deployment, ME, 100).unwrap().groups();
    let settlements: Vec<Settlement> = claimed
        .iter()
        .map(|claimed| {
            let group = Group {
                key: claimed.key.clone(),
                records: claimed.records.clone(),
                extra: "{}".into(),
            };
            let outcome = match map(&group, deployment == 2) {
                Fate::Mapped(mapped) => Settled::Mapped {
                    documents: mapped.documents,
                    omitted: mapped.omitted,
                },
                Fate::Skipped(reason) => Settled::Skipped(reason),
                Fate::Problem(report) => Settled::Problem(report),
            };
            Settlement {
                group: claimed.key.clone(),
                lease: claimed.lease,
                recipe: group_recipe(&chain(deployment), &group),
                deployment,
                fuel: 5,
                target: target(),
                outcome,
                shown: claimed.shown.clone(),
            }
        })
        .collect();
    store.settle(&scheme(), &settlements, at(second)).unwrap();
}

fn send(store: &dyn Store, second: i64, keys: &[&str], next: &dyn Fn(&str) -> Next) {
    let only: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    let claimed = store
        .claim_deliveries(&target(), ME, 100, at(second), Some(&only))
        .unwrap();
    assert_eq!(claimed.len(), keys.len());
    let starts: Vec<AttemptStart> = claimed
        .iter()
        .map(|delivery| AttemptStart {
            id: delivery.id,
            lease: delivery.lease,
            request: "POST".into(),
        })
        .collect();
    store.begin_attempts(&starts, at(second)).unwrap();
    let ends: Vec<AttemptEnd> = claimed
        .iter()
        .map(|delivery| AttemptEnd {
            id: delivery.id,
            lease: delivery.lease,
            outcome: "accepted".into(),
            reply: "null".into(),
            took_ms: 3,
            next: next(&delivery.key),
        })
        .collect();
    store.finish_attempts(&ends, at(second + 1)).unwrap();
}

fn deploy(store: &dyn Store, second: i64, plugin: &str, note: &str, evidence: Evidence) -> u64 {
    let plugin = Digest::of(plugin.as_bytes());
    let deployment = NewDeployment {
        digest: Digest::of_parts([plugin.as_bytes().as_slice(), b"sales-out"]),
        definition: "{}".into(),
        plugins: vec![("sales-out".into(), plugin)],
        tables: vec![("客户对照".into(), Digest::of(b"table"))],
        by: "王\u{1b}[2J".into(),
        note: note.into(),
        evidence: evidence.to_text(),
    };
    store.activate(&scheme(), &deployment, at(second)).unwrap()
}

fn delivered(key: &str) -> Next {
    Next::Delivered {
        reference: Some(format!("XS-{key}")),
        adopted: false,
    }
}

/// Good, bad, back: `A*` made by the first, `B*` by the second, `C*` by the third.
pub(in crate::overview) fn scene() -> MemoryStore {
    let store = MemoryStore::new();
    let s = &store;
    assert_eq!(deploy(s, 10, "good", "首版", Evidence::default()), 1);
    ingest(s, &[order("A1", &["2"], "10.10")], 20);
    settle(s, 30, 1);
    send(s, 40, &["A1"], &delivered);
    let figure = |groups, amount: &str| Figure {
        groups,
        amount: amount.parse().unwrap(),
    };
    let evidence = Evidence {
        how: How::Gate,
        standing: Standing::Accepted,
        before: Some(1),
        changes: vec![Change {
            what: "plugin".into(),
            name: "sales-out".into(),
            before: Some("3f9c12ab04de".into()),
            after: Some("81ac00000000".into()),
        }],
        replay: Some(ReplayFigures {
            all: figure(31_204, "900000"),
            same: figure(31_180, "899000"),
            changed: figure(24, "1000.5"),
            ..ReplayFigures::default()
        }),
        patterns: vec![PatternEvidence {
            id: "a1b2c3d4".into(),
            kind: "value".into(),
            path: Some("Memo".into()),
            figure: figure(24, "1000.5"),
            accepted: Some(true),
            by: "王".into(),
            note: "客户要求".into(),
        }],
        ..Evidence::default()
    };
    assert_eq!(deploy(s, 100, "bad", "改备注", evidence), 2);
    let orders = [
        order("B1", &["2", "3"], "100.00"),
        order("B2", &["1"], "20.50"),
        order("B3", &["0"], "7"),
        order("B4", &["5"], "30"),
        order("B5", &["4"], "40"),
        order("B6", &["9"], "1"),
        order("B7", &["2", "3", "4"], "8.05"),
    ];
    ingest(s, &orders, 110);
    settle(s, 120, 2);
    send(s, 130, &["B1", "B2", "B3", "B6", "B7"], &delivered);
    send(s, 140, &["B4"], &|_| Next::Ask {
        ask_at: at(400),
        duplicate: false,
        reason: "no reply".into(),
    });
    // What was written is known by what it was made of, whatever came later.
    ingest(s, &[order("B1", &["7", "3"], "100.00")], 150);
    let back = Evidence {
        how: How::Rollback,
        rollback: Some((2, 1)),
        ..Evidence::default()
    };
    assert_eq!(deploy(s, 200, "good", "数量写错", back), 3);
    settle(s, 210, 3);
    ingest(s, &[order("C1", &["2"], "5")], 220);
    settle(s, 230, 3);
    send(s, 240, &["C1"], &delivered);
    store
}

fn vouchers(store: &dyn Store, lens: Lens<'_>, ids: &[u64], delivered: Span, good: bool) -> Vec<Voucher> {
    let maps = |groups: &[Group]| groups.iter().map(|group| Some(map(group, false))).collect();
    let mut out = Vec::new();
    let question = Question {
        store,
        scheme: &scheme(),
        deployments: ids,
        delivered,
        chain_of: &|id| Some(chain(id)),
        good: if good { Some(&maps) } else { None },
        lens,
    };
    walk(&question, &mut |voucher| {
        out.push(voucher);
        Ok(())
    })
    .unwrap();
    out
}

fn report(store: &dyn Store, vouchers: &[Voucher]) -> Report {
    let mut sum = Sum::default();
    vouchers.iter().for_each(|voucher| sum.add(voucher));
    let digest = Digest::of(b"bad");
    let asked = Asked::Digest(digest.to_string()[..8].to_owned());
    let mut search = Search::new(&asked);
    search.look(&scheme(), &store.deployments(&scheme(), 100).unwrap());
    let found = search.found.remove(&(Kind::Plugin, digest)).unwrap();
    Report {
        kind: Kind::Plugin,
        digest,
        name: found.name,
        asked_times: (None, None),
        parts: vec![Part {
            scheme: scheme(),
            deployments: found.used[&scheme()].clone(),
            good: Good::Version {
                id: 1,
                digest: Digest::of(b"good"),
                since: at(10),
                named: false,
            },
            sum,
            verdicts: store.verdict_counts(&scheme(), 2).unwrap(),
            waiting: waiting(store, &scheme(), &[2]).unwrap(),
        }],
    }
}

#[test]
fn every_voucher_of_the_version_is_there_once_with_what_is_wrong() {
    let (store, catalogues) = (scene(), catalogues());
    let lens = lens(&catalogues, Lang::Zh);
    let all = vouchers(&store, lens, &[2], Span::default(), true);
    let found: Vec<(&str, &str)> = all.iter().map(|one| (one.key.as_str(), one.finding.word())).collect();
    assert_eq!(
        found,
        [
            ("B1", "wrong"),
            ("B2", "same"),
            ("B3", "not-made"),
            ("B4", "wrong"),
            ("B6", "not-made"),
            ("B7", "wrong")
        ],
        "not A1, C1 (other versions) and B5 (not written)"
    );
    assert!(all.iter().all(|one| one.exact), "every recipe proves what was mapped");
    let Finding::Wrong(differences) = &all[0].finding else {
        panic!("{all:?}")
    };
    let fields: BTreeMap<&str, (Option<&str>, Option<&str>)> = differences
        .fields
        .iter()
        .map(|field| (field.path.as_str(), (field.written.as_deref(), field.right.as_deref())))
        .collect();
    let expected = BTreeMap::from([
        ("Memo", (Some("\"旧\""), Some("\"新\""))),
        ("DispatchAddress", (Some("\"断**\""), Some("\"西**\""))),
        // By the revision that was mapped, not by the later one with 7 pieces.
        ("RDRecordDetails[0].BaseQuantity", (Some("20"), Some("2"))),
        ("RDRecordDetails[1].BaseQuantity", (Some("30"), Some("3"))),
    ]);
    assert_eq!(fields, expected);
    assert_eq!(all[0].reference.as_deref(), Some("XS-B1"));
    assert_eq!(all[0].at, Some(at(131)));
    let unknown = &all[3];
    assert_eq!((unknown.state, unknown.at), (DeliveryState::Unknown, Some(at(140))));
    let Finding::NotMade { how, reason } = &all[2].finding else {
        panic!("{all:?}")
    };
    assert_eq!(
        (*how, reason.as_str()),
        ("rejected", "quantity: nothing to deliver to 西**")
    );
    // Only within the time.
    let span = Span {
        from: Some(at(135)),
        to: None,
    };
    let late = vouchers(&store, lens, &[2], span, true);
    assert_eq!(late.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["B4"]);
}

#[test]
fn sums_are_decimal_and_take_missing_lines_apart() {
    let (store, catalogues) = (scene(), catalogues());
    let all = vouchers(&store, lens(&catalogues, Lang::En), &[2], Span::default(), true);
    let mut sum = Sum::default();
    all.iter().for_each(|voucher| sum.add(voucher));
    let money = |text: &str| text.parse::<rust_decimal::Decimal>().unwrap();
    assert_eq!((sum.all.count, sum.all.amount), (6, money("166.55")));
    assert_eq!((sum.may_be.count, sum.may_be.amount), (1, money("30")));
    assert_eq!(
        (sum.class("wrong").count, sum.class("wrong").amount),
        (3, money("138.05"))
    );
    assert_eq!((sum.class("same").count, sum.class("not-made").count), (1, 2));
    let quantity = &sum.fields["RDRecordDetails[].BaseQuantity"];
    assert_eq!((quantity.vouchers.count, quantity.places), (3, 5));
    // B1: 20+30 for 2+3; B4: 50 for 5; B7: 20+30 for 2+3 and a line of 4 that is missing.
    assert_eq!(quantity.numbers, Some((money("150"), money("19"))));
    assert_eq!(quantity.difference(), Some(money("131")));
    assert_eq!(sum.fields["RDRecordDetails[]"].places, 1, "the missing line itself");
    assert_eq!(sum.fields["DispatchAddress"].numbers, None);
    let mut twice = sum.clone();
    twice.merge(&sum);
    assert_eq!(
        twice.fields["RDRecordDetails[].BaseQuantity"].difference(),
        Some(money("262"))
    );
    assert_eq!((twice.all.count, twice.times), (12, sum.times));
}

#[test]
fn without_a_good_version_everything_is_listed_and_nothing_judged() {
    let (store, catalogues) = (scene(), catalogues());
    let all = vouchers(&store, lens(&catalogues, Lang::En), &[1, 3], Span::default(), false);
    assert_eq!(all.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["A1", "C1"]);
    assert!(
        all.iter()
            .all(|one| one.finding == Finding::NotCompared { why: "no-good-version" })
    );
}

#[test]
fn what_cannot_be_told_from_personal_is_withheld() {
    let store = scene();
    let plain = Lens::plain(Lang::En, at(90_000));
    let all = vouchers(&store, plain, &[2], Span::default(), true);
    let shown = format!("{all:?}");
    assert!(!shown.contains("断桥") && !shown.contains("西湖"), "{shown}");
    let Finding::Wrong(differences) = &all[0].finding else {
        panic!("{all:?}")
    };
    assert!(differences.numbers.is_empty());
    assert!(
        differences
            .fields
            .iter()
            .all(|field| field.written.as_deref() == Some("**"))
    );
}

#[test]
fn two_documents_are_compared_by_value() {
    let catalogues = catalogues();
    let (lens, none) = (lens(&catalogues, Lang::En), Secrets::default());
    let same = compare(
        &lens,
        &none,
        r#"{"dto":{"a":1.0,"b":"x"}}"#,
        r#"{"dto":{"b":"x","a":1}}"#,
    )
    .unwrap();
    assert_eq!(same, None);
    let texts = compare(
        &lens,
        &none,
        r#"{"dto":{"BaseQuantity":"3"}}"#,
        r#"{"dto":{"BaseQuantity":3}}"#,
    )
    .unwrap();
    let texts = texts.unwrap();
    assert_eq!(texts.fields.len(), 1);
    assert!(
        texts.numbers.is_empty(),
        "text that reads like a number was written as text"
    );
    let gone = compare(&lens, &none, r#"{"dto":{"n":2.50}}"#, r#"{"dto":{}}"#)
        .unwrap()
        .unwrap();
    assert_eq!(gone.fields[0].right, None);
    assert_eq!(gone.numbers[0].written.to_string(), "2.50");
    assert!(compare(&lens, &none, "{", "{}").is_err());
    let many: Vec<String> = (0..500).map(|n| format!("\"f{n}\":{n}")).collect();
    let many = compare(
        &lens,
        &none,
        &format!("{{\"dto\":{{{}}}}}", many.join(",")),
        r#"{"dto":{}}"#,
    )
    .unwrap()
    .unwrap();
    assert_eq!((many.fields.len() as u64 + many.more, many.numbers.len()), (500, 500));
}

#[test]
fn people_read_the_sums_first_and_then_each_voucher() {
    let (store, catalogues) = (scene(), catalogues());
    for lang in [Lang::Zh, Lang::En] {
        let lens = lens(&catalogues, lang);
        let all = vouchers(&store, lens, &[2], Span::default(), true);
        let report = report(&store, &all);
        let of = |_: &SchemeName| lens;
        let shown = format!(
            "{}\n{}",
            text::summary(&lens, &report, &of),
            text::vouchers(&of, &all, false)
        );
        let name = format!("blast_{}", if lang == Lang::Zh { "zh" } else { "en" });
        insta::assert_snapshot!(name, shown);
        assert!(!shown.contains('\u{1b}') && !shown.contains("断桥"), "{shown}");
    }
}

#[test]
fn machines_get_everything_as_text() {
    let (store, catalogues) = (scene(), catalogues());
    let lens = lens(&catalogues, Lang::Zh);
    let all = vouchers(&store, lens, &[2], Span::default(), true);
    let of = |_: &SchemeName| lens;
    let shown = super::json::report(&report(&store, &all), &of);
    assert_eq!(shown["total"]["vouchers"], json!({ "count": 6, "amount": "166.55" }));
    let part = &shown["schemes"][0];
    assert_eq!(part["deployments"][0]["number"], "2");
    assert_eq!(part["waiting"], json!({ "count": 1, "at_least": false }), "B5");
    let fields = part["fields"].as_array().unwrap();
    let quantity = fields
        .iter()
        .find(|field| field["path"] == "RDRecordDetails[].BaseQuantity");
    assert_eq!(quantity.unwrap()["difference"], "131");
    let one = super::json::voucher(&lens, &all[0]);
    assert_eq!((&one["amount"], &one["deployment"]), (&"100.00".into(), &"2".into()));
    assert_eq!(one["fields"].as_array().unwrap().len(), 4);
    assert_eq!(one["at"], "2026-11-01T08:02:11+08:00");
}

#[test]
fn csv_can_be_summed_and_keeps_every_field() {
    let (store, catalogues) = (scene(), catalogues());
    let lens = lens(&catalogues, Lang::Zh);
    let mut csv = Csv::begin(Lang::Zh, Vec::new()).unwrap();
    for voucher in vouchers(&store, lens, &[2], Span::default(), true) {
        csv.add(&lens, &voucher).unwrap();
    }
    let bytes = csv.finish().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    assert_eq!(head.len(), super::csv::COLUMNS.len());
    let column = |name: &str| super::csv::COLUMNS.iter().position(|known| *known == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let amounts = rows
        .iter()
        .filter_map(|row| row[column("amount")].parse::<rust_decimal::Decimal>().ok());
    assert_eq!(amounts.sum::<rust_decimal::Decimal>().to_string(), "166.55");
    let quantity = rows
        .iter()
        .find(|row| row[column("key")] == *"B1" && row[column("path")] == *"RDRecordDetails[1].BaseQuantity")
        .unwrap();
    assert_eq!(&quantity[column("field")], "数量");
    assert_eq!(
        [
            &quantity[column("written")],
            &quantity[column("right")],
            &quantity[column("difference")]
        ],
        ["30", "3", "27"]
    );
    assert!(!text.contains("断桥") && !text.contains("西湖"));
}

#[test]
fn the_workbook_has_its_three_sheets() {
    let (store, catalogues) = (scene(), catalogues());
    let lens = lens(&catalogues, Lang::Zh);
    let all = vouchers(&store, lens, &[2], Span::default(), true);
    let mut sheet = Sheet::begin(&lens).unwrap();
    for voucher in &all {
        sheet.add(&lens, voucher).unwrap();
    }
    let bytes = sheet.finish(&lens, &report(&store, &all), &|_| lens).unwrap();
    let read = |name: &str| part(&bytes, name);
    let book = read("xl/workbook.xml");
    for name in ["汇总", "凭单", "有误字段"] {
        assert!(book.contains(name), "{book}");
    }
    let vouchers = read("xl/worksheets/sheet2.xml");
    assert_eq!(vouchers.matches("<row ").count(), 7, "a header and six vouchers");
    assert!(
        vouchers.contains("<v>8.05</v>") && vouchers.contains("<pane ySplit=\"1\""),
        "{vouchers}"
    );
    let fields = read("xl/worksheets/sheet3.xml");
    assert!(fields.contains("<v>27</v>"), "{fields}");
    let texts = read("xl/sharedStrings.xml");
    assert!(texts.contains("XS-B1") && !texts.contains("断桥"), "{texts}");
    assert!(!read("xl/worksheets/sheet2.xml").contains("<f>"), "no formulas");
}

/// One part of a workbook.
fn part(bytes: &[u8], name: &str) -> String {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_name_in_a_field_that_is_not_personal_is_masked_too() {
    let catalogues = catalogues();
    let lens = lens(&catalogues, Lang::Zh);
    let record = r#"{"receiver_name":"戊先生","receiver_mobile":"10000027780"}"#;
    let secrets = Secrets::of([record], &catalogues.source);
    let differences = compare(
        &lens,
        &secrets,
        r#"{"dto":{"Memo":"戊先生 10000027780","Code":"CK12","N":10000027780}}"#,
        r#"{"dto":{"Memo":"致 戊先生","Code":"CK13","N":1}}"#,
    );
    let differences = differences.unwrap().unwrap();
    let mut shown: Vec<_> = differences
        .fields
        .iter()
        .map(|one| (one.path.as_str(), one.written.as_deref(), one.right.as_deref()))
        .collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            ("Code", Some("\"CK12\""), Some("\"CK13\"")),
            ("Memo", Some("\"戊** 1**\""), Some("\"致 戊**\"")),
            ("N", Some("\"**\""), Some("1")),
        ]
    );
    assert!(differences.numbers.is_empty(), "no sum is made of a mobile number");
}

#[test]
fn what_was_never_made_is_said_with_the_first_voucher_that_is_listed() {
    let (store, catalogues) = (MemoryStore::new(), catalogues());
    deploy(&store, 10, "bad", "", Evidence::default());
    ingest(&store, &[order("A1", &["2"], "1")], 20);
    let documents = |suffixes: &[&str]| -> Vec<Document> {
        let document = |suffix: &&str| Document {
            suffix: (*suffix).into(),
            body: format!(r#"{{"dto":{{"ExternalCode":"A1{suffix}"}}}}"#),
            extra: "{}".into(),
        };
        suffixes.iter().map(document).collect()
    };
    let claimed = store.claim_groups(&scheme(), 1, ME, 100).unwrap().groups();
    let group = Group {
        key: claimed[0].key.clone(),
        records: claimed[0].records.clone(),
        extra: "{}".into(),
    };
    let settlement = Settlement {
        group: claimed[0].key.clone(),
        lease: claimed[0].lease,
        recipe: group_recipe(&chain(1), &group),
        deployment: 1,
        fuel: 5,
        target: target(),
        outcome: Settled::Mapped {
            documents: documents(&["", "-p2", "-p3"]),
            omitted: Vec::new(),
        },
        shown: claimed[0].shown.clone(),
    };
    store.settle(&scheme(), &[settlement], at(30)).unwrap();
    // The group's first is still to be sent: it is no voucher, so it cannot say what its group lacks.
    send(&store, 40, &["A1-p2", "A1-p3"], &delivered);
    let maps = |groups: &[Group]| -> Vec<Option<Fate>> {
        let mapped = || Mapped {
            documents: documents(&["", "-p2", "-p3", "-p4"]),
            omitted: Vec::new(),
        };
        groups.iter().map(|_| Some(Fate::Mapped(mapped()))).collect()
    };
    let question = Question {
        store: &store,
        scheme: &scheme(),
        deployments: &[1],
        delivered: Span::default(),
        chain_of: &|id| Some(chain(id)),
        good: Some(&maps),
        lens: lens(&catalogues, Lang::En),
    };
    let mut found = Vec::new();
    walk(&question, &mut |voucher| {
        found.push((voucher.key, voucher.absent.join(",")));
        Ok(())
    })
    .unwrap();
    let listed = |key: &str, absent: &str| (key.to_owned(), absent.to_owned());
    assert_eq!(found, [listed("A1-p2", "A1-p4"), listed("A1-p3", "")]);
}
