//! Runtimes, plugins and groups that the tests share. Compiled code is kept in cargo's folder for such things.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use dukou_core::verdict::{Candidate, Document, Group, Mapped, SourceRecord};
use dukou_plugin::{InProcessCompiler, NoTables, Plugin, Prepared, Runtime, RuntimeOptions, SharedTables, Tables};

/// The environment of a plugin that asks for nothing of it.
pub(crate) const ENVIRONMENT: &str = r#"{"time_zone":"Asia/Shanghai","source":null,"target":null}"#;

pub(crate) fn options() -> RuntimeOptions {
    RuntimeOptions::new(Arc::new(InProcessCompiler))
}

/// One runtime for all tests that do not need their own.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut options = options();
        options.cache_dir = Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin-code"));
        Runtime::new(options).unwrap()
    })
}

pub(crate) fn misbehaving() -> Plugin {
    runtime().load(dukou_guests::MISBEHAVING).unwrap()
}

/// The misbehaving guest, told what to do.
pub(crate) fn told(what: &str) -> Prepared {
    let settings = format!(r#"{{"do":"{what}"}}"#);
    runtime().configure(&misbehaving(), &settings, ENVIRONMENT).unwrap()
}

/// The misbehaving guest, killed by one group.
pub(crate) fn poisoned_by(key: &str) -> Prepared {
    let settings = format!(r#"{{"do":"poison","key":"{key}"}}"#);
    runtime().configure(&misbehaving(), &settings, ENVIRONMENT).unwrap()
}

pub(crate) fn group(key: &str, body: &str) -> Group {
    Group {
        key: key.to_owned(),
        records: vec![SourceRecord {
            key: key.to_owned(),
            received_at: "2026-11-24T08:00:00+08:00".to_owned(),
            body: body.to_owned(),
            extra: "{}".to_owned(),
        }],
        extra: "{}".to_owned(),
    }
}

pub(crate) fn groups(count: usize) -> Vec<Group> {
    (0..count)
        .map(|index| group(&format!("g{index}"), r#"{"order_no":"CK1"}"#))
        .collect()
}

pub(crate) fn candidate(group: Group, body: &str) -> Candidate {
    Candidate {
        origin: group,
        mapped: Mapped {
            documents: vec![Document {
                suffix: String::new(),
                body: body.to_owned(),
                extra: "{}".to_owned(),
            }],
            omitted: Vec::new(),
        },
    }
}

pub(crate) fn no_tables() -> SharedTables {
    Arc::new(NoTables)
}

/// Tables of one column: table, key, row.
#[derive(Default)]
pub(crate) struct MapTables(pub(crate) HashMap<(String, String), String>);

impl MapTables {
    pub(crate) fn shared(rows: &[(&str, &str, &str)]) -> SharedTables {
        Arc::new(Self(
            rows.iter()
                .map(|(table, key, row)| (((*table).to_owned(), (*key).to_owned()), (*row).to_owned()))
                .collect(),
        ))
    }
}

impl Tables for MapTables {
    fn row(&self, table: &str, key: &str) -> Option<&str> {
        self.0.get(&(table.to_owned(), key.to_owned())).map(String::as_str)
    }
}
