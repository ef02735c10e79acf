//! Rollouts and shadows for people and machines: which wave is in force and what it waits for, what went back, when, why
//! and what it cost; what runs beside. Reads the store; values from records are not shown.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;
use dukou_core::rollout::{Counts, Reason};
use dukou_store::Store;
use serde_json::{Value, json};

use super::Lens;
use super::replay::pattern;
use super::text::{age, clean, count, money, short, time};
use crate::deploy::gate::figures;
use crate::deploy::rollout::body::{Body, MemberState, counts};
use crate::deploy::rollout::{self, State};
use crate::deploy::shadow::{self, Figures};

/// Days for which a rollout that is over is still told of.
const TOLD_DAYS: i64 = 7;
/// The most that is told of.
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
    for row in store.rollouts(&[], MOST)? {
        let state = rollout::state(&row)?;
        let open = !matches!(state, State::Done | State::RolledBack);
        if !open && !recent(row.changed_at) {
            continue;
        }
        let body = Body::parse(&row)?;
        let concerns = |name: &SchemeName| body.members.iter().any(|member| member.scheme == name.to_string());
        if scheme.is_some_and(|name| !concerns(name)) {
            continue;
        }
        let (mut seen, mut lost) = (Counts::default(), Counts::default());
        for member in &body.members {
            let (Some(name), Some(deployment)) = (member.name(), member.deployment) else {
                continue;
            };
            let counted = counts(&store.verdict_counts(&name, deployment)?);
            match member.state {
                MemberState::RolledBack | MemberState::Leaving => add(&mut lost, counted),
                _ if member.wave == Some(body.wave) => add(&mut seen, counted),
                _ => {}
            }
        }
        rollouts.push(RolloutView {
            id: row.id,
            state,
            at: row.at,
            changed_at: row.changed_at,
            seen,
            lost,
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
        out.push_str(&format!("  → dukou deploy --stop-rollout {}\n", view.id));
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

/// Rollouts and shadows for machines: `{"rollouts": […], "shadows": […]}`.
pub fn to_json(lens: &Lens<'_>, view: &View) -> Value {
    let rollouts: Vec<Value> = view.rollouts.iter().map(|one| rollout_json(lens, one)).collect();
    let shadows: Vec<Value> = view.shadows.iter().map(|one| shadow_json(lens, one)).collect();
    json!({ "rollouts": rollouts, "shadows": shadows })
}

fn rollout_json(lens: &Lens<'_>, view: &RolloutView) -> Value {
    let body = &view.body;
    let members: Vec<Value> = body
        .members
        .iter()
        .map(|member| {
            json!({
                "scheme": member.scheme,
                "wave": member.wave.map(|wave| wave + 1),
                "state": member.state.word(),
                "before": member.before.map(|id| id.to_string()),
                "deployment": member.deployment.map(|id| id.to_string()),
                "why": member.why,
            })
        })
        .collect();
    let setback = body.setback.as_ref().map(|setback| {
        json!({
            "reason": setback.reason, "wave": setback.wave + 1, "at": lens.stamp(setback.at),
            "groups": (view.lost.rejected + view.lost.failed).max(setback.groups), "due_again": setback.due_again,
        })
    });
    json!({
        "id": view.id.to_string(),
        "state": view.state.word(),
        "plugin": body.plugin,
        "digest": body.digest.to_string(),
        "by": body.by,
        "note": body.note,
        "at": lens.stamp(view.at),
        "changed_at": lens.stamp(view.changed_at),
        "wave": body.wave + 1,
        "waves": body.waves,
        "since": lens.stamp(body.since),
        "soak_ms": body.soak_ms,
        "seen": view.seen,
        "lost": view.lost,
        "setback": setback,
        "members": members,
    })
}

/// One shadow for machines.
pub fn shadow_json(lens: &Lens<'_>, shadow: &Figures) -> Value {
    let patterns = shadow.comparison.patterns().into_iter();
    let patterns: Vec<Value> = patterns
        .map(|one| {
            json!({
                "id": one.id, "kind": one.kind.word(), "path": one.path, "groups": one.groups,
                "amount": one.amount.to_string(),
            })
        })
        .collect();
    json!({
        "scheme": shadow.scheme.to_string(),
        "digest": shadow.digest.to_string(),
        "beside": shadow.beside.to_string(),
        "by": shadow.by,
        "note": shadow.note,
        "since": lens.stamp(shadow.since),
        "until": lens.stamp(shadow.until),
        "ended": lens.stamp_or_null(shadow.ended),
        "over": shadow.is_over(lens.now),
        "replay": figures(&shadow.comparison),
        "patterns": patterns,
        "not_run": shadow.not_run,
        "error": shadow.error,
    })
}
