//! A mapper that leans on the standard library like an ordinary program, and reports what it found there.
//!
//! In a sandbox that is inert it finds no arguments, no environment, no files, and the same time and seed every time.

use dukou_sdk::{Document, Group, Lookups, Mapped, Mapping, Needs, SettingError, Verdict, json};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::time::UNIX_EPOCH;

/// The mapper.
#[derive(Debug)]
pub struct Plain;

impl Mapping for Plain {
    fn configure(_settings: &str, _environment: &str) -> Result<(Self, Needs), Vec<SettingError>> {
        Ok((Self, Needs::of(["*"])))
    }

    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "what this guest is for")]
    fn transform(&self, groups: Vec<Group>, _lookups: &dyn Lookups) -> Vec<Verdict> {
        println!("to standard output: {} groups", groups.len());
        eprintln!("to standard error: {} groups", groups.len());
        groups.iter().map(|group| Verdict::Mapped(report(group))).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "what this guest is for")]
fn report(group: &Group) -> Mapped {
    let seen: HashMap<&str, usize> = group
        .records
        .iter()
        .map(|record| (record.key.as_str(), record.body.len()))
        .collect();
    let now = std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let facts = [
        ("ExternalCode", group.key.clone()),
        ("arguments", std::env::args_os().count().to_string()),
        ("variables", std::env::vars_os().count().to_string()),
        ("now_s", now.as_secs().to_string()),
        ("hash", seen.hasher().hash_one("渡口").to_string()),
        ("file", std::fs::read("/etc/hostname").is_ok().to_string()),
    ];
    let mut body = String::from("{\"dto\":{");
    for (name, value) in facts {
        if !body.ends_with('{') {
            body.push(',');
        }
        json::push_text(&mut body, name);
        body.push(':');
        json::push_text(&mut body, &value);
    }
    body.push_str("}}");
    Mapped {
        documents: vec![Document::new(body)],
        omitted: Vec::new(),
    }
}

dukou_sdk::export_mapping!(Plain);
