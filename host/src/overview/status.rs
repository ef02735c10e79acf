//! 运行概况: is money stuck, is anything missing, what broke, is it moving, what changed (ux.md, "first glance").

use chrono::{DateTime, Utc};
use dukou_core::delivery::DeliveryState;
use dukou_core::names::SchemeName;
use dukou_store::rows::{DeliveryFilter, Deployment, Overview, ProblemFilter, Tally, Window};
use dukou_store::{Store, StoreError};

use super::groups::{self, ProblemGroup};
use super::records::{self, Proof};
use super::text::{NONE, age, clean, count, indented, money, short, table, time, time_or_none};
use super::{Lens, problem};

mod json;
mod list;
#[cfg(test)]
mod tests;

pub use json::to_json;
pub use list::text as list_text;

/// The most open windows that are named.
const MOST_WINDOWS: usize = 5;
/// The most problem groups that text shows; the rest is counted.
const MOST_GROUPS: usize = 20;

/// One scheme at a glance.
#[derive(Debug, Clone)]
pub struct StatusView {
    /// The scheme.
    pub scheme: SchemeName,
    /// Its title, when its definition can be read.
    pub title: Option<String>,
    /// Counts and sums.
    pub overview: Overview,
    /// The oldest delivery of each state that has any.
    pub oldest: Vec<(DeliveryState, DateTime<Utc>)>,
    /// Whether every record is in exactly one place.
    pub proof: Proof,
    /// Windows begun and not complete.
    pub open_windows: Vec<Window>,
    /// When the source is read next.
    pub next_pull: Option<DateTime<Utc>>,
    /// When the target is written next.
    pub next_delivery: Option<DateTime<Utc>>,
    /// Open problems by cause.
    pub groups: Vec<ProblemGroup>,
    /// What is in force.
    pub deployment: Option<Deployment>,
    /// Files edited since.
    pub undeployed: Vec<String>,
    /// Files that no deployment would take as they are.
    pub unusable: Vec<String>,
    /// The scheme's own file, where it is gone and something is in force.
    pub gone: Option<String>,
}

impl StatusView {
    /// Open problems.
    pub fn problems(&self) -> Tally {
        sum(self.overview.problems.iter().map(|(_, tally)| *tally))
    }

    /// Whether a person is needed: open problems, or a record without a place.
    pub fn needs_a_person(&self) -> bool {
        self.problems().count > 0 || matches!(self.proof, Proof::Alarm { .. })
    }

    /// Whether it is to be looked at before others: a person is needed, or its files could not be deployed.
    pub fn is_in_trouble(&self) -> bool {
        self.needs_a_person() || !self.unusable.is_empty() || self.gone.is_some()
    }

    fn state(&self, states: &[DeliveryState]) -> (Tally, Option<DateTime<Utc>>) {
        let tally = sum(self
            .overview
            .deliveries
            .iter()
            .filter(|(state, _)| states.contains(state))
            .map(|(_, tally)| *tally));
        let oldest = self
            .oldest
            .iter()
            .filter(|(state, _)| states.contains(state))
            .map(|(_, at)| *at)
            .min();
        (tally, oldest)
    }
}

fn sum(tallies: impl Iterator<Item = Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut total, tally| {
        total.count += tally.count;
        total.amount += tally.amount;
        total
    })
}

/// Reads everything that the store knows about a scheme's state. Title and edited files come from the definition.
///
/// # Errors
/// The store's.
pub fn read(store: &dyn Store, scheme: &SchemeName) -> Result<StatusView, StoreError> {
    let (overview, proof) = records::prove(store, scheme)?;
    let mut oldest = Vec::new();
    for (state, tally) in &overview.deliveries {
        if tally.count == 0 || *state == DeliveryState::Delivered {
            continue;
        }
        let filter = DeliveryFilter {
            scheme: Some(scheme.clone()),
            states: vec![*state],
            limit: 1,
        };
        oldest.extend(store.deliveries(&filter)?.first().map(|row| (*state, row.queued_at)));
    }
    let filter = ProblemFilter {
        scheme: Some(scheme.clone()),
        limit: problem::MOST,
        ..ProblemFilter::default()
    };
    let windows = store.windows(scheme, MOST_WINDOWS * 4)?;
    Ok(StatusView {
        scheme: scheme.clone(),
        title: None,
        oldest,
        proof,
        open_windows: windows
            .into_iter()
            .filter(|window| window.closed_at.is_none())
            .take(MOST_WINDOWS)
            .collect(),
        next_pull: store.next_fire(scheme, "source")?,
        next_delivery: store.next_fire(scheme, "target")?,
        groups: groups::group(&store.problems(&filter)?),
        deployment: store.active(scheme)?,
        undeployed: Vec::new(),
        unusable: Vec::new(),
        gone: None,
        overview,
    })
}

/// One scheme for people.
pub fn text(lens: &Lens<'_>, view: &StatusView) -> String {
    let lang = lens.lang;
    let mut out = match &view.title {
        Some(title) => format!("{}  {}\n", view.scheme, clean(title)),
        None => format!("{}\n", view.scheme),
    };
    out.push('\n');
    out.push_str(&indented(&states(lens, view), 2));
    out.push_str(&indented(&proof(lens, view), 2));
    out.push_str(&format!("\n{}\n", lang.t("status.moving")));
    out.push_str(&indented(&times(lens, view), 2));
    if !view.groups.is_empty() {
        let problems = view.problems();
        let arguments: [(&str, &dyn std::fmt::Display); 2] =
            [("count", &count(problems.count)), ("amount", &money(problems.amount))];
        out.push_str(&format!("\n{}\n", lang.text("status.broke", &arguments)));
        let shown = &view.groups[..view.groups.len().min(MOST_GROUPS)];
        out.push_str(&indented(&groups::text(lens, shown), 2));
        if shown.len() < view.groups.len() {
            let more = view.groups.len() - shown.len();
            out.push_str(&format!("  {}\n", lang.text("status.more-causes", &[("count", &more)])));
        }
    }
    out.push_str(&format!("\n{}\n", lang.t("status.changed")));
    out.push_str(&indented(&deployment(lens, view), 2));
    out
}

/// Records and money by state, every record in one row, with the oldest age of what waits.
fn states(lens: &Lens<'_>, view: &StatusView) -> String {
    let lang = lens.lang;
    let overview = &view.overview;
    let aged = |since: Option<DateTime<Utc>>| since.map_or_else(|| NONE.to_owned(), |since| age(lens, since));
    let line = |label: String, tally: Tally, oldest: Option<DateTime<Utc>>| {
        vec![label, count(tally.count), money(tally.amount), aged(oldest)]
    };
    let mut rows = Vec::new();
    for state in records::STATES {
        let (_, tally) = overview
            .states
            .iter()
            .find(|(word, _)| word == state)
            .cloned()
            .unwrap_or_default();
        let oldest = match state {
            "queued" => view.state(&[DeliveryState::Queued]).1,
            "unknown" => view.state(&[DeliveryState::Unknown]).1,
            "held" => view.state(&[DeliveryState::Held]).1,
            "problem" => view.groups.iter().map(|group| group.first).min(),
            _ => None,
        };
        rows.push(line(lang.t(&format!("state.{state}")), tally, oldest));
        let (sending, since) = view.state(&[DeliveryState::Claimed, DeliveryState::Sending]);
        if state == "queued" && sending.count > 0 {
            rows.push(line(lang.t("status.of-which-sending"), sending, since));
        }
    }
    rows.push(line(lang.t("status.records"), overview.records, None));
    let header = ["status.state", "status.count", "status.amount", "status.oldest"].map(|key| lang.t(key));
    table(lens, &header, &rows, &[1, 2])
}

/// The line that says that no record is lost, or the alarm.
fn proof(lens: &Lens<'_>, view: &StatusView) -> String {
    let lang = lens.lang;
    let overview = &view.overview;
    let mut out = String::new();
    if overview.adopted > 0 {
        out.push_str(&lang.text("status.adopted", &[("count", &count(overview.adopted))]));
        out.push('\n');
    }
    let records = count(overview.records.count);
    let line = match &view.proof {
        Proof::Proved => {
            let parts: Vec<String> = records::STATES
                .iter()
                .filter_map(|state| overview.states.iter().find(|(word, _)| word == state))
                .map(|(state, tally)| format!("{} {}", lang.t(&format!("state.{state}")), count(tally.count)))
                .collect();
            let parts = if parts.is_empty() {
                "0".to_owned()
            } else {
                parts.join(" + ")
            };
            lang.text("status.proved", &[("parts", &parts), ("records", &records)])
        }
        Proof::Alarm { placed, elsewhere } => lang.text(
            "status.alarm",
            &[
                ("records", &records),
                ("placed", &count(*placed)),
                ("elsewhere", &count(*elsewhere)),
            ],
        ),
        Proof::TooMany => lang.text("status.not-proved", &[("records", &records)]),
        Proof::Moving => lang.t("status.moving-now"),
    };
    out.push_str(&line);
    out.push('\n');
    out
}

/// Windows, last and next movements.
fn times(lens: &Lens<'_>, view: &StatusView) -> String {
    let lang = lens.lang;
    let overview = &view.overview;
    let ago = |at: Option<DateTime<Utc>>| match at {
        None => NONE.to_owned(),
        Some(at) => format!(
            "{} ({})",
            time(lens, at),
            lang.text("status.ago", &[("age", &age(lens, at))])
        ),
    };
    let mut rows = vec![vec![lang.t("status.closed-until"), time_or_none(lens, overview.mark)]];
    for window in &view.open_windows {
        let arguments: [(&str, &dyn std::fmt::Display); 4] = [
            ("start", &time(lens, window.range.start)),
            ("end", &time(lens, window.range.end)),
            ("pages", &window.pages),
            ("rows", &count(window.rows)),
        ];
        rows.push(vec![
            lang.t("status.open-window"),
            lang.text("status.window", &arguments),
        ]);
    }
    rows.extend([
        vec![lang.t("status.last-pull"), ago(overview.last_pull)],
        vec![lang.t("status.last-delivery"), ago(overview.last_delivery)],
        vec![lang.t("status.next-pull"), time_or_none(lens, view.next_pull)],
        vec![lang.t("status.next-delivery"), time_or_none(lens, view.next_delivery)],
    ]);
    table(lens, &[], &rows, &[])
}

/// What is in force and what is not yet.
fn deployment(lens: &Lens<'_>, view: &StatusView) -> String {
    let lang = lens.lang;
    let mut out = match &view.deployment {
        None => lang.t("status.not-deployed"),
        Some(deployment) => {
            let arguments: [(&str, &dyn std::fmt::Display); 4] = [
                ("id", &deployment.id),
                ("at", &time(lens, deployment.at)),
                ("by", &clean(&deployment.what.by)),
                ("digest", &deployment.what.digest.short()),
            ];
            let mut line = lang.text("status.deployed", &arguments);
            if !deployment.what.note.is_empty() {
                line.push_str(&format!(" · {}", short(&deployment.what.note, 80)));
            }
            for (name, digest) in &deployment.what.plugins {
                line.push_str(&format!("\n  {} {}", clean(name), digest.short()));
            }
            line
        }
    };
    out.push('\n');
    let named = |files: &[String]| files.iter().map(|file| clean(file)).collect::<Vec<_>>().join(", ");
    if !view.undeployed.is_empty() {
        out.push_str(&lang.text("status.undeployed", &[("files", &named(&view.undeployed))]));
        out.push_str(&format!("\n  → dukou deploy {}\n", view.scheme));
    }
    if !view.unusable.is_empty() {
        out.push_str(&lang.text("status.unusable", &[("files", &named(&view.unusable))]));
        out.push_str(&format!("\n  → dukou check {}\n", view.scheme));
    }
    if let Some(file) = &view.gone {
        out.push_str(&lang.text("status.gone", &[("file", &clean(file))]));
        out.push('\n');
    }
    out
}
