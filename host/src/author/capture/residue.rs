//! The last look at a case before it is written: whether a mobile phone or an identity card of the record is still in
//! it. Knows the shapes of these numbers, not what names or addresses look like.

use std::collections::BTreeSet;

use dukou_core::catalogue::{Catalogue, FieldType, plain_path};
use dukou_core::verdict::Group;
use dukou_plugin::cases::CaseTables;
use serde_json::Value;

/// Digits of a mobile phone.
const PHONE: usize = 11;
/// The same with China's country code before it.
const PHONE_ABROAD: usize = 13;
/// Characters of an identity card's number.
const CARD: usize = 18;
/// Endings of names of fields that hold ids, codes and numbers, which may look like a phone.
const NUMBERED: [&str; 10] = ["no", "id", "ids", "code", "tid", "tids", "oid", "barcode", "seq", "str"];

/// Numbers of persons in a text: runs of digits, whole or with single blanks or dashes between their parts.
pub(super) fn numbers(text: &str) -> BTreeSet<String> {
    let chars: Vec<char> = text.chars().map(narrow).collect();
    // Groups of digits, and whether one stands a single blank or dash behind the one before.
    let mut groups: Vec<(String, bool)> = Vec::new();
    let mut at = 0;
    let mut end = None;
    while let Some(c) = chars.get(at) {
        if !c.is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits: String = chars.iter().skip(at).take_while(|c| c.is_ascii_digit()).collect();
        let joined = end.is_some_and(|end| at == end + 1 && matches!(chars.get(end), Some(' ' | '-')));
        at += digits.len();
        let mut group = digits;
        if matches!(chars.get(at), Some('x' | 'X')) && !group.is_empty() {
            group.push('X');
            at += 1;
        }
        end = Some(at);
        groups.push((group, joined));
    }
    let mut out = BTreeSet::new();
    for first in 0..groups.len() {
        let mut run = String::new();
        for (number, (group, joined)) in groups.iter().skip(first).enumerate() {
            if (number > 0 && !joined) || run.len() > CARD {
                break;
            }
            run.push_str(group);
            let plain = run.trim_end_matches('X');
            if is_phone(plain) || is_card(&run) {
                out.insert(run.clone());
            }
        }
    }
    out
}

/// Digits and dashes of full width as plain ones.
fn narrow(c: char) -> char {
    match c {
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(c) - 0xff10 + 0x30).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{ff0d}' => '-',
        '\u{3000}' | '\u{a0}' => ' ',
        c => c,
    }
}

fn is_phone(run: &str) -> bool {
    let own = match run.len() {
        PHONE => run,
        PHONE_ABROAD => run.strip_prefix("86").unwrap_or_default(),
        _ => return false,
    };
    let mut bytes = own.bytes();
    bytes.next() == Some(b'1') && matches!(bytes.next(), Some(b'3'..=b'9')) && own.bytes().all(|b| b.is_ascii_digit())
}

/// 17 digits and a digit or X, with a day of birth in it.
fn is_card(run: &str) -> bool {
    let number = |from: usize, to: usize| run.get(from..to).and_then(|part| part.parse::<u32>().ok());
    run.len() == CARD
        && run
            .get(..17)
            .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        && number(6, 10).is_some_and(|year| (1900..2100).contains(&year))
        && number(10, 12).is_some_and(|month| (1..=12).contains(&month))
        && number(12, 14).is_some_and(|day| (1..=31).contains(&day))
}

/// Where in the text of a case a number of a person stands that the record or its rows hold: JSON paths. Pseudonyms
/// look like numbers too, so only what was there before counts; and what an id or a code of the record is, is none.
pub(super) fn left_over(case: &str, group: &Group, rows: &CaseTables, catalogue: &Catalogue) -> Vec<String> {
    let (mut personal, mut harmless) = (BTreeSet::new(), BTreeSet::new());
    for record in &group.records {
        each(&record.body, &mut |path, text| {
            let known = is_numbered(path, catalogue);
            if known { &mut harmless } else { &mut personal }.extend(numbers(text));
        });
        each(&record.extra, &mut |_, text| personal.extend(numbers(text)));
    }
    each(&group.extra, &mut |_, text| personal.extend(numbers(text)));
    for (key, row) in rows.values().flatten() {
        personal.extend(numbers(key));
        each(row, &mut |_, text| personal.extend(numbers(text)));
    }
    let mut paths = Vec::new();
    each(case, &mut |path, text| {
        // What the project's own files say is no data of a record.
        let own = ["settings", "environment"].iter().any(|own| path.starts_with(own));
        let is_left = |number: &String| personal.contains(number) && !harmless.contains(number);
        if !own && numbers(text).iter().any(is_left) && !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    });
    paths
}

/// Every text and number of a JSON text, and every name of a member, with its path.
fn each(json: &str, visit: &mut dyn FnMut(&str, &str)) {
    match serde_json::from_str::<Value>(json) {
        Ok(value) => walk(&value, "", visit),
        Err(_) => visit("", json),
    }
}

/// Whether a field that the catalogue knows holds an id, a code, a number of a paper, an amount or a time.
fn is_numbered(path: &str, catalogue: &Catalogue) -> bool {
    let Some(field) = catalogue.field(&plain_path(path)).filter(|field| !field.personal) else {
        return false;
    };
    let name = path.rsplit('.').next().unwrap_or_default();
    field.kind != FieldType::Text
        || (!name.starts_with("customer") && name.rsplit('_').next().is_some_and(|end| NUMBERED.contains(&end)))
}

fn walk(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                // A path that names a phone would give it away.
                let shown = if numbers(name).is_empty() { name } else { "*" };
                let inner = format!("{path}{dot}{shown}");
                visit(&inner, name);
                walk(value, &inner, visit);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{number}]"), visit);
            }
        }
        Value::String(text) => visit(path, text),
        Value::Number(number) => visit(path, &number.to_string()),
        _ => {}
    }
}
