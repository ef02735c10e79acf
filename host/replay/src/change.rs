//! What differs between two fates of one group: other verdicts, or other documents and omissions. Whatever two fates differ
//! in comes out as at least one change, so that no difference is without a pattern.

use dukou_core::catalogue::{Catalogue, column_path};
use dukou_core::mask::Secrets;
use dukou_core::problem::{ProblemKind, ProblemReport};
use dukou_core::verdict::{Group, Omission};
use dukou_plugin::Fate;
use serde_json::{Value, json};

use crate::documents;
use crate::key::{Key, PatternKind};
use crate::pattern::Cause;
use crate::wording::Wording;

/// Characters of a value in an example.
const SHOWN_CHARS: usize = 1_000;
/// Characters of a reason. Whoever shows it shortens it further: a sentence that was cut is not translated.
const REASON_CHARS: usize = 1_000;

/// One difference at one place of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: Key,
    pub(crate) cause: Option<Cause>,
    pub(crate) suffix: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    /// Of a cause: the values that its wording leaves out.
    pub(crate) left_out: Option<String>,
}

impl Change {
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            cause: None,
            suffix: None,
            path: None,
            before: None,
            after: None,
            left_out: None,
        }
    }
}

/// Whether a group turned into a problem, or is none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    None,
    Failing,
    Fixed,
}

/// What comparing two fates says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Compared {
    Same,
    Different { turn: Turn, changes: Vec<Change> },
}

/// How fates are looked at.
pub(crate) struct Look<'a> {
    /// What wraps the target's documents.
    pub(crate) wrapper: Option<&'a str>,
    /// Personal values of the group's records: no change holds one.
    pub(crate) secrets: &'a Secrets,
}

/// Compares what becomes of one group under two versions. Of the changes personal values are masked, as far as `sources`
/// tell which values of the group's records are personal; only a group that differs is read for them.
pub(crate) fn compare(
    group: &Group,
    before: &Fate,
    after: &Fate,
    wrapper: Option<&str>,
    sources: &[&Catalogue],
) -> Compared {
    if before == after {
        return Compared::Same;
    }
    let secrets = sources.iter().fold(Secrets::default(), |secrets, source| {
        let bodies = group.records.iter().map(|record| record.body.as_str());
        secrets.and(Secrets::of(bodies, source))
    });
    differ(
        before,
        after,
        &Look {
            wrapper,
            secrets: &secrets,
        },
    )
}

fn differ(before: &Fate, after: &Fate, look: &Look<'_>) -> Compared {
    let mut changes = Vec::new();
    let mut turn = Turn::None;
    match (before, after) {
        (Fate::Mapped(was), Fate::Mapped(is)) => {
            documents::differences(&was.documents, &is.documents, look, &mut changes);
            omissions(&was.omitted, &is.omitted, look, &mut changes);
        }
        // Which edition of a plugin said it is no difference.
        (Fate::Problem(_), Fate::Problem(_)) if before.digest() == after.digest() => return Compared::Same,
        (before, after) => {
            turn = match (before, after) {
                (Fate::Mapped(_) | Fate::Skipped(_), Fate::Problem(_)) => Turn::Failing,
                (Fate::Problem(_), Fate::Mapped(_) | Fate::Skipped(_)) => Turn::Fixed,
                _ => Turn::None,
            };
            changes.push(verdict(before, after, look));
        }
    }
    if changes.is_empty() {
        changes.push(Change::new(Key::new(PatternKind::Writing)));
    }
    Compared::Different { turn, changes }
}

fn verdict(before: &Fate, after: &Fate, look: &Look<'_>) -> Change {
    // Which verdict changes to which, and whose reason says why.
    let (kind, why) = match (before, after) {
        (Fate::Skipped(_), Fate::Skipped(_)) | (Fate::Problem(_), Fate::Problem(_)) => {
            (PatternKind::OtherReason, after)
        }
        (_, Fate::Problem(is)) if is.kind == ProblemKind::Failed => (PatternKind::NewlyFailed, after),
        (_, Fate::Problem(_)) => (PatternKind::NewlyRejected, after),
        (_, Fate::Skipped(_)) => (PatternKind::NewlySkipped, after),
        (Fate::Skipped(_), Fate::Mapped(_)) => (PatternKind::NoLongerSkipped, before),
        (_, Fate::Mapped(_)) => (PatternKind::NewlyMapped, before),
    };
    let mut key = Key::new(kind);
    key.cause = fingerprint(why, look);
    if kind == PatternKind::OtherReason {
        key.cause = format!("{} {}", fingerprint(before, look), key.cause);
    }
    let mut path = None;
    let (cause, left_out) = match why {
        Fate::Skipped(reason) => look.cause(None, reason),
        Fate::Problem(report) => {
            path = report
                .path
                .as_deref()
                .map(|path| documents::inner(path, look.wrapper).to_owned());
            look.cause(Some(&report.code), &report.message)
        }
        Fate::Mapped(_) => (None, None),
    };
    key.path = path.as_deref().map(column_path).filter(|path| !path.is_empty());
    Change {
        cause,
        left_out,
        path,
        before: Some(fate_text(before, look)),
        after: Some(fate_text(after, look)),
        ..Change::new(key)
    }
}

/// One cause has one fingerprint, whatever the values in its words: that of a problem with these words only. Where a
/// reason holds no value it is the fingerprint of the problem itself.
fn fingerprint(fate: &Fate, look: &Look<'_>) -> String {
    let report = match fate {
        Fate::Mapped(_) => return String::new(),
        Fate::Skipped(reason) => return of_reason(reason, look),
        Fate::Problem(report) => report,
    };
    let report = ProblemReport {
        kind: report.kind,
        code: report.code.clone(),
        message: look.wording(&report.message).words,
        path: report.path.clone(),
        details: String::new(),
    };
    report.fingerprint()
}

fn of_reason(reason: &str, look: &Look<'_>) -> String {
    let report = ProblemReport {
        kind: ProblemKind::Rejected,
        code: "skipped".to_owned(),
        message: look.wording(reason).words,
        path: None,
        details: String::new(),
    };
    report.fingerprint()
}

fn fate_text(fate: &Fate, look: &Look<'_>) -> String {
    let value = match fate {
        Fate::Mapped(mapped) => json!({ "mapped": mapped.documents.len() }),
        Fate::Skipped(reason) => json!({ "skipped": look.reason(reason) }),
        Fate::Problem(report) => json!({ report.kind.word(): {
            "code": report.code,
            "path": report.path,
            "message": look.reason(&report.message),
        }}),
    };
    value.to_string()
}

/// Omissions that only one side has; the others may have moved with their members.
fn omissions(before: &[Omission], after: &[Omission], look: &Look<'_>, out: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let count = out.len();
    let mut unmatched: Vec<&Omission> = after.iter().collect();
    let mut gone = Vec::new();
    for one in before {
        match unmatched.iter().position(|other| *other == one) {
            Some(at) => {
                unmatched.remove(at);
            }
            None => gone.push(one),
        }
    }
    let sides = [
        (PatternKind::NoLongerOmitted, gone),
        (PatternKind::NewlyOmitted, unmatched),
    ];
    for (kind, list) in sides {
        for one in list {
            let mut key = Key::at(kind, column_path(&one.path));
            key.cause = of_reason(&one.reason, look);
            let (cause, left_out) = look.cause(None, &one.reason);
            let reason = Some(Value::from(look.reason(&one.reason)).to_string());
            let (before, after) = match kind {
                PatternKind::NoLongerOmitted => (reason, None),
                _ => (None, reason),
            };
            out.push(Change {
                cause,
                left_out,
                path: Some(one.path.clone()),
                before,
                after,
                ..Change::new(key)
            });
        }
    }
    if out.len() == count {
        out.push(Change {
            path: Some("omitted".to_owned()),
            ..Change::new(Key::at(PatternKind::Order, "omitted".to_owned()))
        });
    }
}

impl Look<'_> {
    fn reason(&self, text: &str) -> String {
        cut(&self.secrets.hide(text), REASON_CHARS)
    }

    fn wording(&self, reason: &str) -> Wording {
        Wording::of(&self.secrets.hide(reason))
    }

    /// A cause in the words that all groups share, and the values that it leaves out.
    fn cause(&self, code: Option<&str>, reason: &str) -> (Option<Cause>, Option<String>) {
        let wording = self.wording(reason);
        let cause = Cause {
            code: code.map(str::to_owned),
            message: cut(&wording.words, REASON_CHARS),
        };
        let values = wording.values.join(", ");
        (Some(cause), (!values.is_empty()).then_some(values))
    }

    /// A value as JSON text, bounded, personal values masked. A text is cut inside, so that it stays JSON; lists and objects
    /// are cut wherever it falls. Masked before it is cut, or half a name would be left.
    pub(crate) fn shown(&self, value: &Value) -> String {
        if self.secrets.is_empty() {
            return shortened(value, SHOWN_CHARS);
        }
        let mut value = value.clone();
        self.secrets.hide_value(&mut value);
        shortened(&value, SHOWN_CHARS)
    }

    /// A whole body as text. Where it writes letters as `\u…`, values cannot be found in it.
    pub(crate) fn raw(&self, text: &str) -> String {
        if !self.secrets.is_empty() && text.contains("\\u") {
            return shortened(&"**".into(), SHOWN_CHARS);
        }
        self.shown(&text.into())
    }
}

/// As [`Look::shown`], shorter, from what that made.
pub(crate) fn shorter(text: &str, chars: usize) -> String {
    if text.len() <= chars {
        return text.to_owned();
    }
    match serde_json::from_str(text) {
        Ok(value @ Value::String(_)) => shortened(&value, chars),
        _ => cut(text, chars),
    }
}

fn shortened(value: &Value, chars: usize) -> String {
    match value {
        Value::String(text) => Value::from(cut(text, chars)).to_string(),
        value => cut(&value.to_string(), chars),
    }
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
