//! Replays with real plugins: one change is one pattern, a recompile is none, and neither threads nor memory show in the
//! result; what cannot be decided ends the replay instead of going missing.
#![allow(clippy::unwrap_used, reason = "what a test builds may fail it")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use dukou_core::catalogue::Catalogue;
use dukou_core::digest::Digest;
use dukou_core::verdict::{Group, SourceRecord};
use dukou_plugin::{Chain, InProcessCompiler, NoTables, Rules, Runtime, RuntimeOptions};
use dukou_replay::{
    Comparison, Failure, History, Known, Memory, Options, PatternKind, Progress, ReplayError, Stored, Version, replay,
};
use serde_json::json;

const SOURCE: &str = include_str!("../../connect/src/wdt_qimen/catalogue/wdt.stockout.order.query.trade.toml");
const TARGET: &str = include_str!("../../connect/src/tplus_cloud/catalogue/saleDispatch.Create.toml");
const SETTINGS: &str = r#"{"fields":{"ExternalCode":"{{order_no}}","Code":"{{order_no}}","VoucherType":"ST1021",
"Customer":"C1","Partner":"C1","VoucherDate":"{{consign_time|date}}","BusiType":"15","Warehouse":"W1","Memo":"MEMO",
"RDRecordDetails":"details_list","RDRecordDetails.Inventory":"2121",
"RDRecordDetails.BaseQuantity":"{{details_list.goods_count}}"}}"#;

struct Site {
    runtime: Runtime,
    environment: String,
    rules: Rules,
}

impl Site {
    fn new() -> Self {
        let (source, target) = (Catalogue::parse(SOURCE).unwrap(), Catalogue::parse(TARGET).unwrap());
        let environment = json!({
            "time_zone": "Asia/Shanghai",
            "source": source.to_environment(),
            "target": target.to_environment(),
        });
        Self {
            runtime: Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap(),
            environment: environment.to_string(),
            rules: Rules {
                source: Some(source),
                target: Some(target),
                key: "dto.ExternalCode".to_owned(),
            },
        }
    }

    fn version(&self, bytes: &[u8], settings: &str) -> Version {
        let plugin = self.runtime.load(bytes).unwrap();
        let prepared = self.runtime.configure(&plugin, settings, &self.environment).unwrap();
        Version {
            recipe: Digest::of_parts([plugin.digest().as_bytes().as_slice(), settings.as_bytes()]),
            chain: Chain::new(prepared, Vec::new(), Vec::new()).unwrap(),
            tables: Arc::new(NoTables),
            rules: self.rules.clone(),
        }
    }

    /// The stock mapper with this memo.
    fn table(&self, memo: &str) -> Version {
        self.version(dukou_stock::TABLE, &SETTINGS.replace("MEMO", memo))
    }

    /// A hostile guest, whose documents are not checked.
    fn guest(&self, settings: &str) -> Version {
        Version {
            rules: Rules::default(),
            ..self.version(dukou_guests::MISBEHAVING, settings)
        }
    }
}

/// Orders in memory; `page` is the most that it gives at once.
struct Orders {
    all: Vec<Stored>,
    page: usize,
}

impl Orders {
    fn new(count: u64) -> Self {
        Self {
            all: (1..=count).map(|seq| order(seq * 3)).collect(),
            page: usize::MAX,
        }
    }
}

fn order(seq: u64) -> Stored {
    let lines: Vec<_> = (0..=seq % 3)
        .map(|line| json!({ "goods_count": format!("{}.0000", seq % 7 + line + 1) }))
        .collect();
    let key = format!("CK{seq:06}");
    let body = json!({ "order_no": key, "consign_time": "2026-11-05 13:45:12", "details_list": lines });
    Stored {
        seq,
        group: Group {
            key: key.clone(),
            records: vec![SourceRecord {
                key,
                received_at: format!("2026-11-05T13:45:{:02}.000Z", seq % 60),
                body: body.to_string(),
                extra: "{}".to_owned(),
            }],
            extra: "{}".to_owned(),
        },
        amount: Some((seq % 100).into()),
    }
}

impl History for Orders {
    fn page(&self, after: u64, limit: usize) -> Result<Vec<Stored>, Failure> {
        let behind = self.all.iter().filter(|one| one.seq > after);
        Ok(behind.take(limit.min(self.page)).cloned().collect())
    }

    fn total(&self) -> Option<u64> {
        Some(self.all.len() as u64)
    }
}

#[derive(Default)]
struct Notebook {
    known: Mutex<HashMap<Digest, Known>>,
}

impl Notebook {
    /// Forgets all but the recipes that `keeps` chooses.
    fn forget(&self, keeps: impl Fn(&Digest) -> bool) {
        self.known.lock().unwrap().retain(|recipe, _| keeps(recipe));
    }
}

impl Memory for Notebook {
    fn known(&self, recipes: &[Digest]) -> Result<Vec<Option<Known>>, Failure> {
        let known = self.known.lock().unwrap();
        Ok(recipes.iter().map(|recipe| known.get(recipe).copied()).collect())
    }

    fn remember(&self, outcomes: &[(Digest, Known)]) -> Result<(), Failure> {
        self.known.lock().unwrap().extend(outcomes.iter().copied());
        Ok(())
    }
}

fn plain(history: &dyn History, before: &Version, after: &Version) -> Comparison {
    replay(history, before, after, &Options::default()).unwrap()
}

fn remembering(
    history: &dyn History,
    before: &Version,
    after: &Version,
    memory: &dyn Memory,
) -> (Comparison, Progress) {
    let last = Mutex::new(Progress::default());
    let options = Options {
        threads: 3,
        memory: Some(memory),
        watch: &|progress| *last.lock().unwrap() = progress,
    };
    let comparison = replay(history, before, after, &options).unwrap();
    let last = *last.lock().unwrap();
    (comparison, last)
}

#[test]
fn one_changed_field_is_one_pattern_whatever_threads_pages_and_memory() {
    let site = Site::new();
    let (before, after) = (site.table("来自旺店通"), site.table("来自旺店通云仓"));
    let mut orders = Orders::new(230);
    let cold = plain(&orders, &before, &after);
    let patterns = cold.patterns();
    assert_eq!(patterns.len(), 1, "{patterns:#?}");
    assert_eq!(
        (patterns[0].kind, patterns[0].path.as_deref()),
        (PatternKind::Value, Some("Memo"))
    );
    assert_eq!((patterns[0].groups, patterns[0].places), (230, 230));
    let sum: u64 = orders.all.iter().map(|one| one.seq % 100).sum();
    assert_eq!(patterns[0].amount, sum.into());
    assert_eq!(patterns[0].example.group, "CK000003");
    assert_eq!(patterns[0].values[0].before.as_deref(), Some("\"来自旺店通\""));
    assert_eq!(
        (cold.changed.groups, cold.same.groups, cold.newly_failing.groups),
        (230, 0, 0)
    );
    assert!(cold.fuel.before > 0 && cold.fuel.after > 0);
    assert!(cold.received.is_some_and(|(first, last)| first < last));

    let text = cold.to_json().to_string();
    for threads in [1, 2, 5] {
        let options = Options {
            threads,
            ..Options::default()
        };
        assert_eq!(
            replay(&orders, &before, &after, &options)
                .unwrap()
                .to_json()
                .to_string(),
            text
        );
    }
    orders.page = 7;
    assert_eq!(
        plain(&orders, &before, &after).to_json().to_string(),
        text,
        "pages do not show"
    );

    let memory = Notebook::default();
    let (first, progress) = remembering(&orders, &before, &after, &memory);
    assert_eq!(
        (progress.done, progress.total, progress.remembered),
        (230, Some(230), 0)
    );
    assert_eq!(first.to_json().to_string(), text);
    let (second, progress) = remembering(&orders, &before, &after, &memory);
    assert_eq!((progress.remembered, progress.changed), (230, 230));
    assert_eq!(second.to_json().to_string(), text, "memory does not show");
    memory.forget(|recipe| recipe.as_bytes()[0].is_multiple_of(3));
    let (third, progress) = remembering(&orders, &before, &after, &memory);
    assert_eq!(progress.remembered, 0);
    assert_eq!(third.to_json().to_string(), text, "nor does half of it");

    // Another span makes other batches: what was remembered of the first is no part of what it costs.
    orders.all.drain(..20);
    let text = plain(&orders, &before, &after).to_json().to_string();
    let (part, progress) = remembering(&orders, &before, &after, &memory);
    assert_eq!(progress.remembered, 210);
    assert_eq!(part.to_json().to_string(), text, "nor does what was replayed before");
    assert_eq!(part.fuel.groups, 50);
}

#[test]
fn a_recompile_is_a_proved_no_op() {
    let site = Site::new();
    let built = dukou_stock::WDT_TO_TPLUS;
    let again = dukou_plugin_build::set_section(built, "build-info", b"another compiler").unwrap();
    let (before, after) = (site.version(built, "{}"), site.version(&again, "{}"));
    assert_ne!(before.recipe, after.recipe);
    let orders = Orders::new(120);
    let found = plain(&orders, &before, &after);
    assert!(found.is_no_op(), "{:#?}", found.patterns());
    assert_eq!((found.all, found.fuel.before), (found.same, found.fuel.after));
    assert!(
        !plain(&Orders::new(0), &before, &after).is_no_op(),
        "nothing compared proves nothing"
    );
}

#[test]
fn a_group_that_kills_a_version_is_one_group() {
    let site = Site::new();
    let (before, after) = (site.guest("{}"), site.guest(r#"{"do":"poison","key":"CK000036"}"#));
    let orders = Orders::new(60);
    let found = plain(&orders, &before, &after);
    assert_eq!(
        (found.newly_failing.groups, found.changed.groups, found.same.groups),
        (1, 1, 59)
    );
    let patterns = found.patterns();
    assert_eq!((patterns.len(), patterns[0].kind), (1, PatternKind::NewlyFailed));
    assert_eq!(patterns[0].example.group, "CK000036");
    let back = plain(&orders, &after, &before);
    assert_eq!(back.newly_fixed.groups, 1);
    assert_eq!(back.patterns()[0].kind, PatternKind::NewlyMapped);
}

#[test]
fn what_cannot_be_decided_ends_the_replay() {
    let site = Site::new();
    let (before, after) = (site.table("a"), site.table("b"));
    let mut orders = Orders::new(60);
    orders.all[55].group.records[0].body = "{".to_owned();
    match replay(&orders, &before, &after, &Options::default()) {
        Err(error @ ReplayError::Undecided { .. }) => {
            assert_eq!(error.code(), "replay.undecided");
            assert!(error.to_string().contains("CK000168"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_history_or_a_memory_that_fails_ends_the_replay() {
    struct Broken;
    impl History for Broken {
        fn page(&self, after: u64, _: usize) -> Result<Vec<Stored>, Failure> {
            if after > 0 {
                Err("the disk is gone".into())
            } else {
                Ok(vec![order(3)])
            }
        }
    }
    impl Memory for Broken {
        fn known(&self, _: &[Digest]) -> Result<Vec<Option<Known>>, Failure> {
            Err("the disk is gone".into())
        }
        fn remember(&self, _: &[(Digest, Known)]) -> Result<(), Failure> {
            Ok(())
        }
    }
    struct Standing;
    impl History for Standing {
        fn page(&self, _: u64, _: usize) -> Result<Vec<Stored>, Failure> {
            Ok(vec![order(3)])
        }
    }
    let site = Site::new();
    let (before, after) = (site.table("a"), site.table("b"));
    let code = |history: &dyn History, memory: Option<&dyn Memory>| {
        let options = Options {
            memory,
            ..Options::default()
        };
        replay(history, &before, &after, &options).unwrap_err().code()
    };
    assert_eq!(code(&Broken, None), "replay.history");
    assert_eq!(code(&Standing, None), "replay.history");
    assert_eq!(code(&Orders::new(60), Some(&Broken)), "replay.memory");
}
