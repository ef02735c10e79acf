//! A mapper that does what its settings say, and nothing good among it. See `dukou-guests` for the list.

use dukou_sdk::logging::{self, Level};
use dukou_sdk::{Document, Group, Lookups, Mapped, Mapping, Needs, SettingError, Verdict, json};
use serde::Deserialize;

const HUGE_BYTES: usize = 24 << 20;

/// The settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misbehaving {
    #[serde(rename = "do", default)]
    what: What,
    #[serde(default)]
    key: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    #[default]
    Map,
    Loop,
    Allocate,
    Recurse,
    Panic,
    TrapInConfigure,
    RefuseSettings,
    BadNeeds,
    HugeOutput,
    LogFlood,
    LookupFlood,
    TooFew,
    TooMany,
    BadJson,
    SameSuffix,
    Poison,
    CountBatch,
    Peek,
    Fragile,
    Quadratic,
}

impl Mapping for Misbehaving {
    fn configure(settings: &str, _environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        let plugin: Self =
            serde_json::from_str(settings).map_err(|error| vec![SettingError::new("", "json", error.to_string())])?;
        match plugin.what {
            What::TrapInConfigure => trap(),
            What::RefuseSettings => Err(vec![SettingError::new("do", "refused", "as asked")]),
            What::LookupFlood => {
                let needs = Needs {
                    tables: vec!["table".to_owned()],
                    ..Needs::of(["*"])
                };
                Ok((plugin, needs))
            }
            What::BadNeeds => Ok((plugin, Needs::of(["]["]))),
            What::Peek | What::Fragile => Ok((plugin, Needs::of(["order_no"]))),
            What::Quadratic => Ok((plugin, Needs::of(["list[].n"]))),
            _ => Ok((plugin, Needs::of(["*"]))),
        }
    }

    fn transform(&self, groups: Vec<Group>, lookups: &dyn Lookups) -> Vec<Verdict> {
        match self.what {
            What::Loop => spin(groups.len() as u64),
            What::Allocate => allocate(),
            What::Recurse => logging::log(Level::Info, &deepen(groups.len() as u64, u64::MAX).to_string()),
            What::Panic => panic!("deliberate panic"),
            What::Poison if groups.iter().any(|group| group.key == self.key) => panic!("poison {}", self.key),
            What::Fragile if groups.iter().any(|group| body_of(group).contains("null")) => panic!("null"),
            What::Quadratic => {
                for group in &groups {
                    spin_for((body_of(group).len() as u64).pow(2));
                }
            }
            What::LogFlood => {
                let line = "x".repeat(1000);
                for _ in 0..10_000 {
                    logging::log(Level::Info, &line);
                }
            }
            What::LookupFlood => {
                let keys: Vec<String> = (0..1000).map(|key| key.to_string()).collect();
                for _ in 0..10_000 {
                    lookups.lookup("table", &keys);
                }
            }
            _ => {}
        }
        let mut verdicts: Vec<Verdict> = groups.iter().map(|group| self.verdict(group, groups.len())).collect();
        match self.what {
            What::TooFew => drop(verdicts.pop()),
            What::TooMany => verdicts.push(Verdict::Skipped("one too many".to_owned())),
            _ => {}
        }
        verdicts
    }
}

impl Misbehaving {
    fn verdict(&self, group: &Group, batch: usize) -> Verdict {
        let mut body = String::new();
        body.push_str("{\"dto\":{\"ExternalCode\":");
        json::push_text(&mut body, &group.key);
        match self.what {
            What::BadJson => {}
            What::HugeOutput => {
                body.reserve_exact(HUGE_BYTES + 32);
                body.push_str(",\"Memo\":\"");
                body.extend(std::iter::repeat_n('x', HUGE_BYTES));
                body.push_str("\"}}");
            }
            What::CountBatch => body.push_str(&format!(",\"Memo\":\"{batch}\"}}}}")),
            What::Peek => body.push_str(&format!(",\"Memo\":\"{}\"}}}}", body_of(group).len())),
            _ => body.push_str("}}"),
        }
        let copies = if self.what == What::SameSuffix { 2 } else { 1 };
        let documents = vec![Document::new(body); copies];
        Verdict::Mapped(Mapped {
            documents,
            omitted: Vec::new(),
        })
    }
}

fn body_of(group: &Group) -> &str {
    group.records.first().map_or("", |record| record.body.as_str())
}

/// Runs for a number of rounds.
fn spin_for(rounds: u64) {
    for round in 0..rounds {
        std::hint::black_box(round);
    }
}

/// Runs for ever; the compiler cannot see that nothing comes of it.
fn spin(mut state: u64) {
    while std::hint::black_box(state) != u64::MAX {
        state = state.wrapping_mul(31) >> 1;
    }
}

fn allocate() {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![std::hint::black_box(1); 1 << 20]);
    }
}

/// Keeps nothing in linear memory, so that the engine's call stack ends first, not the guest's own.
fn deepen(depth: u64, limit: u64) -> u64 {
    if depth == limit {
        depth
    } else {
        deepen(depth + 1, limit).rotate_left(3) ^ depth
    }
}

fn trap() -> ! {
    #[cfg(target_family = "wasm")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_family = "wasm"))]
    std::process::abort();
}

dukou_sdk::export_mapping!(Misbehaving);
