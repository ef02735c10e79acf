//! A deployment's evidence in sentences: what changed, what the replay said, who accepted what.

use rust_decimal::Decimal;

use crate::deploy::evidence::{Change, Coverage, Evidence, Figure, How, PatternEvidence, Standing};
use crate::overview::Lens;
use crate::overview::text::{clean, count, money, short};

/// Characters of a setting's value on the timeline.
const VALUE: usize = 40;

/// How it came into force, in a word or two.
pub(crate) fn how(lens: &Lens<'_>, evidence: &Evidence) -> String {
    let word = lens.lang.t(&format!("history.how.{}", evidence.how.word()));
    match (evidence.how, evidence.rollback, evidence.rollout) {
        (How::Rollback | How::WaveRollback, Some((left, to)), _) => format!("{word} ({left} → {to})"),
        (How::Wave, _, Some(rollout)) => format!("{word} ({rollout})"),
        _ => word,
    }
}

/// One change in one line.
pub(in crate::overview) fn change(lens: &Lens<'_>, change: &Change) -> String {
    let key = format!("history.what.{}", change.what);
    let what = if lens.lang.has(&key) {
        lens.lang.t(&key)
    } else {
        clean(&change.what)
    };
    let mut line = what;
    if !change.name.is_empty() {
        line.push_str(&format!(" {}", clean(&change.name)));
    }
    let side = |text: &Option<String>| text.as_ref().map_or_else(|| "∅".to_owned(), |text| short(text, VALUE));
    // What stands there is what somebody said when going back, no value.
    if change.what == Change::ROLLED_BACK {
        line.push_str(
            &change
                .before
                .as_ref()
                .map_or_else(String::new, |note| format!(" ({})", short(note, VALUE))),
        );
    } else if change.before.is_some() || change.after.is_some() {
        line.push_str(&format!(": {} → {}", side(&change.before), side(&change.after)));
    }
    line
}

/// What the gate saw, in one line.
pub(in crate::overview) fn line(lens: &Lens<'_>, evidence: &Evidence) -> String {
    let lang = lens.lang;
    let standing = lang.t(&format!("history.standing.{}", evidence.standing.word()));
    let Some(replay) = &evidence.replay else {
        return standing;
    };
    let mut parts = vec![lang.text("history.same", &[("count", &count(replay.same.groups))])];
    // What did not happen is worth saying of failures only.
    if replay.changed.groups > 0 {
        parts.push(figure(lens, "history.changed", replay.changed));
    }
    parts.push(figure(lens, "history.newly-failing", replay.newly_failing));
    if replay.newly_fixed.groups > 0 {
        parts.push(figure(lens, "history.newly-fixed", replay.newly_fixed));
    }
    let arguments: [(&str, &dyn std::fmt::Display); 3] = [
        ("groups", &count(replay.all.groups)),
        ("covered", &covered(lens, replay.coverage)),
        ("parts", &parts.join(&lang.t("history.comma"))),
    ];
    let figures = lang.text("history.replayed", &arguments);
    match evidence.standing {
        Standing::NotAsked | Standing::Accepted => figures,
        _ => format!("{figures} · {standing}"),
    }
}

/// How much of what was retained that is; nothing where it was not recorded.
fn covered(lens: &Lens<'_>, coverage: Option<Coverage>) -> String {
    match coverage {
        None => String::new(),
        Some(Coverage { days: None, .. }) => lens.lang.t("history.covered-all"),
        Some(Coverage {
            days: Some(days),
            older,
        }) => {
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("days", &days), ("older", &count(older))];
            lens.lang.text("history.covered-days", &arguments)
        }
    }
}

fn figure(lens: &Lens<'_>, key: &str, figure: Figure) -> String {
    let counted = lens.lang.text(key, &[("count", &count(figure.groups))]);
    if figure.amount == Decimal::ZERO {
        counted
    } else {
        format!("{counted} (¥{})", money(figure.amount))
    }
}

/// One pattern and what a person said of it.
pub(crate) fn pattern(lens: &Lens<'_>, pattern: &PatternEvidence) -> String {
    let lang = lens.lang;
    let known = format!("replay.kind.{}", pattern.kind);
    let kind = if lang.has(&known) {
        lang.t(&known)
    } else {
        clean(&pattern.kind)
    };
    let place = pattern.path.as_deref().map(clean).unwrap_or_default();
    let groups = count(pattern.figure.groups);
    let amount = money(pattern.figure.amount);
    let arguments: [(&str, &dyn std::fmt::Display); 5] = [
        ("id", &clean(&pattern.id)),
        ("kind", &kind),
        ("place", &place),
        ("groups", &groups),
        ("amount", &amount),
    ];
    let key = if place.is_empty() {
        "history.pattern"
    } else {
        "history.pattern-at"
    };
    let mut line = lang.text(key, &arguments);
    let said = match pattern.accepted {
        Some(true) => "history.accepted",
        Some(false) => "history.rejected",
        None => "history.unsaid",
    };
    line.push_str(&lang.text(said, &[("by", &clean(&pattern.by))]));
    if !pattern.note.is_empty() {
        line.push_str(&format!(": {}", short(&pattern.note, 80)));
    }
    line
}
