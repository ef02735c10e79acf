//! Reading `[connections.*]` of `dukou.toml` or of a tenant's file: every value checked, all findings at once. Resolves no
//! secret.

use std::collections::BTreeMap;
use std::time::Duration;

use dukou_connect::Limits;
use dukou_connect::tplus_cloud::Patterns;
use dukou_connect::wdt_qimen::SignMethod;
use dukou_core::delivery::UniqueKey;
use dukou_core::names::is_name;

use super::super::secret::{self, SecretRef};
use super::{Connection, ConnectionKind, DEFAULT_TARGET_APP_KEY, TplusCloudSettings, WdtQimenSettings};
use crate::scheme::{Arg, At, Code, Diagnostic, Held, Section, Sentence, SourceFile, Table, not_yet};

const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
const DEFAULT_QUARANTINE: Duration = Duration::from_secs(300);
const MOST_PER_SECOND: u32 = 100_000;
const MOST_IN_FLIGHT: u32 = 256;
const DEFAULT_MAX_ATTEMPTS: u32 = 5;
const MOST_ATTEMPTS: u32 = 100;

/// Reads `[connections.*]`: those that can be used, and the names of all.
pub(in crate::settings) fn read_all(
    file: &SourceFile,
    table: &Table,
    errors: &mut Vec<Diagnostic>,
) -> (BTreeMap<String, Connection>, Vec<String>) {
    let (mut connections, mut named) = (BTreeMap::new(), Vec::new());
    for entry in &table.entries {
        named.push(entry.key.clone());
        if !is_name(&entry.key) {
            errors.push(Diagnostic::at(Code::BadName, file, entry.key_span.clone()).with("name", entry.key.as_str()));
            continue;
        }
        let Held::Table(table) = &entry.node.value else {
            errors.push(
                Diagnostic::at(Code::WrongType, file, entry.node.span.clone())
                    .with("key", entry.key.as_str())
                    .with("expected", Arg::Word("definition.type_table"))
                    .with("found", Arg::Word(entry.node.value.word())),
            );
            continue;
        };
        let name = format!("[connections.{}]", entry.key);
        let section = Section::new(file, name, table, entry.node.span.clone(), errors);
        if let Some(connection) = read(&entry.key, section) {
            connections.insert(entry.key.clone(), connection);
        }
    }
    (connections, named)
}

/// Reads one connection.
fn read(name: &str, mut section: Section<'_, '_>) -> Option<Connection> {
    let (file, span) = (section.file.clone(), section.span.clone());
    let kind = section.required_text("kind", "wdt-qimen")?;
    let kind = match kind.value.as_str() {
        "wdt-qimen" => wdt(name, section).map(|settings| ConnectionKind::WdtQimen(Box::new(settings))),
        "tplus-cloud" => tplus(name, section).map(|settings| ConnectionKind::TplusCloud(Box::new(settings))),
        later @ ("wdt-direct" | "tplus-local") => {
            section.push(not_yet(&file, kind.span, &format!("kind = \"{later}\"")));
            None
        }
        other => {
            section.push(
                Diagnostic::at(Code::Choice, &file, kind.span)
                    .with("key", "kind")
                    .with("value", other)
                    .did_you_mean(other, ["wdt-qimen", "tplus-cloud"].into_iter()),
            );
            None
        }
    };
    Some(Connection {
        name: name.to_owned(),
        tenant: None,
        kind: kind?,
        file,
        span,
    })
}

fn wdt(name: &str, mut section: Section<'_, '_>) -> Option<WdtQimenSettings> {
    let url = url(&mut section, "http://hu3cgwt0tc.api.taobao.com/router/qm");
    let app_key = section.required_text("app_key", "12345678");
    let app_secret = secret::read(&mut section, "app_secret", "app_secret", &variable(name, "APP_SECRET"));
    let target_app_key = section
        .text("target_app_key")
        .map_or_else(|| DEFAULT_TARGET_APP_KEY.to_owned(), |at| at.value);
    let sid = section.required_text("sid", "apidevtest2");
    let method = section.choice("sign_method", &["hmac-sha256", "md5", "hmac"]);
    let deadline = deadline(&mut section);
    let limits = limits(&mut section, false);
    section.finish();
    Some(WdtQimenSettings {
        url: url?,
        app_key: app_key?.value,
        app_secret: app_secret?,
        target_app_key,
        sid: sid?.value,
        sign_method: method
            .and_then(|at| SignMethod::from_word(at.value))
            .unwrap_or_default(),
        deadline: deadline.value,
        per_second: limits.per_second,
    })
}

fn tplus(name: &str, mut section: Section<'_, '_>) -> Option<TplusCloudSettings> {
    let url = url(&mut section, "https://openapi.chanjet.com");
    let app_key = section.required_text("app_key", "…");
    let app_secret = secret::read(&mut section, "app_secret", "app_secret", &variable(name, "APP_SECRET"));
    let token = auth(name, &mut section);
    let unique_key = section.choice("unique_key", &["enforced", "lookup-only", "none"]);
    let deadline = deadline(&mut section);
    let quarantine = section.duration("quarantine");
    let waits = quarantine.as_ref().map_or(DEFAULT_QUARANTINE, |at| at.value);
    if waits <= deadline.value {
        let span = quarantine.map_or(deadline.span, |at| at.span);
        let finding = Diagnostic::at(Code::Quarantine, section.file, span)
            .with("quarantine", seconds(waits))
            .with("deadline", seconds(deadline.value))
            .help(Sentence::new("definition.quarantine_help"));
        section.push(finding);
    }
    let limits = limits(&mut section, true);
    let max_attempts = section
        .integer("max_attempts", 1, MOST_ATTEMPTS)
        .map_or(DEFAULT_MAX_ATTEMPTS, |at| at.value);
    let account = section
        .text("account")
        .map(|at| at.value)
        .filter(|name| !name.trim().is_empty());
    let patterns = patterns(&mut section);
    section.finish();
    Some(TplusCloudSettings {
        url: url?,
        app_key: app_key?.value,
        app_secret: app_secret?,
        token: token?,
        unique_key: match unique_key.map_or("lookup-only", |at| at.value) {
            "enforced" => UniqueKey::Enforced,
            "none" => UniqueKey::None,
            _ => UniqueKey::LookupOnly,
        },
        deadline: deadline.value,
        quarantine: waits,
        limits,
        max_attempts,
        account,
        patterns,
    })
}

fn auth(name: &str, section: &mut Section<'_, '_>) -> Option<SecretRef> {
    let variable = variable(name, "OPEN_TOKEN");
    let example = format!("auth = {{ kind = \"open-token\", token = {{ env = \"{variable}\" }} }}");
    let file = section.file;
    let (table, span) = section.required_table("auth", &example)?;
    let mut auth = Section::new(file, "auth", table, span, section.errors);
    let kind = auth.required_text("kind", "open-token")?;
    match kind.value.as_str() {
        "open-token" => {
            let token = secret::read(&mut auth, "token", "auth.token", &variable);
            auth.finish();
            token
        }
        later @ ("self-built" | "oauth" | "permanent-code") => {
            auth.push(not_yet(file, kind.span, &format!("auth.kind = \"{later}\"")));
            None
        }
        other => {
            auth.push(
                Diagnostic::at(Code::Choice, file, kind.span)
                    .with("key", "auth.kind")
                    .with("value", other)
                    .did_you_mean(other, ["open-token"].into_iter()),
            );
            None
        }
    }
}

fn deadline(section: &mut Section<'_, '_>) -> At<Duration> {
    let span = section.span.clone();
    let deadline = section.duration("deadline").unwrap_or(At {
        value: DEFAULT_DEADLINE,
        span,
    });
    if deadline.value.is_zero() {
        let finding = Diagnostic::at(Code::Duration, section.file, deadline.span.clone())
            .with("key", "deadline")
            .with("value", "0")
            .help(Sentence::new("definition.duration_help"));
        section.push(finding);
    }
    deadline
}

fn limits(section: &mut Section<'_, '_>, in_flight: bool) -> Limits {
    let mut limits = Limits {
        per_second: Some(1),
        in_flight: 1,
    };
    let file = section.file;
    if let Some((table, span)) = section.table("limits") {
        let mut inner = Section::new(file, "limits", table, span, section.errors);
        if let Some(per_second) = inner.integer("per_second", 0, MOST_PER_SECOND) {
            limits.per_second = Some(per_second.value).filter(|limit| *limit > 0);
        }
        if in_flight && let Some(most) = inner.integer("in_flight", 1, MOST_IN_FLIGHT) {
            limits.in_flight = most.value;
        }
        inner.finish();
    }
    limits
}

/// Each list that is given replaces the connector's own.
fn patterns(section: &mut Section<'_, '_>) -> Patterns {
    let mut patterns = Patterns::default();
    let file = section.file;
    if let Some((table, span)) = section.table("patterns") {
        let mut inner = Section::new(file, "patterns", table, span, section.errors);
        let lists: [(&'static str, &mut Vec<String>); 6] = [
            ("duplicate", &mut patterns.duplicate),
            ("reference", &mut patterns.reference),
            ("configuration", &mut patterns.configuration),
            ("unknown", &mut patterns.unknown),
            ("throttled", &mut patterns.throttled),
            ("refusal", &mut patterns.refusal),
        ];
        for (key, list) in lists {
            if let Some(texts) = inner.texts(key) {
                *list = texts
                    .into_iter()
                    .map(|text| text.value)
                    .filter(|text| !text.trim().is_empty())
                    .collect();
            }
        }
        if let Some(flag) = inner.flag("key_means_duplicate") {
            patterns.key_means_duplicate = flag;
        }
        inner.finish();
    }
    patterns
}

fn url(section: &mut Section<'_, '_>, example: &str) -> Option<String> {
    let url = section.required_text("url", example)?;
    match url_fault(&url.value) {
        None => Some(url.value),
        Some(reason) => {
            let reason = Arg::Word(reason);
            let finding = Diagnostic::at(Code::Url, section.file, url.span)
                .with("value", url.value)
                .with("reason", reason)
                .help(Sentence::new("definition.url_help").with("example", example));
            section.push(finding);
            None
        }
    }
}

/// What is wrong with an address, as a key of the language files.
fn url_fault(text: &str) -> Option<&'static str> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else {
        return Some("definition.url_scheme");
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("definition.url_space");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some("definition.url_credentials");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(after) => match after.split_once(']') {
            Some((host, behind)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, behind.strip_prefix(':')),
            _ => return Some("definition.url_host"),
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let named = host.contains(':')
        || host
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_'));
    if !named {
        return Some("definition.url_host");
    }
    match port {
        Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => None,
        Some(_) => Some("definition.url_port"),
        None => None,
    }
}

/// `WDT_APP_SECRET` for the key `APP_SECRET` of connection `wdt`.
fn variable(connection: &str, key: &str) -> String {
    format!("{}_{key}", connection.to_uppercase().replace('-', "_"))
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{}s", duration.as_secs())
    } else {
        format!("{}ms", duration.as_millis())
    }
}
