//! One order's whole story in path order: raw, group, verdict, documents, attempts, problems, what happens next.
//! Personal values are masked everywhere; headers and secrets were never stored.

use dukou_core::delivery::DeliveryState;
use dukou_core::document;
use dukou_store::rows::{AttemptRow, DeliveryRow, Story};
use serde_json::{Value, json};

use super::mask::{self, Side};
use super::said::said;
use super::text::{argument, clean, clean_block, indented, money, money_or_none, short, table, time, time_or_none};
use super::{Lens, advice, deliveries, details, problem, records};

/// The most differences between two revisions that text names.
const MOST_DIFFERENCES: usize = 20;

/// A story for people.
pub fn text(lens: &Lens<'_>, story: &Story) -> String {
    let known = problem::bodies(story);
    let mut out = heading(lens, story);
    section(&mut out, lens, "record.step.source", &source(lens, story));
    section(&mut out, lens, "record.step.group", &group(lens, story));
    section(&mut out, lens, "record.step.transform", &verdict(lens, story, &known));
    section(&mut out, lens, "record.step.documents", &documents(lens, story));
    section(&mut out, lens, "record.step.deliver", &attempts(lens, story, &known));
    section(&mut out, lens, "record.step.problems", &problems(lens, story, &known));
    let (next, commands) = next(lens, story);
    out.push_str(&format!("\n{}\n{}", lens.lang.t("record.next"), indented(&next, 2)));
    for command in commands {
        out.push_str(&format!("    {command}\n"));
    }
    out
}

fn section(out: &mut String, lens: &Lens<'_>, key: &str, body: &str) {
    if !body.is_empty() {
        out.push_str(&format!("\n{}\n{}", lens.lang.t(key), indented(body, 2)));
    }
}

fn heading(lens: &Lens<'_>, story: &Story) -> String {
    let record = &story.record;
    let mut parts = vec![
        clean(&record.key),
        record.scheme.to_string(),
        lens.lang.t(&format!("state.{}", record.state)),
    ];
    parts.extend(record.shown.amount.map(money));
    parts.extend(record.shown.date.as_deref().map(clean));
    let columns = mask::columns(lens, &record.shown.columns);
    parts.extend(
        columns
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(_, value)| clean(value)),
    );
    format!("{}\n", parts.join(" · "))
}

fn source(lens: &Lens<'_>, story: &Story) -> String {
    let mut out = String::new();
    if !story.aliases.is_empty() {
        let aliases: Vec<String> = story
            .aliases
            .iter()
            .map(|(kind, value)| format!("{} {}", clean(kind.trim_start_matches('=')), clean(value)))
            .collect();
        out.push_str(&format!("{}: {}\n", lens.lang.t("record.aliases"), aliases.join(", ")));
    }
    for (index, (revision, at, body)) in story.revisions.iter().enumerate() {
        out.push_str(&lens.lang.text(
            "record.revision-at",
            &[("number", revision), ("time", &time(lens, *at))],
        ));
        out.push('\n');
        let Some((_, _, before)) = index.checked_sub(1).and_then(|index| story.revisions.get(index)) else {
            continue;
        };
        for difference in document::diff(before, body)
            .unwrap_or_default()
            .iter()
            .take(MOST_DIFFERENCES)
        {
            let difference = mask::difference(lens, Side::Source, difference);
            out.push_str(&format!("  {}\n", short(&difference.to_string(), 160)));
        }
    }
    if let Some((_, _, body)) = story.revisions.last() {
        out.push_str(&format!("{}\n", lens.lang.t("record.raw")));
        out.push_str(&indented(&mask::body_text(lens, Side::Source, body), 2));
    }
    out
}

fn group(lens: &Lens<'_>, story: &Story) -> String {
    if story.members.len() <= 1 && story.group == story.record.key {
        return String::new();
    }
    let members: Vec<String> = story.members.iter().map(|key| clean(key)).collect();
    let arguments: [(&str, &dyn std::fmt::Display); 3] = [
        ("key", &clean(&story.group)),
        ("count", &members.len()),
        ("members", &members.join(", ")),
    ];
    format!("{}\n", lens.lang.text("record.members", &arguments))
}

fn verdict(lens: &Lens<'_>, story: &Story, known: &[(Side, &str)]) -> String {
    let (word, reason) = &story.verdict;
    let mut line = lens.lang.t(&format!("record.verdict.{word}"));
    if let Some(reason) = reason {
        let reason = said(lens.lang, word, reason);
        line.push_str(&format!(": {}", clean(&mask::message(lens, &reason, known))));
    }
    if let Some(recipe) = &story.recipe {
        line.push_str(&format!(" ({} {})", lens.lang.t("record.recipe"), recipe.short()));
    }
    let mut out = format!("{line}\n");
    for omission in &story.omitted {
        let member = usize::try_from(omission.member)
            .ok()
            .and_then(|index| story.members.get(index));
        let member = member
            .filter(|_| story.members.len() > 1)
            .map_or(String::new(), |key| format!("{} ", clean(key)));
        let reason = clean(&mask::message(lens, &omission.reason, known));
        let arguments: [(&str, &dyn std::fmt::Display); 3] = [
            ("member", &member),
            ("path", &clean(&omission.path)),
            ("reason", &reason),
        ];
        out.push_str(&format!("{}\n", lens.lang.text("record.omitted", &arguments)));
    }
    out
}

fn documents(lens: &Lens<'_>, story: &Story) -> String {
    let mut out = String::new();
    for delivery in &story.deliveries {
        let mut parts = vec![
            clean(&delivery.key),
            lens.lang.t(&format!("state.{}", delivery.state.word())),
            money_or_none(delivery.amount),
        ];
        if let Some(reference) = &delivery.reference {
            parts.push(format!("{} {}", lens.lang.t("record.reference"), clean(reference)));
        }
        if let Some(at) = delivery.delivered_at {
            let key = if delivery.adopted {
                "record.adopted-at"
            } else {
                "record.delivered-at"
            };
            parts.push(lens.lang.text(key, &[("time", &time(lens, at))]));
        }
        if let Some(reason) = deliveries::reason(lens, delivery) {
            parts.push(clean(&reason));
        }
        out.push_str(&format!("{}\n", parts.join(" · ")));
        out.push_str(&indented(&mask::body_text(lens, Side::Target, &delivery.body), 2));
    }
    out
}

fn attempts(lens: &Lens<'_>, story: &Story, known: &[(Side, &str)]) -> String {
    let say = |text: &str| clean_block(&mask::message(lens, text, known));
    let several = story.deliveries.len() > 1;
    let mut out = String::new();
    for attempt in &story.attempts {
        let key = if several {
            format!("{} ", clean(&attempt.delivery_key))
        } else {
            String::new()
        };
        let took = attempt.took_ms.map_or(String::new(), |ms| format!(" · {ms} ms"));
        let outcome = attempt
            .outcome
            .as_ref()
            .map_or_else(|| lens.lang.t("record.no-outcome"), |word| outcome(lens, word));
        out.push_str(&format!(
            "{key}{} #{} · {}{took} → {outcome}\n",
            lens.lang.t(&format!("record.attempt.{}", attempt.kind)),
            attempt.number,
            time(lens, attempt.begun_at),
        ));
        out.push_str(&indented(&say(&attempt.request), 4));
        if let Some(reply) = attempt.reply.as_ref().filter(|reply| !reply.is_empty()) {
            out.push_str(&indented(
                &format!("← {}", clean_block(&mask::reply(lens, reply, known))),
                4,
            ));
        }
    }
    out
}

/// An outcome's word for people.
pub fn outcome(lens: &Lens<'_>, word: &str) -> String {
    let key = format!("record.outcome.{word}");
    if lens.lang.has(&key) {
        lens.lang.t(&key)
    } else {
        clean(word)
    }
}

fn problems(lens: &Lens<'_>, story: &Story, known: &[(Side, &str)]) -> String {
    let rows: Vec<Vec<String>> = story
        .problems
        .iter()
        .map(|row| {
            let state = match &row.resolved {
                None => lens.lang.t("problem.open"),
                Some((at, by, note)) => lens.lang.text(
                    "problem.resolved-by",
                    &[("at", &time(lens, *at)), ("by", &clean(by)), ("note", &clean(note))],
                ),
            };
            vec![
                format!("#{}", row.id),
                format!(
                    "{} [{}]",
                    lens.lang.t(&format!("kind.{}", row.kind.word())),
                    clean(&row.code)
                ),
                state,
                short(
                    &mask::message(lens, &said(lens.lang, &row.code, &row.message), known),
                    120,
                ),
            ]
        })
        .collect();
    if rows.is_empty() {
        String::new()
    } else {
        table(lens, &[], &rows, &[])
    }
}

/// What happens next, and the commands that have a say in it.
pub fn next(lens: &Lens<'_>, story: &Story) -> (String, Vec<String>) {
    let lang = lens.lang;
    let scheme = argument(&story.record.scheme.to_string());
    let run = vec![format!("dukou run {scheme} --key {}", argument(&story.record.key))];
    if story.verdict.0 == "waiting" {
        return (lang.t("record.will.transform"), run);
    }
    if let Some(open) = story
        .problems
        .iter()
        .filter(|row| row.resolved.is_none())
        .max_by_key(|row| row.id)
    {
        let advice = advice::advise(lang, open);
        return (advice.text, advice.commands);
    }
    let unfinished = story
        .deliveries
        .iter()
        .find(|delivery| delivery.state != DeliveryState::Delivered);
    let Some(delivery) = unfinished else {
        let key = if story.deliveries.is_empty() {
            "record.will.nothing-skipped"
        } else {
            "record.will.nothing"
        };
        return (lang.t(key), Vec::new());
    };
    let due = time_or_none(lens, delivery.due_at);
    let sentence = |key: &str| lang.text(key, &[("time", &due)]);
    match delivery.state {
        DeliveryState::Queued if delivery.due_at.is_some_and(|at| at > lens.now) => {
            (sentence("record.will.send-at"), run)
        }
        DeliveryState::Queued => (lang.t("record.will.send"), run),
        DeliveryState::Claimed | DeliveryState::Sending => (lang.t("record.will.finish"), Vec::new()),
        DeliveryState::Unknown => (sentence("record.will.ask"), run),
        DeliveryState::Held => (
            lang.t("record.will.hold"),
            vec![format!(
                "dukou queue release {scheme} --key {} --yes",
                argument(&delivery.key)
            )],
        ),
        DeliveryState::Dead | DeliveryState::Delivered => (
            lang.t("record.will.settled-by-hand"),
            vec![format!("dukou problem show {}", argument(&delivery.key))],
        ),
    }
}

/// A story for machines.
pub fn to_json(lens: &Lens<'_>, story: &Story) -> Value {
    let known = problem::bodies(story);
    let revisions: Vec<Value> = story
        .revisions
        .iter()
        .map(|(number, at, body)| {
            json!({ "number": number, "at": lens.stamp(*at), "body": mask::body_json(lens, Side::Source, body) })
        })
        .collect();
    let aliases: Vec<Value> = story
        .aliases
        .iter()
        .map(|(kind, value)| json!({ "kind": kind.trim_start_matches('='), "value": value }))
        .collect();
    let omitted: Vec<Value> = story
        .omitted
        .iter()
        .map(|omission| {
            let reason = mask::message(lens, &omission.reason, &known);
            json!({ "member": omission.member, "path": omission.path, "reason": reason })
        })
        .collect();
    let reason = story
        .verdict
        .1
        .as_ref()
        .map(|reason| mask::message(lens, reason, &known));
    let problems = story.problems.iter().map(|row| {
        let mut out = problem::row_json(lens, row);
        out["message"] = Value::String(mask::message(lens, &row.message, &known));
        let differences = details::read(&row.details).differences;
        out["differences"] = details::differences_json(lens, Side::Target, &differences);
        out
    });
    let (next, commands) = next(lens, story);
    json!({
        "record": records::row_json(lens, &story.record),
        "revisions": revisions,
        "aliases": aliases,
        "group": story.group,
        "members": story.members,
        "verdict": { "state": story.verdict.0, "reason": reason, "omitted": omitted,
                     "recipe": story.recipe.map(|recipe| recipe.to_string()) },
        "deliveries": story.deliveries.iter().map(|row| delivery_json(lens, row)).collect::<Vec<_>>(),
        "attempts": story.attempts.iter().map(|row| attempt_json(lens, row, &known)).collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
        "next": { "text": next, "commands": commands },
    })
}

fn delivery_json(lens: &Lens<'_>, row: &DeliveryRow) -> Value {
    let mut out = deliveries::row_json(lens, row);
    out["document"] = mask::body_json(lens, Side::Target, &row.body);
    out
}

fn attempt_json(lens: &Lens<'_>, row: &AttemptRow, known: &[(Side, &str)]) -> Value {
    json!({
        "delivery_key": row.delivery_key,
        "kind": row.kind,
        "number": row.number,
        "begun_at": lens.stamp(row.begun_at),
        "request": mask::message(lens, &row.request, known),
        "ended_at": lens.stamp_or_null(row.ended_at),
        "outcome": row.outcome,
        "reply": row.reply.as_ref().map(|reply| mask::reply(lens, reply, known)),
        "took_ms": row.took_ms,
    })
}
