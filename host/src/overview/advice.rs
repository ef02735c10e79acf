//! What a person should do next, by kind and code: a text in their language and the commands to run. States what is
//! safe; does none of it.

use dukou_core::problem::ProblemKind;
use dukou_store::rows::ProblemRow;

use super::details;
use super::text::argument;
use crate::lang::Lang;

/// What to do about a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// A few sentences.
    pub text: String,
    /// Commands, in the order to run them.
    pub commands: Vec<String>,
}

/// Whether `problem retry` may map a problem's group again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retriable {
    /// Nothing was written.
    Yes,
    /// Nothing was written under this key, but the business event may be there under another: only when a person names it.
    WhenNamed,
    /// Something is or may be written, or there is no group to map.
    No,
}

/// Whether and how a kind can be retried.
pub fn retriable(kind: ProblemKind) -> Retriable {
    match kind {
        ProblemKind::Rejected | ProblemKind::Failed | ProblemKind::Refused => Retriable::Yes,
        ProblemKind::Reissued => Retriable::WhenNamed,
        ProblemKind::Unreadable | ProblemKind::Conflict | ProblemKind::Unsettled | ProblemKind::Changed => {
            Retriable::No
        }
    }
}

/// What to do about one problem.
pub fn advise(lang: Lang, problem: &ProblemRow) -> Advice {
    let key = key_of(problem);
    let arguments: [(&str, &dyn std::fmt::Display); 4] = [
        ("key", &key),
        ("code", &problem.code),
        ("scheme", &problem.scheme),
        ("id", &problem.id),
    ];
    Advice {
        text: super::text::clean_block(&lang.text(&text_key(lang, problem), &arguments)),
        commands: commands(problem),
    }
}

/// The delivery's key, else the group's.
pub fn key_of(problem: &ProblemRow) -> &str {
    problem.delivery_key.as_deref().unwrap_or(&problem.group)
}

/// The most specific text: vendor code or class of a refusal, own code, family of the code, kind.
fn text_key(lang: Lang, problem: &ProblemRow) -> String {
    let mut candidates = Vec::new();
    if problem.kind == ProblemKind::Refused {
        candidates.push(format!("advice.class.{}", class_of(problem)));
        candidates.push(format!("advice.vendor.{}", problem.code));
    } else {
        candidates.push(format!("advice.code.{}", problem.code));
        if let Some((family, _)) = problem.code.split_once('.') {
            candidates.push(format!("advice.code.{family}"));
        }
    }
    candidates
        .into_iter()
        .find(|key| lang.has(key))
        .unwrap_or_else(|| format!("advice.kind.{}", problem.kind.word()))
}

/// The connector's class of a refusal, or `reference` where the vendor's words say that something does not exist
/// (`docs/reference/systems/tplus.md` §3.3).
fn class_of(problem: &ProblemRow) -> String {
    let details = details::read(&problem.details);
    if let Some(class) = details.rest.get("class").and_then(serde_json::Value::as_str) {
        return class.to_owned();
    }
    let says = |text: &str| problem.message.contains(text);
    if says("不存在") || says("没有任何行") || says("NoAuthOrData") {
        "reference".to_owned()
    } else {
        String::new()
    }
}

/// The commands for a problem, in order.
fn commands(problem: &ProblemRow) -> Vec<String> {
    let scheme = argument(&problem.scheme.to_string());
    let (key, group, id) = (argument(key_of(problem)), argument(&problem.group), problem.id);
    let show = format!("dukou record show {key} {scheme}");
    let resolve = format!("dukou problem resolve {id} --note TEXT --yes");
    match problem.kind {
        ProblemKind::Rejected | ProblemKind::Failed | ProblemKind::Refused => vec![
            show,
            format!("dukou run {scheme} --key {group} --dry-run"),
            format!("dukou deploy {scheme}"),
            format!(
                "dukou problem retry {scheme} --fingerprint {} --plan",
                problem.fingerprint
            ),
            format!(
                "dukou problem retry {scheme} --fingerprint {} --yes",
                problem.fingerprint
            ),
        ],
        ProblemKind::Unreadable => {
            vec![
                format!("dukou check {scheme}"),
                format!("dukou run {scheme} --from TIME --to TIME"),
                resolve,
            ]
        }
        ProblemKind::Unsettled => vec![
            show,
            format!("dukou problem resolve {id} --written NUMBER --note TEXT --yes"),
            format!("dukou problem resolve {id} --absent --note TEXT --yes"),
        ],
        ProblemKind::Conflict | ProblemKind::Changed => vec![show, resolve],
        ProblemKind::Reissued => {
            vec![show, format!("dukou problem retry {scheme} --id {id} --yes"), resolve]
        }
    }
}
