//! What holds where a definition says nothing, as TOML would say it. A test writes each of them out and sees that
//! nothing changes.

use super::super::base::at;
use super::super::file::{Held, Table};
use super::super::source::DEFAULT_ZONE;
use super::quoted;

/// A path and the value that holds without it.
pub(super) type Default = (Vec<&'static str>, String);

/// Of a scheme.
pub(super) fn of_scheme(table: &Table) -> Vec<Default> {
    let text = |path: &[&str]| match &at(table, path)?.node.value {
        Held::Text(text) => Some(text.clone()),
        _ => None,
    };
    let zone = text(&["source", "schedule", "time_zone"]).unwrap_or_else(|| DEFAULT_ZONE.to_owned());
    let size = text(&["source", "request", "page_size"]).and_then(|size| size.trim().parse::<u32>().ok());
    let mut out: Vec<Default> = vec![
        (
            vec!["source", "page_size"],
            size.unwrap_or(100).clamp(1, 100).to_string(),
        ),
        (vec!["source", "schedule", "time_zone"], quoted(DEFAULT_ZONE)),
        (vec!["source", "window", "span"], quoted("1d")),
        (vec!["source", "window", "overlap"], quoted("15m")),
        (vec!["source", "window", "lag"], quoted("120s")),
        (vec!["target", "schedule", "time_zone"], quoted(&zone)),
    ];
    for key in ["cancelled", "changed", "reissued"] {
        out.push((vec!["after_delivery", key], quoted("flag")));
    }
    out
}

/// Of a connection of a kind, below `[connections.NAME]`.
pub(super) fn of_connection(kind: &str) -> Vec<Default> {
    let shared = [
        (vec!["deadline"], quoted("30s")),
        (vec!["limits", "per_second"], "1".to_owned()),
    ];
    let own: Vec<Default> = match kind {
        "wdt-qimen" => vec![
            (vec!["target_app_key"], quoted(crate::settings::DEFAULT_TARGET_APP_KEY)),
            (vec!["sign_method"], quoted("hmac-sha256")),
        ],
        "tplus-cloud" => vec![
            (vec!["unique_key"], quoted("lookup-only")),
            (vec!["quarantine"], quoted("5m")),
            (vec!["max_attempts"], "5".to_owned()),
            (vec!["limits", "in_flight"], "1".to_owned()),
        ],
        _ => Vec::new(),
    };
    shared.into_iter().chain(own).collect()
}
