//! Rollouts and shadows for people and machines: which wave is in force and what it waits for, what went back, when, why
//! and what it cost; what runs beside. Reads the store; values from records are not shown.

mod json;

use std::fmt::Display;

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Counts, Reason, soaked};
use dukou_store::Store;

pub use self::json::{shadow_json, to_json};
use super::Lens;
use super::replay::pattern;
use super::text::{age, clean, count, money, short, time};
use crate::deploy::rollout::{self, Body, LetOn, MemberState, State};
use crate::deploy::shadow::{self, Figures};

/// Days for which a rollout that is over is still told of.
const TOLD_DAYS: i64 = 7;
/// The most that is told of, of what is over; what is not is told of however old it is.
const MOST: usize = 20;
/// The most patterns that text lists of a shadow.
const MOST_PATTERNS: usize = 5;

/// One rollout.
#[derive(Debug, Clone)]
pub struct RolloutView {
    /// Its number.
    pub id: u64,
    /// Where it stands.
    pub state: State,
    /// Its own memory.
    pub body: Body,
    /// When it was begun.
    pub at: DateTime<Utc>,
    /// When it last moved.
    pub changed_at: DateTime<Utc>,
    /// What the new version decided so far in the wave in force.
    pub seen: Counts,
    /// What it decided in what went back.
    pub lost: Counts,
    /// Groups that the wave in force still waits for.
    pub missing: u64,
    /// Whether it waits for nothing else: it was watched long enough.
    pub quiet: bool,
}

/// What `status` tells: rollouts and shadows that run, and what became of the last ones.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Rollouts, newest first.
    pub rollouts: Vec<RolloutView>,
    /// Shadows, newest first.
    pub shadows: Vec<Figures>,
}

/// Reads rollouts and shadows: those that run, and those that ended in the last days. Of one scheme, if it is named.
///
/// # Errors
/// The store's; a rollout that another version wrote.
pub fn read(store: &dyn Store, scheme: Option<&SchemeName>, now: DateTime<Utc>) -> anyhow::Result<View> {
    let recent = |at: DateTime<Utc>| (now - at).num_days() < TOLD_DAYS;
    let mut rollouts = Vec::new();
    let over = [State::Done.word(), State::RolledBack.word()];
    let not_over = [State::Running.word(), State::RollingBack.word(), State::Stopped.word()];
    let mut rows = store.rollouts(&not_over, 0)?;
    rows.extend(store.rollouts(&over, MOST)?);
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    for row in rows {
        let state = rollout::state(&row)?;
        if over.contains(&state.word()) && !recent(row.changed_at) {
            continue;
        }
        let body = Body::parse(&row)?;
        let concerns = |name: &SchemeName| body.members.iter().any(|member| member.scheme == name.to_string());
        if scheme.is_some_and(|name| !concerns(name)) {
            continue;
        }
        let (mut seen, mut lost, mut watched) = (Counts::default(), Counts::default(), false);
        for member in &body.members {
            match member.state {
                MemberState::RolledBack | MemberState::Leaving => add(&mut lost, member.decided(store)?),
                MemberState::Active | MemberState::Done if member.wave == Some(body.wave) => {
                    watched = true;
                    add(&mut seen, member.decided(store)?);
                }
                _ => {}
            }
        }
        let waits = state == State::Running && watched && body.let_on().is_none();
        let least = body.thresholds.least_groups;
        let missing = if waits { least.saturating_sub(seen.total()) } else { 0 };
        rollouts.push(RolloutView {
            id: row.id,
            state,
            at: row.at,
            changed_at: row.changed_at,
            seen,
            lost,
            missing,
            quiet: missing > 0 && soaked(body.since, body.soak(), now),
            body,
        });
    }
    let mut shadows = shadow::figures(store, scheme, None)?;
    shadows.retain(|one| !one.is_over(now) || recent(one.ended.unwrap_or(one.until)));
    shadows.truncate(MOST);
    Ok(View { rollouts, shadows })
}

fn add(sum: &mut Counts, one: Counts) {
    sum.mapped += one.mapped;
    sum.skipped += one.skipped;
    sum.rejected += one.rejected;
    sum.failed += one.failed;
}

impl View {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.rollouts.is_empty() && self.shadows.is_empty()
    }
}

/// Rollouts and shadows for people; empty when there is nothing to tell.
pub fn text(lens: &Lens<'_>, view: &View) -> String {
    let mut out = String::new();
    for one in &view.rollouts {
        out.push_str(&rollout_text(lens, one));
    }
    for one in &view.shadows {
        out.push_str(&shadow_text(lens, one));
    }
    out
}

fn rollout_text(lens: &Lens<'_>, view: &RolloutView) -> String {
    let (lang, body) = (lens.lang, &view.body);
    let in_force = body.members.iter().filter(|member| member.in_force(body.wave)).count();
    let taking_part = body.members.iter().filter(|member| member.wave.is_some()).count();
    let head: [(&str, &dyn Display); 8] = [
        ("id", &view.id),
        ("plugin", &clean(&body.plugin)),
        ("digest", &body.digest.short()),
        ("state", &lang.t(&format!("fleet.state.{}", view.state.word()))),
        ("wave", &(body.wave + 1)),
        ("waves", &body.waves),
        ("in_force", &in_force),
        ("schemes", &taking_part),
    ];
    let mut out = format!("{}\n", lang.text("fleet.rollout", &head));
    if view.state == State::Running {
        let since: [(&str, &dyn Display); 5] = [
            ("age", &age(lens, body.since)),
            ("soak", &span(lens, body)),
            ("groups", &count(view.seen.total())),
            ("least", &body.thresholds.least_groups),
            ("bad", &count(view.seen.rejected + view.seen.failed)),
        ];
        out.push_str(&format!("  {}\n", lang.text("fleet.waits", &since)));
        out.push_str(&waiting(lens, view));
        out.push_str(&format!("  → dukou deploy --stop-rollout {}\n", view.id));
    }
    if let Some(LetOn { wave, by, at }) = body.let_on.last() {
        let said: [(&str, &dyn Display); 3] = [("wave", &(wave + 1)), ("by", &clean(by)), ("at", &time(lens, *at))];
        out.push_str(&format!("  {}\n", lang.text("fleet.let-on", &said)));
    }
    if let Some(setback) = &body.setback {
        let arguments: [(&str, &dyn Display); 5] = [
            ("wave", &(setback.wave + 1)),
            ("at", &time(lens, setback.at)),
            ("reason", &reason(lens, &setback.reason)),
            (
                "groups",
                &count((view.lost.rejected + view.lost.failed).max(setback.groups)),
            ),
            ("again", &count(setback.due_again)),
        ];
        out.push_str(&format!("  {}\n", lang.text("fleet.went-back", &arguments)));
    }
    if matches!(view.state, State::Stopped | State::RolledBack) {
        out.push_str(&format!("  → dukou deploy --resume-rollout {}\n", view.id));
    }
    out
}

/// What a wave that has not seen enough still waits for, and what a person can do about it.
fn waiting(lens: &Lens<'_>, view: &RolloutView) -> String {
    if view.missing == 0 {
        return String::new();
    }
    let arguments: [(&str, &dyn Display); 2] = [
        ("missing", &count(view.missing)),
        ("since", &time(lens, view.body.since)),
    ];
    let mut out = format!("  {}\n", lens.lang.text("fleet.missing", &arguments));
    if view.quiet {
        out.push_str(&format!("  {}\n", lens.lang.t("fleet.quiet")));
        out.push_str(&format!("  → dukou deploy --resume-rollout {}\n", view.id));
    }
    out
}

fn span(lens: &Lens<'_>, body: &Body) -> String {
    let soak = chrono::TimeDelta::from_std(body.soak()).unwrap_or_default();
    age(lens, lens.now - soak)
}

/// Why it went back, in one sentence.
fn reason(lens: &Lens<'_>, reason: &Reason) -> String {
    match reason {
        Reason::Failing {
            failed,
            groups,
            expected,
        } => lens.lang.text(
            "fleet.reason.failing",
            &[("failed", failed), ("groups", groups), ("expected", expected)],
        ),
        Reason::Rejecting {
            rejected,
            groups,
            expected,
        } => lens.lang.text(
            "fleet.reason.rejecting",
            &[("rejected", rejected), ("groups", groups), ("expected", expected)],
        ),
        Reason::Costly { fuel, before, groups } => {
            let percent = u128::from(*fuel) * 100 / u128::from(*before).max(1);
            lens.lang
                .text("fleet.reason.costly", &[("percent", &percent), ("groups", groups)])
        }
    }
}

/// One shadow: its figures, and what differs without any value.
pub fn shadow_text(lens: &Lens<'_>, shadow: &Figures) -> String {
    let (lang, found) = (lens.lang, &shadow.comparison);
    let head: [(&str, &dyn Display); 4] = [
        ("scheme", &shadow.scheme),
        ("digest", &shadow.digest.short()),
        ("beside", &shadow.beside),
        ("until", &time(lens, shadow.ended.unwrap_or(shadow.until))),
    ];
    let key = if shadow.is_over(lens.now) {
        "fleet.shadow-over"
    } else {
        "fleet.shadow-runs"
    };
    let figures: [(&str, &dyn Display); 6] = [
        ("groups", &count(found.all.groups)),
        ("changed", &count(found.changed.groups)),
        ("amount", &money(found.changed.amount)),
        ("failing", &count(found.newly_failing.groups)),
        ("fixed", &count(found.newly_fixed.groups)),
        ("not_run", &count(shadow.not_run)),
    ];
    let mut out = format!(
        "{}\n  {}\n",
        lang.text(key, &head),
        lang.text("fleet.shadow-found", &figures)
    );
    let patterns = found.patterns();
    for one in patterns.iter().take(MOST_PATTERNS) {
        out.push_str(&format!("    {}\n", pattern::headline(lens, one)));
    }
    if patterns.len() > MOST_PATTERNS {
        let more = patterns.len() - MOST_PATTERNS;
        out.push_str(&format!("    {}\n", lang.text("fleet.more", &[("count", &more)])));
    }
    if !shadow.error.is_empty() {
        out.push_str(&format!("  ! {}\n", short(&shadow.error, 300)));
    }
    out
}

#[cfg(test)]
mod tests;
