//! The three kinds of plugins as the host calls them.

use crate::prelude::*;
use crate::tables::FixedTables;
use crate::{
    Adjustment, Candidate, Document, Group, Mapped, Mapping, Omission, SourceRecord, Typed, Validation, Verdict,
};

#[derive(Settings)]
struct Rules {
    #[setting(default = "仓库对照")]
    warehouses: Table,
    #[setting(default = 2, rename = "max")]
    max_lines: usize,
}

#[derive(Source)]
struct Order {
    no: Text,
    kind: Text,
    warehouse_no: Text,
    list: List<Row>,
}

#[derive(Source)]
struct Row {
    count: Decimal,
    gift: Text,
}

#[derive(Target)]
#[target(wrapper = "dto")]
struct Voucher {
    code: Text,
    warehouse: Code,
    lines: Lines<Line>,
}

#[derive(Target)]
struct Line {
    count: Decimal,
}

impl Mapper for Rules {
    type Source = Order;
    type Target = Voucher;

    fn map(&self, mut order: Order, job: &mut Job<'_>) -> Result<Voucher, Stop> {
        if order.kind.is("9") {
            return Err(Stop::skip("非销售出库"));
        }
        if order.kind.is("8") {
            job.report(order.kind.violation("kind", "8 is not known"));
        }
        order.list.omit(job, "赠品", |row| row.gift.is("1"));
        Ok(Voucher {
            code: order.no.to(),
            warehouse: self.warehouses.value(&order.warehouse_no, job).to(),
            lines: order.list.map(|row| Line { count: row.count.to() }),
        })
    }

    fn configured(&mut self, _environment: &Environment) -> Result<(), Vec<crate::SettingError>> {
        if self.max_lines == 0 {
            return Err(crate::settings::one("max", "range", "must be at least 1"));
        }
        Ok(())
    }
}

fn tables() -> FixedTables {
    let rows = serde_json::from_str(
        r#"{"仓库对照":{"W1":{"value":"CK1"},"W2":{"编号":"W2","T+编码":"CK2"},"W3":{"value":""}}}"#,
    );
    FixedTables { tables: rows.unwrap() }
}

fn group(bodies: &[&str]) -> Group {
    let record = |(n, body): (usize, &&str)| SourceRecord::new(format!("R{n}"), "2026-11-20T23:30:00Z", *body);
    Group {
        key: "G".to_owned(),
        records: bodies.iter().enumerate().map(record).collect(),
        extra: "{}".to_owned(),
    }
}

fn mapped(bodies: &[&str]) -> Verdict {
    let (plugin, _) = <Typed<Rules> as Mapping>::configure("{}", "{}")
        .map_err(|e| e[0].message.clone())
        .unwrap_or_else(|e| panic!("{e}"));
    plugin.transform(vec![group(bodies)], &tables()).remove(0)
}

fn rejected(verdict: &Verdict) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let Verdict::Rejected(found) = verdict else {
        panic!("{verdict:?}")
    };
    let found = found.iter();
    found
        .map(|v| (v.code.as_str(), v.source_path.as_deref(), v.target_path.as_deref()))
        .collect()
}

#[test]
fn tables_and_fields_are_collected_from_the_types() {
    let needs = |settings: &str| <Typed<Rules> as Mapping>::configure(settings, "{}").map(|(_, needs)| needs);
    let whole = needs("{}").unwrap_or_default();
    assert_eq!(
        whole.needs,
        ["no", "kind", "warehouse_no", "list[].count", "list[].gift"]
    );
    assert_eq!(whole.tables, ["仓库对照"]);
    assert!(needs(r#"{"warehouses":""}"#).unwrap_or_default().tables.is_empty());
    let errors = needs(r#"{"maxx":1,"warehouses":5}"#).unwrap_err();
    let brief: Vec<_> = errors.iter().map(|e| (e.path.as_str(), e.code.as_str())).collect();
    assert_eq!(brief, [("warehouses", "type"), ("maxx", "unknown")]);
    assert!(errors[1].message.contains("`max`"));
    assert_eq!(needs(r#"{"max":0}"#).unwrap_err()[0].code, "range");
    assert_eq!(needs("{}").map(|_| ()), Ok(()));
    let other = <Typed<Rules> as Mapping>::configure("{}", r#"{"target":{"api":"/x","wrapper":"data"}}"#);
    assert_eq!(other.map(|_| ()).unwrap_err()[0].path, "environment.target");
}

#[test]
fn a_record_becomes_a_document() {
    let verdict = mapped(&[r#"{"no":"A","warehouse_no":"W1","list":[{"count":2},{"count":1,"gift":1}]}"#]);
    let expected = Mapped {
        documents: vec![Document::new(
            r#"{"dto":{"code":"A","warehouse":{"Code":"CK1"},"lines":[{"count":2}]}}"#,
        )],
        omitted: vec![Omission::new(0, "list[1]", "赠品")],
    };
    assert_eq!(verdict, Verdict::Mapped(expected));
    let second = mapped(&[r#"{"no":"A","warehouse_no":"W2","list":{"count":2}}"#]);
    assert!(
        matches!(&second, Verdict::Mapped(made) if made.documents[0].body.contains("CK2")),
        "the second column"
    );
}

#[test]
fn everything_wrong_with_a_record_is_told() {
    let verdict = mapped(&[r#"{"kind":8,"warehouse_no":"W9","list":[{"count":"x"}]}"#]);
    assert_eq!(
        rejected(&verdict),
        [
            ("kind", Some("kind"), None),
            ("required", Some("no"), Some("code")),
            ("lookup.miss", Some("warehouse_no"), Some("warehouse")),
            ("type", Some("list[0].count"), Some("lines[0].count")),
        ]
    );
    for warehouse in ["null", "\"W3\""] {
        let verdict = mapped(&[&format!(
            r#"{{"no":"A","warehouse_no":{warehouse},"list":{{"count":1}}}}"#
        )]);
        assert_eq!(
            rejected(&verdict),
            [("lookup.miss", Some("warehouse_no"), Some("warehouse"))]
        );
    }
    assert_eq!(rejected(&mapped(&["["])), [("type", None, Some("dto"))]);
}

#[test]
fn records_of_a_group_become_one_document() {
    let (a, b) = (
        r#"{"no":"A","warehouse_no":"W1","list":[{"count":1,"gift":1},{"count":2}]}"#,
        r#"{"no":"A","warehouse_no":"W1","list":[{"count":3}]}"#,
    );
    let Verdict::Mapped(made) = mapped(&[a, r#"{"kind":9}"#, b]) else {
        panic!()
    };
    assert_eq!(made.documents.len(), 1);
    assert!(
        made.documents[0]
            .body
            .ends_with(r#""lines":[{"count":2},{"count":3}]}}"#)
    );
    assert_eq!(
        made.omitted,
        [Omission::new(0, "list[0]", "赠品"), Omission::new(1, "", "非销售出库")]
    );
    assert_eq!(
        mapped(&[r#"{"kind":9}"#, r#"{"kind":9}"#]),
        Verdict::Skipped("非销售出库".to_owned())
    );

    let c = r#"{"no":"C","warehouse_no":"W2","list":[{}]}"#;
    let verdict = mapped(&[a, c]);
    assert_eq!(
        rejected(&verdict),
        [
            ("merge.disagree", Some("no"), Some("code")),
            ("merge.disagree", Some("warehouse_no"), Some("warehouse")),
            ("required", Some("list[0].count"), Some("lines[1].count")),
        ]
    );
    let Verdict::Rejected(found) = verdict else { panic!() };
    assert_eq!(found[0].extra, r#"{"record":"R1"}"#);
    assert!(
        found[0].message.contains(r#""A" and "C" differ"#),
        "{}",
        found[0].message
    );
}

impl Adjuster for Rules {
    type Source = Order;

    fn adjust(&self, order: &Order, document: &mut Editor, job: &mut Job<'_>) -> Result<(), Stop> {
        if order.kind.is("9") {
            return Err(Stop::skip("已取消"));
        }
        let code: Code = self.warehouses.value(&order.warehouse_no, job).to();
        document.set("Warehouse", &code);
        document.set("Count", &Decimal::from(order.list.len() as i64));
        Ok(())
    }
}

fn candidate(bodies: &[&str], documents: &[(&str, &str)]) -> Candidate {
    Candidate {
        origin: group(bodies),
        mapped: Mapped {
            documents: documents
                .iter()
                .map(|(suffix, body)| Document::with_suffix(*suffix, *body))
                .collect(),
            omitted: vec![Omission::new(0, "list[0]", "赠品")],
        },
    }
}

fn adjusted(bodies: &[&str], documents: &[(&str, &str)]) -> Verdict {
    let configured = <Typed<Rules> as Adjustment>::configure("{}", "{}").map(|(plugin, _)| plugin);
    let plugin = configured.unwrap_or_else(|errors| panic!("{errors:?}"));
    Adjustment::adjust(&plugin, vec![candidate(bodies, documents)], &tables()).remove(0)
}

#[test]
fn an_adjustment_changes_every_document_and_keeps_omissions() {
    let documents = [
        ("", r#"{"dto":{"Warehouse":{"Code":"X"},"N":1.50}}"#),
        ("-p2", r#"{"dto":{"N":2}}"#),
    ];
    let verdict = adjusted(
        &[
            r#"{"warehouse_no":"W1","list":[{},{}]}"#,
            r#"{"warehouse_no":"W1","list":{}}"#,
        ],
        &documents,
    );
    let Verdict::Mapped(made) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(
        made.documents[0].body,
        r#"{"dto":{"Warehouse":{"Code":"CK1"},"N":1.50,"Count":3}}"#
    );
    assert_eq!(
        made.documents[1],
        Document::with_suffix("-p2", r#"{"dto":{"N":2,"Warehouse":{"Code":"CK1"},"Count":3}}"#)
    );
    assert_eq!(made.omitted, [Omission::new(0, "list[0]", "赠品")]);
}

#[test]
fn an_adjustment_can_refuse_or_skip() {
    let documents = [("", r#"{"dto":{"N":1}}"#), ("-p2", r#"{"dto":{"N":2}}"#)];
    let verdict = adjusted(&[r#"{"warehouse_no":"W9"}"#], &documents);
    let miss = ("lookup.miss", Some("warehouse_no"), Some("Warehouse"));
    assert_eq!(rejected(&verdict), [miss, miss]);
    let differing = adjusted(
        &[r#"{"warehouse_no":"W1"}"#, r#"{"warehouse_no":"W2"}"#],
        &documents[..1],
    );
    assert_eq!(
        rejected(&differing),
        [("merge.disagree", Some("warehouse_no"), Some("Warehouse"))]
    );
    assert_eq!(
        adjusted(&[r#"{"kind":9}"#], &documents),
        Verdict::Skipped("已取消".to_owned())
    );
    assert_eq!(rejected(&adjusted(&["{}"], &[("", "[]")])), [("type", None, Some("$"))]);
}

#[derive(Settings)]
struct Checks;

#[derive(Source)]
struct Written {
    date: Date,
    lines: List<Counted>,
}

#[derive(Source)]
struct Counted {
    count: Decimal,
}

impl Validator for Checks {
    type Source = Order;
    type Document = Written;

    fn check(&self, orders: &[Order], documents: &[Written], job: &mut Job<'_>) -> Result<(), Stop> {
        let kept: usize = orders.iter().map(|order| order.list.kept(job).count()).sum();
        let written: usize = documents.iter().map(|document| document.lines.len()).sum();
        if kept != written {
            job.report(Violation::new("lines", format!("{written} of {kept}")));
        }
        let received = job.received()?;
        for document in documents {
            if document.date.get()?.is_some_and(|date| date.day > received.day) {
                job.report(document.date.violation("date.future", received.date()));
            }
            for line in &document.lines {
                job.note(line.count.required());
            }
        }
        Ok(())
    }
}

#[test]
fn a_validation_tells_everything_it_finds() {
    let configured = <Typed<Checks> as Validation>::configure("{}", "{}").map(|(plugin, _)| plugin);
    let plugin = configured.unwrap_or_else(|errors| panic!("{errors:?}"));
    let judge = |documents: &[(&str, &str)]| {
        let candidate = candidate(&[r#"{"list":[{},{},{}]}"#], documents);
        Validation::validate(&plugin, vec![candidate], &tables()).remove(0)
    };
    // Received at 23:30 UTC on the 20th: it was the 21st in Shanghai.
    let good = [("", r#"{"dto":{"date":"2026-11-21","lines":[{"count":1},{"count":2}]}}"#)];
    assert_eq!(judge(&good), []);
    let bad = [
        ("", r#"{"dto":{"date":"2026-11-22"}}"#),
        ("-p2", r#"{"dto":{"lines":[{"count":"x"}]}}"#),
    ];
    let found = Verdict::Rejected(judge(&bad));
    assert_eq!(
        rejected(&found),
        [
            ("lines", None, None),
            ("date.future", None, Some("date")),
            ("type", None, Some("lines[0].count"))
        ]
    );
    let Verdict::Rejected(found) = found else { panic!() };
    assert_eq!(found[2].extra, r#"{"suffix":"-p2"}"#);
    assert_eq!(
        rejected(&Verdict::Rejected(judge(&[("", "{}x")])))[0],
        ("type", None, Some("$"))
    );
}
