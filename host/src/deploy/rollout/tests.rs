//! Rollouts over the in-memory store, without plugins: verdicts are settled by hand.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::{SchemeName, TargetName};
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::show::Shown;
use dukou_core::verdict::Document;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::{Deployment, IngestPage, IngestRecord, NewDeployment, OpenWindow, Settled, Settlement};

mod people;
mod races;
mod stuck;

use super::*;
use crate::deploy::evidence::{Evidence, How};
use crate::deploy::lock;

const OWNER: [u8; 16] = [7; 16];
const PLUGIN: &str = "plugins/sales.wasm";

struct Scene {
    dir: tempfile::TempDir,
    project: Project,
    store: MemoryStore,
    now: DateTime<Utc>,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("dukou.toml"), "").unwrap();
        let store = MemoryStore::default();
        for content in ["old", "new", "fix"] {
            store.put_blob("plugin", content.as_bytes()).unwrap();
        }
        Self {
            project: Project::load(dir.path()).unwrap(),
            dir,
            store,
            now: "2026-11-03T00:00:00Z".parse().unwrap(),
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            project: &self.project,
            store: &self.store,
            now: self.now,
        }
    }

    fn step(&self) {
        step_on(&self.ground()).unwrap();
    }

    fn pass(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }

    fn state(&self, id: u64) -> (State, Body) {
        let (_, state, body) = find(&self.store, id).unwrap().unwrap();
        (state, body)
    }

    fn active(&self, scheme: &SchemeName) -> Deployment {
        self.store.active(scheme).unwrap().unwrap()
    }

    /// Records come and are mapped by what is in force, with this verdict.
    fn map(&self, scheme: &SchemeName, keys: std::ops::Range<usize>, verdict: Option<ProblemKind>) {
        let range = dukou_core::window::WindowRange {
            start: self.now,
            end: self.now,
        };
        let window = OpenWindow {
            range,
            moves_mark: false,
            at: self.now,
        };
        let window = self.store.open_window(scheme, Some(window)).unwrap().unwrap();
        let records = keys.map(|key| {
            let body = format!("{{\"order_no\":\"{key}\"}}");
            IngestRecord {
                key: format!("CK{key}"),
                hash: Digest::of(body.as_bytes()),
                body,
                group: format!("CK{key}"),
                aliases: Vec::new(),
                shown: Shown::default(),
            }
        });
        let page = IngestPage {
            window: window.id,
            lease: window.lease,
            position: String::new(),
            records: records.collect(),
            at: self.now,
        };
        self.store.ingest(scheme, &page).unwrap();
        self.store
            .close_window(scheme, window.id, window.lease, self.now)
            .unwrap();
        self.settle(scheme, verdict);
    }

    /// What is due is mapped by what is in force, with this verdict.
    fn settle(&self, scheme: &SchemeName, verdict: Option<ProblemKind>) -> usize {
        let deployment = self.active(scheme).id;
        let claimed = self
            .store
            .claim_groups(scheme, deployment, OWNER, 1_000)
            .unwrap()
            .groups();
        let settlements: Vec<Settlement> = claimed
            .iter()
            .map(|group| Settlement {
                group: group.key.clone(),
                lease: group.lease,
                recipe: Digest::of(group.key.as_bytes()),
                deployment,
                fuel: 10,
                target: TargetName {
                    tenant: scheme.tenant.clone(),
                    account: "t".into(),
                    api: "/create".into(),
                },
                outcome: match verdict {
                    None => Settled::Mapped {
                        documents: vec![Document {
                            suffix: String::new(),
                            body: "{}".into(),
                            extra: "{}".into(),
                        }],
                        omitted: Vec::new(),
                    },
                    Some(kind) => Settled::Problem(ProblemReport {
                        kind,
                        code: "plugin.trap".into(),
                        message: "no".into(),
                        path: None,
                        details: "{}".into(),
                    }),
                },
                shown: Shown::default(),
            })
            .collect();
        self.store.settle(scheme, &settlements, self.now).unwrap();
        settlements.len()
    }
}

fn content(text: &str) -> NewDeployment {
    NewDeployment {
        digest: Digest::of(text.as_bytes()),
        definition: text.to_owned(),
        plugins: vec![(PLUGIN.into(), Digest::of(text.as_bytes()))],
        tables: Vec::new(),
        by: "王".into(),
        note: String::new(),
        evidence: "{}".into(),
    }
}

fn schemes() -> Vec<SchemeName> {
    ["a", "b", "c"].map(|tenant| SchemeName::new(tenant, "sales")).to_vec()
}

/// Three schemes run `old`, have seen thirty groups, and shall run `new` in waves of one and the rest.
fn begun(scene: &Scene) -> u64 {
    for scheme in schemes() {
        scene.store.activate(&scheme, &content("old"), scene.now).unwrap();
        scene.map(&scheme, 0..30, None);
    }
    let new = wished(scene);
    let id = begin(&scene.ground(), &new).unwrap().unwrap();
    assert_eq!(
        begin(&scene.ground(), &new).unwrap(),
        Err(Refused::Busy {
            scheme: schemes()[0].clone(),
            rollout: id
        })
    );
    id
}

fn wished(scene: &Scene) -> NewRollout {
    let entrants = schemes().into_iter().map(|scheme| Entrant {
        before: scene.active(&scheme),
        candidate: content("new"),
        evidence: Evidence::default(),
        scheme,
    });
    NewRollout {
        plugin: "sales".into(),
        digest: Digest::of(b"new"),
        by: "王".into(),
        note: "1.5".into(),
        soak: Duration::from_secs(60),
        waves: "1,rest".into(),
        entrants: entrants.collect(),
        held: vec![(SchemeName::new("d", "sales"), "amber".into())],
    }
}

fn running_new(scene: &Scene) -> Vec<bool> {
    let schemes = schemes();
    let runs = schemes
        .iter()
        .map(|scheme| scene.active(scheme).what.definition == "new");
    runs.collect()
}

#[test]
fn waves_follow_each_other_when_enough_was_seen_and_the_time_is_over() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    assert_eq!(
        running_new(&scene),
        [false, false, false],
        "nothing before the first step"
    );
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false]);
    let evidence = Evidence::parse(&scene.active(&schemes()[0]).what.evidence);
    assert_eq!((evidence.how, evidence.rollout), (How::Wave, Some(id)));
    scene.pass(61);
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false], "nothing was seen");
    scene.map(&schemes()[0], 100..119, None);
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false], "19 are too few");
    scene.map(&schemes()[0], 119..120, None);
    scene.step();
    assert_eq!(running_new(&scene), [true, true, true]);
    scene.map(&schemes()[1], 100..120, None);
    scene.step();
    assert_eq!(scene.state(id).0, State::Running, "the last wave is watched as well");
    scene.pass(61);
    scene.step();
    let (state, body) = scene.state(id);
    assert_eq!(state, State::Done);
    let candidates: Vec<_> = body
        .members
        .iter()
        .filter_map(|member| member.candidate.as_ref())
        .collect();
    assert_eq!(candidates.len(), 3);
    assert!(candidates.iter().all(|candidate| candidate.definition.is_empty()));
}

#[test]
fn a_trap_takes_every_wave_back_and_what_failed_is_due_again() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    scene.map(&schemes()[0], 100..120, None);
    scene.pass(61);
    scene.step();
    assert_eq!(running_new(&scene), [true, true, true]);
    scene.map(&schemes()[1], 100..120, None);
    scene.map(&schemes()[2], 100..103, Some(ProblemKind::Failed));
    scene.step();
    assert_eq!(
        running_new(&scene),
        [false, false, false],
        "a fault of the bytes is everybody's"
    );
    let (state, body) = scene.state(id);
    assert_eq!(state, State::RolledBack);
    let setback = body.setback.unwrap();
    assert_eq!((setback.wave, setback.groups, setback.due_again), (1, 3, 3));
    assert!(matches!(
        setback.reason,
        Reason::Failing {
            failed: 3,
            groups: 23,
            ..
        }
    ));
    let back = Evidence::parse(&scene.active(&schemes()[2]).what.evidence);
    assert_eq!(back.how, How::WaveRollback);
    assert_eq!(scene.settle(&schemes()[2], None), 3, "the version before maps them");
    let deployments = scene.store.deployments(&schemes()[2], 100).unwrap().len();
    scene.step();
    assert_eq!(
        scene.store.deployments(&schemes()[2], 100).unwrap().len(),
        deployments,
        "once"
    );
}

#[test]
fn rejects_take_their_wave_back_and_earlier_waves_stay() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    scene.map(&schemes()[0], 100..120, None);
    scene.pass(61);
    scene.step();
    scene.map(&schemes()[1], 100..118, None);
    scene.map(&schemes()[1], 118..120, Some(ProblemKind::Rejected));
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false]);
    let (state, body) = scene.state(id);
    assert_eq!(state, State::RolledBack);
    let states: Vec<MemberState> = body.members.iter().map(|member| member.state).collect();
    use MemberState::{Done, Held, RolledBack};
    assert_eq!(states, [Done, RolledBack, RolledBack, Held]);
    // A person who knows better lets it go on where it was.
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
    scene.step();
    assert_eq!(running_new(&scene), [true, true, true]);
    assert_eq!(scene.state(id).1.wave, 1);
}

#[test]
fn what_a_dead_process_left_is_carried_on_and_what_others_deployed_is_left_alone() {
    let scene = Scene::new();
    let id = begun(&scene);
    let [first, second, third] = schemes().try_into().unwrap();
    // It died between the activation and the rollout's update.
    scene.store.activate(&first, &content("new"), scene.now).unwrap();
    scene.step();
    assert_eq!(
        scene.store.deployments(&first, 100).unwrap().len(),
        2,
        "not a second time"
    );
    assert_eq!(scene.state(id).1.members[0].state, MemberState::Active);
    // Somebody else deployed.
    scene.store.activate(&second, &content("other"), scene.now).unwrap();
    // It died between writing down what goes back and doing it.
    let (rollout, _, mut body) = find(&scene.store, id).unwrap().unwrap();
    body.members[0].state = MemberState::Leaving;
    assert!(put(&scene.ground(), &rollout, State::RollingBack, &body).unwrap());
    scene.step();
    assert_eq!(scene.active(&first).what.definition, "old");
    assert_eq!(scene.state(id).0, State::RolledBack);
    assert_eq!(scene.active(&second).what.definition, "other");
    assert_eq!(scene.active(&third).what.definition, "old");
    resume(&scene.ground(), id, "李").unwrap();
    scene.step();
    assert_eq!(scene.state(id).1.members[0].state, MemberState::Active);
}

#[test]
fn a_stopped_rollout_does_nothing_until_it_goes_on() {
    let mut scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    assert_eq!(stop(&scene.ground(), id).unwrap(), Turned::Done);
    assert_eq!(stop(&scene.ground(), id).unwrap(), Turned::Not(State::Stopped));
    assert_eq!(stop(&scene.ground(), 99).unwrap(), Turned::Unknown);
    scene.map(&schemes()[0], 100..120, Some(ProblemKind::Failed));
    scene.pass(61);
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false]);
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
    scene.step();
    assert_eq!(running_new(&scene), [false, false, false]);
    assert_eq!(scene.state(id).0, State::RolledBack);
    assert!(scene.dir.path().join(lock::FILE).is_file());
}

#[test]
fn nothing_of_an_erased_tenant_is_left_in_any_rollout() {
    let scene = Scene::new();
    let id = begun(&scene);
    scene.step();
    let store: &dyn Store = &scene.store;
    for tenant in ["a", "b"] {
        assert_eq!(moving(store, tenant).unwrap(), Some(id), "active or waiting");
    }
    assert_eq!(moving(store, "d").unwrap(), None, "it is held");
    assert!(mentions(store, "d").unwrap() && !mentions(store, "nobody").unwrap());
    stop(&scene.ground(), id).unwrap();
    assert_eq!(moving(store, "b").unwrap(), None);
    forget(&scene.ground(), "b").unwrap();
    assert!(!mentions(store, "b").unwrap());
    let (_, state, body) = find(store, id).unwrap().unwrap();
    assert!(!body.to_text().contains("b/sales"));
    assert_eq!((state, body.members.len()), (State::Stopped, 3));
    assert_eq!(resume(&scene.ground(), id, "李").unwrap(), Turned::Done);
    scene.step();
    assert_eq!(running_new(&scene), [true, false, false], "the others go on");
}
