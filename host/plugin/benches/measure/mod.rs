//! What the benches share: orders as groups, the shortest of several rounds, and lines for people.
#![allow(dead_code, reason = "each bench uses a part")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use dukou_core::verdict::{Group, SourceRecord};

/// Groups of a batch, as the pipeline makes them.
pub(crate) const BATCH: usize = 50;
/// Rounds of which the shortest counts.
pub(crate) const ROUNDS: usize = 7;

/// An order alone in its group.
pub(crate) fn group(number: usize, body: &str) -> Group {
    let key = format!("CK{number:012}");
    Group {
        key: key.clone(),
        records: vec![SourceRecord {
            key,
            received_at: "2026-11-24T08:00:00+08:00".to_owned(),
            body: body.to_owned(),
            extra: "{}".to_owned(),
        }],
        extra: "{}".to_owned(),
    }
}

/// The same groups for a plugin's code in this process.
pub(crate) fn for_sdk(groups: &[Group]) -> Vec<dukou_sdk::Group> {
    groups
        .iter()
        .map(|group| {
            let record = &group.records[0];
            dukou_sdk::Group::single(dukou_sdk::SourceRecord::new(
                record.key.clone(),
                record.received_at.clone(),
                record.body.clone(),
            ))
        })
        .collect()
}

/// The shortest of several rounds, each long enough to be measured.
pub(crate) fn best(mut work: impl FnMut() -> usize) -> Duration {
    for _ in 0..5 {
        black_box(work());
    }
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let mut repeats = 0;
            while start.elapsed() < Duration::from_millis(80) {
                black_box(work());
                repeats += 1;
            }
            start.elapsed() / repeats
        })
        .min()
        .unwrap()
}

/// Microseconds of each of `records`.
pub(crate) fn micros(time: Duration, records: usize) -> f64 {
    time.as_secs_f64() * 1e6 / records as f64
}

/// A figure per record and as a multiple of the floor.
pub(crate) fn line(name: &str, time: Duration, floor: Duration) {
    let each = micros(time, BATCH);
    println!(
        "  {name:<50}{each:>9.2} us/record  {:>9.0} records/s  {:>7.2} x the floor",
        1e6 / each,
        time.as_secs_f64() / floor.as_secs_f64()
    );
}
