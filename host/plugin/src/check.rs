//! What the host checks of every answer before it believes it: conservation, well-formed JSON, unique suffixes and
//! keys, lengths, numbers. Whether a document suits its target's catalogue is checked elsewhere; here only the contract counts.

use std::borrow::Cow;
use std::collections::HashSet;

use dukou_core::verdict::{Mapped, Verdict, Violation};

use crate::error::PluginError;
use crate::projection::scan::{self, MAX_DEPTH, MalformedJson, Scanner, Token};
use crate::run::RunReport;

/// Bytes of a document's suffix, which becomes part of its delivery key.
const SUFFIX_BYTES: usize = 64;
/// Bytes of a code.
const CODE_BYTES: usize = 128;
/// Bytes of a message, reason or path.
const MESSAGE_BYTES: usize = 8 << 10;
/// Documents that one group may become.
const DOCUMENTS: usize = 1_000;
/// Parts of one group that may be left out.
const OMISSIONS: usize = 20_000;
/// Reasons to refuse one group.
const VIOLATIONS: usize = 5_000;
/// Keys of an object that are compared one by one; more are kept in a set.
const FEW_KEYS: usize = 24;

/// Checks the verdicts on a batch; `members` says how many records a group has.
pub(crate) fn verdicts(
    report: RunReport<Vec<Verdict>>,
    output_limit: usize,
    groups: usize,
    members: impl Fn(usize) -> usize,
) -> RunReport<Vec<Verdict>> {
    checked(report, output_limit, groups, verdict_bytes, |index, one| {
        verdict(one, members(index))
    })
}

/// Checks the judgements on a batch.
pub(crate) fn judgements(
    report: RunReport<Vec<Vec<Violation>>>,
    output_limit: usize,
    candidates: usize,
) -> RunReport<Vec<Vec<Violation>>> {
    checked(
        report,
        output_limit,
        candidates,
        |one| violations_bytes(one),
        |_, one| violations(one),
    )
}

fn checked<T>(
    mut report: RunReport<Vec<T>>,
    output_limit: usize,
    expected: usize,
    bytes: impl Fn(&T) -> usize,
    check: impl Fn(usize, &T) -> Result<(), String>,
) -> RunReport<Vec<T>> {
    let Ok(answers) = &report.result else {
        return report;
    };
    report.usage.output_bytes = answers.iter().map(bytes).sum();
    let fault = if report.usage.output_bytes > output_limit {
        Some(PluginError::Output { limit: output_limit })
    } else if answers.len() != expected {
        Some(PluginError::contract(format!(
            "{} verdicts for {expected} groups",
            answers.len()
        )))
    } else {
        answers.iter().enumerate().find_map(|(index, answer)| {
            let detail = check(index, answer).err()?;
            Some(PluginError::contract(format!(
                "verdict {} of {expected}: {detail}",
                index + 1
            )))
        })
    };
    if let Some(error) = fault {
        report.result = Err(error);
    }
    report
}

fn verdict(verdict: &Verdict, members: usize) -> Result<(), String> {
    match verdict {
        Verdict::Mapped(result) => mapped(result, members),
        Verdict::Skipped(reason) => short("the reason", reason, MESSAGE_BYTES),
        Verdict::Rejected(reasons) if reasons.is_empty() => Err("rejected without a violation".to_owned()),
        Verdict::Rejected(reasons) => violations(reasons),
    }
}

fn mapped(mapped: &Mapped, members: usize) -> Result<(), String> {
    few("documents", mapped.documents.len(), DOCUMENTS)?;
    few("omissions", mapped.omitted.len(), OMISSIONS)?;
    let mut suffixes = HashSet::new();
    for document in &mapped.documents {
        short("a suffix", &document.suffix, SUFFIX_BYTES)?;
        if document.suffix.chars().any(char::is_control) {
            return Err("a suffix with control characters".to_owned());
        }
        if !suffixes.insert(document.suffix.as_str()) {
            return Err(format!("two documents with the suffix `{}`", document.suffix));
        }
        body(&document.body)?;
        extra(&document.extra)?;
    }
    for omission in &mapped.omitted {
        if omission.member as usize >= members {
            return Err(format!("an omission from record {} of {members}", omission.member));
        }
        short("a path", &omission.path, MESSAGE_BYTES)?;
        short("a reason", &omission.reason, MESSAGE_BYTES)?;
    }
    Ok(())
}

fn violations(violations: &[Violation]) -> Result<(), String> {
    few("violations", violations.len(), VIOLATIONS)?;
    for violation in violations {
        if violation.code.is_empty() {
            return Err("a violation without a code".to_owned());
        }
        short("a code", &violation.code, CODE_BYTES)?;
        short("a message", &violation.message, MESSAGE_BYTES)?;
        for path in [&violation.source_path, &violation.target_path].into_iter().flatten() {
            short("a path", path, MESSAGE_BYTES)?;
        }
        extra(&violation.extra)?;
    }
    Ok(())
}

/// `extra` is JSON; an empty text stands for nothing.
fn extra(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    scan::check(text).map_err(|error| format!("an `extra` is not JSON: {error}"))
}

/// A document is JSON, and no object in it has a key twice: of two delivery keys the host would check one and the
/// target might read the other.
fn body(text: &str) -> Result<(), String> {
    let mut scanner = Scanner::new(text);
    scanner.space();
    let twice = unique(&mut scanner, &mut Vec::new(), 0).map_err(|error| format!("a document is not JSON: {error}"))?;
    match twice {
        Some(key) => Err(format!("a document with the key `{key}` twice in one object")),
        None => scanner
            .end()
            .map_err(|error| format!("a document is not JSON: {error}")),
    }
}

/// Moves over one value. `keys` are those of the objects around it; the answer is a key that appears twice.
fn unique<'a>(
    scanner: &mut Scanner<'a>,
    keys: &mut Vec<Cow<'a, str>>,
    depth: u32,
) -> Result<Option<String>, MalformedJson> {
    let open = scanner.peek();
    if open != b'{' && open != b'[' {
        return scanner.skip_scalar().map(|()| None);
    }
    if depth >= MAX_DEPTH {
        return Err(scanner.error("nested too deeply"));
    }
    let object = open == b'{';
    let outer = keys.len();
    let mut many: Option<HashSet<Cow<'a, str>>> = None;
    scanner.step();
    scanner.space();
    // `{` and `}`, `[` and `]` lie two apart in ASCII.
    if scanner.peek() == open + 2 {
        scanner.step();
        return Ok(None);
    }
    loop {
        if object {
            let token = scanner.key()?;
            let key = plain(scanner, token);
            let inner = keys.get(outer..).unwrap_or_default();
            let seen = match &mut many {
                Some(many) => !many.insert(key.clone()),
                None => inner.contains(&key),
            };
            if seen {
                return Ok(Some(key.chars().take(80).collect()));
            }
            if many.is_none() {
                keys.push(key);
                if keys.len() - outer > FEW_KEYS {
                    many = Some(keys.drain(outer..).collect());
                }
            }
        }
        if let Some(key) = unique(scanner, keys, depth + 1)? {
            return Ok(Some(key));
        }
        scanner.space();
        if scanner.peek() == open + 2 {
            scanner.step();
            keys.truncate(outer);
            return Ok(None);
        }
        scanner.expect(b',', "expected `,` or the end of the container")?;
        scanner.space();
    }
}

/// A key as it is meant, without its escapes.
fn plain<'a>(scanner: &Scanner<'a>, token: Token) -> Cow<'a, str> {
    let text = scanner.text(token);
    if !token.escaped {
        return Cow::Borrowed(text);
    }
    match serde_json::from_str(&format!("\"{text}\"")) {
        Ok(plain) => Cow::Owned(plain),
        // The scanner accepted it, so this cannot be; then it is compared as it is written.
        Err(_) => Cow::Borrowed(text),
    }
}

fn few(what: &str, count: usize, limit: usize) -> Result<(), String> {
    if count > limit {
        return Err(format!("{count} {what}, the limit is {limit}"));
    }
    Ok(())
}

fn short(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if text.len() > limit {
        return Err(format!("{what} of more than {limit} bytes"));
    }
    Ok(())
}

fn verdict_bytes(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Mapped(mapped) => {
            let documents: usize = mapped
                .documents
                .iter()
                .map(|one| one.suffix.len() + one.body.len() + one.extra.len())
                .sum();
            let omitted: usize = mapped.omitted.iter().map(|one| one.path.len() + one.reason.len()).sum();
            documents + omitted
        }
        Verdict::Skipped(reason) => reason.len(),
        Verdict::Rejected(reasons) => violations_bytes(reasons),
    }
}

fn violations_bytes(violations: &[Violation]) -> usize {
    violations
        .iter()
        .map(|one| {
            one.code.len()
                + one.message.len()
                + one.extra.len()
                + one.source_path.as_ref().map_or(0, String::len)
                + one.target_path.as_ref().map_or(0, String::len)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of JSON in any order: sometimes sound, mostly not.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\"a\"",
            "\"b\"",
            "\"\\u0061\"",
            "1",
            "-0.5e3",
            "null",
            "true",
            "\"",
            "{\"a\":",
            "[]",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_body_is_what_the_scanner_accepts_but_for_keys_that_are_there_twice(text in pieces()) {
            match body(&text) {
                Ok(()) => prop_assert!(scan::check(&text).is_ok()),
                Err(reason) if reason.contains("twice") => {}
                Err(_) => prop_assert!(scan::check(&text).is_err()),
            }
        }
    }

    #[test]
    fn keys_are_compared_within_their_own_object() {
        for good in [
            r#"{"a":{"a":1},"b":{"a":1}}"#,
            r#"[{"a":1},{"a":1}]"#,
            r#"{"a":[{"b":1},{"b":2}],"b":3}"#,
            r#" {"a" : [ ] , "A" : { } } "#,
        ] {
            assert_eq!(body(good), Ok(()), "{good}");
        }
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"c":2,"b":3}}"#,
            r#"[{"a":[{"x":1}],"a":2}]"#,
            r#"{"a":{"b":1},"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert!(body(bad).unwrap_err().contains("twice"), "{bad}");
        }
    }
}
