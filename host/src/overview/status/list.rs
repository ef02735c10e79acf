//! 运行概况 of many schemes: one line each, those in trouble first.

use dukou_core::delivery::DeliveryState;

use super::super::Lens;
use super::super::records::Proof;
use super::super::text::{count, money, short, table, time_or_none};
use super::StatusView;

/// One line a scheme, for people. Times are in the lens's zone.
pub fn text(lens: &Lens<'_>, views: &[&StatusView]) -> String {
    let lang = lens.lang;
    let mut views = views.to_vec();
    views.sort_by_key(|view| !view.is_in_trouble());
    let rows: Vec<Vec<String>> = views.iter().map(|view| row(lens, view)).collect();
    let header = [
        "status.list.scheme",
        "status.list.problems",
        "status.amount",
        "status.list.waiting",
        "status.records",
        "status.last-delivery",
        "status.changed",
    ]
    .map(|key| lang.t(key));
    let mut out = table(lens, &header, &rows, &[1, 2, 3, 4]);
    out.push_str(&format!("{}\n", lang.t("status.list.one")));
    out
}

fn row(lens: &Lens<'_>, view: &StatusView) -> Vec<String> {
    let problems = view.problems();
    let moving = DeliveryState::ALL
        .into_iter()
        .filter(|state| !matches!(state, DeliveryState::Delivered | DeliveryState::Dead));
    let waiting = moving.map(|state| view.state(&[state]).0.count).sum::<u64>() + view.overview.untransformed.count;
    vec![
        view.scheme.to_string(),
        count(problems.count),
        money(problems.amount),
        count(waiting),
        count(view.overview.records.count),
        time_or_none(lens, view.overview.last_delivery),
        standing(lens, view),
    ]
}

/// What is in force, and what is wrong with it, in a few words.
fn standing(lens: &Lens<'_>, view: &StatusView) -> String {
    let lang = lens.lang;
    let mut words = Vec::new();
    if matches!(view.proof, Proof::Alarm { .. }) {
        words.push(lang.t("status.list.alarm"));
    }
    words.push(match &view.deployment {
        Some(deployment) => format!("{} {}", deployment.id, deployment.what.digest.short()),
        None => lang.t("status.not-deployed"),
    });
    if !view.unusable.is_empty() {
        words.push(lang.t("status.list.unusable"));
    } else if view.gone.is_some() {
        words.push(lang.t("status.list.gone"));
    } else if !view.undeployed.is_empty() && view.deployment.is_some() {
        words.push(lang.t("status.list.edited"));
    }
    short(&words.join(" · "), 80)
}
