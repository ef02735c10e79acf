//! Guests that lie: malformed JSON wherever JSON is returned, wrong numbers of verdicts, keys twice, broken pointers.

use dukou_guests::forge::{Forge, Said, World};
use dukou_plugin::PluginError;

use super::{Ends, Guest, assert_each_ends, run};
use crate::fixture::{ENVIRONMENT, runtime};

fn contract(words: &'static [&'static str]) -> Ends {
    Ends::With("plugin.contract", words)
}

fn saying(said: impl Fn() -> Vec<Said> + 'static) -> impl Fn() -> Vec<u8> {
    move || Forge::saying(&said()).forge()
}

fn body(text: &'static str) -> impl Fn() -> Vec<u8> {
    saying(move || vec![Said::document(text)])
}

fn configured(answer: &'static str) -> impl Fn() -> Vec<u8> {
    move || Forge::configured(answer).forge()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn documents(suffixes: &[&str]) -> Vec<Said> {
    let documents = suffixes.iter().map(|suffix| (text(suffix), text("{}"), text("{}")));
    vec![Said::Mapped(documents.collect(), Vec::new())]
}

fn omission(member: u32, path: &str, reason: &str) -> Vec<Said> {
    let document = (text(""), text("{}"), text("{}"));
    vec![Said::Mapped(vec![document], vec![(member, text(path), text(reason))])]
}

/// Returns this pointer instead of its answer.
fn pointing(at: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        forge.act = at.to_owned();
        forge.forge()
    }
}

/// Answers with one verdict of these words.
fn words(words: &'static [u32]) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::mapper();
        let list = forge.image.words(words);
        let at = forge.image.words(&[list, 1]);
        forge.act = format!("(i32.const {at})");
        forge.forge()
    }
}

fn judging(judgements: impl Fn() -> Vec<Vec<(String, String, String)>> + 'static) -> impl Fn() -> Vec<u8> {
    move || {
        let mut forge = Forge::honest(World::Validator, &[]);
        let at = forge.image.judgements(&judgements());
        forge.act = format!("(i32.const {at})");
        forge.forge()
    }
}

fn objection(code: &str, message: &str, extra: &str) -> Vec<Vec<(String, String, String)>> {
    vec![vec![(text(code), text(message), text(extra))]]
}

pub(super) fn guests() -> Vec<Guest> {
    let mut guests = of_configure();
    guests.extend(of_documents());
    guests.extend(of_numbers());
    guests.extend(of_pointers());
    guests
}

fn of_configure() -> Vec<Guest> {
    let unreadable = || contract(&["the answer of `configure` cannot be read"]);
    let bad = || contract(&["the answer of `configure`"]);
    vec![
        Guest::new("configure: nothing", configured(""), unreadable()),
        Guest::new("configure: cut off", configured(r#"{"needs":["*""#), unreadable()),
        Guest::new("configure: a list", configured("[]"), unreadable()),
        Guest::new(
            "configure: more than one value",
            configured(r#"{"needs":[]} {}"#),
            unreadable(),
        ),
        Guest::new(
            "configure: needs that are a number",
            configured(r#"{"needs":5}"#),
            unreadable(),
        ),
        Guest::new("configure: no needs", configured(r#"{"tables":[]}"#), unreadable()),
        Guest::new(
            "configure: an unknown key",
            configured(r#"{"needs":["*"],"net":["*"]}"#),
            unreadable(),
        ),
        Guest::new(
            "configure: a key twice",
            configured(r#"{"needs":["*"],"needs":[]}"#),
            unreadable(),
        ),
        Guest::new(
            "configure: 1,000 lists within lists",
            || Forge::configured(&format!(r#"{{"needs":{}"#, "[".repeat(1_000))).forge(),
            unreadable(),
        ),
        Guest::new(
            "configure: a path that is none",
            configured(r#"{"needs":["]["]}"#),
            bad(),
        ),
        Guest::new(
            "configure: 2,001 paths",
            || Forge::configured(&format!(r#"{{"needs":["a"{}]}}"#, r#","a""#.repeat(2_000))).forge(),
            contract(&["more paths than allowed"]),
        ),
        Guest::new(
            "configure: 201 tables",
            || Forge::configured(&format!(r#"{{"needs":[],"tables":["t"{}]}}"#, r#","t""#.repeat(200))).forge(),
            contract(&["more tables"]),
        ),
        Guest::new(
            "configure: a path of 900,000 signs",
            || Forge::configured(&format!(r#"{{"needs":["{}"]}}"#, "a".repeat(900_000))).forge(),
            contract(&["longer than allowed"]),
        ),
        Guest::new(
            "configure: a wrong type of 900,000 signs",
            || Forge::configured(&format!(r#"{{"needs":"{}"}}"#, "a".repeat(900_000))).forge(),
            unreadable(),
        ),
        Guest::new(
            "configure: looks up before it may",
            || {
                let mut forge = Forge::mapper();
                let [at, length] = forge.image.text("t");
                forge.configure = format!(
                    "(call $lookup (i32.const {at}) (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 65536)) {}",
                    forge.configure
                );
                forge.forge()
            },
            contract(&["look-up in `t`"]),
        ),
        Guest::new(
            "a look-up in a table that was not asked for",
            || {
                let mut forge = Forge::mapper();
                let [at, length] = forge.image.text("salaries");
                forge.act = format!(
                    "(call $lookup (i32.const {at}) (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 65536)) {}",
                    forge.act
                );
                forge.forge()
            },
            contract(&["look-up in `salaries`"]),
        ),
    ]
}

fn of_documents() -> Vec<Guest> {
    let malformed = || contract(&["verdict 1 of 1: a document is not JSON"]);
    let twice = || contract(&["the key `Code` twice"]);
    vec![
        Guest::new("a body of nothing", body(""), malformed()),
        Guest::new("a body cut off", body(r#"{"dto":{"ExternalCode":"CK1""#), malformed()),
        Guest::new("a body and more", body("{} {}"), malformed()),
        Guest::new("a body with a comma too many", body(r#"{"a":1,}"#), malformed()),
        Guest::new("a body with NaN", body(r#"{"a":NaN}"#), malformed()),
        Guest::new("a body with a number of no digits", body(r#"{"a":-}"#), malformed()),
        Guest::new("a body with single quotes", body("{'a':1}"), malformed()),
        Guest::new("a body with half a surrogate", body(r#"{"a":"\ud800"}"#), malformed()),
        Guest::new(
            "a body with a control sign in a text",
            body("{\"a\":\"\u{1}\"}"),
            malformed(),
        ),
        Guest::new(
            "a body of 100,000 lists within lists",
            || Forge::saying(&[Said::document(&"[".repeat(100_000))]).forge(),
            contract(&["nested too deeply"]),
        ),
        Guest::new("a key twice", body(r#"{"dto":{"Code":"a","Code":"b"}}"#), twice()),
        Guest::new(
            "a key twice, once in disguise",
            body(r#"{"dto":{"Code":"a","\u0043ode":"b"}}"#),
            twice(),
        ),
        Guest::new(
            "a key twice among a thousand",
            || {
                let others: String = (0..1_000)
                    .map(|number| format!(r#""k{number}":[{{"x":1}}],"#))
                    .collect();
                Forge::saying(&[Said::document(&format!(r#"{{"Code":1,{others}"Code":2}}"#))]).forge()
            },
            contract(&["the key `Code` twice"]),
        ),
        Guest::new(
            "an extra that is no JSON",
            saying(|| vec![Said::Mapped(vec![(text(""), text("{}"), text("{"))], Vec::new())]),
            contract(&["an `extra` is not JSON"]),
        ),
        Guest::new(
            "the same suffix twice",
            saying(|| documents(&["-p1", "-p1"])),
            contract(&["two documents with the suffix `-p1`"]),
        ),
        Guest::new(
            "a suffix of 65 signs",
            || Forge::saying(&documents(&[&"x".repeat(65)])).forge(),
            contract(&["a suffix of more than 64 bytes"]),
        ),
        Guest::new(
            "a suffix with a line break",
            saying(|| documents(&["-p1\n"])),
            contract(&["a suffix with control characters"]),
        ),
        Guest::new(
            "an omission from a record that is not there",
            saying(|| omission(1, "", "")),
            contract(&["an omission from record 1 of 1"]),
        ),
        Guest::new(
            "an omission with a path of 9,000 signs",
            || Forge::saying(&omission(0, &"p".repeat(9_000), "")).forge(),
            contract(&["a path of more than 8192 bytes"]),
        ),
        Guest::new(
            "rejected without a reason",
            saying(|| vec![Said::Rejected(Vec::new())]),
            contract(&["rejected without a violation"]),
        ),
        Guest::new(
            "a violation without a code",
            saying(|| vec![Said::violation("", "m", "{}")]),
            contract(&["a violation without a code"]),
        ),
        Guest::new(
            "a code of 129 signs",
            || Forge::saying(&[Said::violation(&"c".repeat(129), "m", "{}")]).forge(),
            contract(&["a code of more than 128 bytes"]),
        ),
        Guest::new(
            "a message of 9,000 signs",
            || Forge::saying(&[Said::violation("c", &"m".repeat(9_000), "{}")]).forge(),
            contract(&["a message of more than 8192 bytes"]),
        ),
        Guest::new(
            "a violation's extra that is no JSON",
            saying(|| vec![Said::violation("c", "m", "nothing")]),
            contract(&["an `extra` is not JSON"]),
        ),
        Guest::new(
            "a validator's extra that is no JSON",
            judging(|| objection("c", "m", "[1")),
            contract(&["verdict 1 of 1", "an `extra` is not JSON"]),
        ),
        Guest::new(
            "a validator's message of 9,000 signs",
            judging(|| objection("c", &"m".repeat(9_000), "")),
            contract(&["a message of more than 8192 bytes"]),
        ),
        Guest::new(
            "an adjustment of no JSON",
            || Forge::honest(World::Adjuster, &[Said::document("{")]).forge(),
            contract(&["a document is not JSON"]),
        ),
    ]
}

fn of_numbers() -> Vec<Guest> {
    let honest = || Said::document("{}");
    let mut guests = vec![
        Guest::new(
            "1,001 documents of one group",
            || {
                let documents = (0..1_001).map(|number| (format!("-p{number}"), text("{}"), text("")));
                Forge::saying(&[Said::Mapped(documents.collect(), Vec::new())]).forge()
            },
            contract(&["1001 documents, the limit is 1000"]),
        ),
        Guest::new(
            "20,001 omissions of one group",
            || {
                let omitted = vec![(0, text(""), text("")); 20_001];
                Forge::saying(&[Said::Mapped(vec![(text(""), text("{}"), text(""))], omitted)]).forge()
            },
            contract(&["20001 omissions, the limit is 20000"]),
        ),
        Guest::new(
            "5,001 violations of one group",
            || Forge::saying(&[Said::Rejected(vec![(text("c"), text("m"), text("")); 5_001])]).forge(),
            contract(&["5001 violations, the limit is 5000"]),
        ),
        Guest::new(
            "too few judgements",
            judging(Vec::new),
            contract(&["0 verdicts for 1 groups"]),
        ),
        Guest::new(
            "too many judgements",
            judging(|| vec![Vec::new(), Vec::new()]),
            contract(&["2 verdicts for 1 groups"]),
        ),
    ];
    for (world, few, many) in [
        (
            World::Mapper,
            "too few verdicts of a mapper",
            "too many verdicts of a mapper",
        ),
        (
            World::Adjuster,
            "too few verdicts of an adjuster",
            "too many verdicts of an adjuster",
        ),
    ] {
        let (none, two) = (
            move || Forge::honest(world, &[]).forge(),
            move || Forge::honest(world, &[honest(), honest()]).forge(),
        );
        guests.push(Guest::new(few, none, contract(&["0 verdicts for 1 groups"])));
        guests.push(Guest::new(many, two, contract(&["2 verdicts for 1 groups"])));
    }
    guests
}

fn of_pointers() -> Vec<Guest> {
    vec![
        Guest::new(
            "an answer beyond memory",
            pointing("(i32.const -16)"),
            contract(&["out of bounds"]),
        ),
        Guest::new(
            "an answer that is not aligned",
            pointing("(i32.const 1025)"),
            contract(&["not aligned"]),
        ),
        Guest::new(
            "a list that ends beyond memory",
            || {
                let mut forge = Forge::mapper();
                let at = forge.image.words(&[1024, 100_000_000]);
                forge.act = format!("(i32.const {at})");
                forge.forge()
            },
            contract(&["out of bounds"]),
        ),
        Guest::new(
            "a text of 2 GB",
            words(&[1, 1024, 2_000_000_000, 0, 0]),
            contract(&["out of bounds"]),
        ),
        Guest::new(
            "a text from beyond memory",
            words(&[1, u32::MAX, 8, 0, 0]),
            contract(&["out of bounds"]),
        ),
        Guest::new(
            "a verdict of no kind",
            words(&[9, 0, 0, 0, 0]),
            contract(&["discriminant"]),
        ),
        Guest::new(
            "a text that is no UTF-8",
            || {
                let mut forge = Forge::mapper();
                let bytes = forge.image.words(&[0xffff_ffff]);
                let list = forge.image.words(&[1, bytes, 4, 0, 0]);
                let at = forge.image.words(&[list, 1]);
                forge.act = format!("(i32.const {at})");
                forge.forge()
            },
            contract(&["utf-8"]),
        ),
        Guest::new(
            "an allocator that points beyond memory",
            || {
                let mut forge = Forge::mapper();
                forge.realloc = "(i32.const -64)".to_owned();
                forge.forge()
            },
            contract(&["beyond end of memory"]),
        ),
        Guest::new(
            "an allocator that does not align",
            || {
                let mut forge = Forge::mapper();
                forge.realloc = "(i32.const 4097)".to_owned();
                forge.forge()
            },
            contract(&["not aligned"]),
        ),
        Guest::new(
            "a configure of another type",
            || {
                let mut forge = Forge::mapper();
                forge.configure_type = forge.configure_type.replace("(list $setting-error)", "(list string)");
                forge.forge()
            },
            contract(&["expected"]),
        ),
        Guest::new(
            "a log level that there is not",
            || Forge::doing("(call $log (i32.const 9) (i32.const 0) (i32.const 0))").forge(),
            contract(&["discriminant"]),
        ),
        Guest::new(
            "a log line from beyond memory",
            || Forge::doing("(call $log (i32.const 1) (i32.const -8) (i32.const 64))").forge(),
            contract(&["out of bounds"]),
        ),
        Guest::new(
            "a log line that is no UTF-8",
            || {
                let mut forge = Forge::mapper();
                let at = forge.image.words(&[0xffff_ffff]);
                forge.act = format!("(call $log (i32.const 1) (i32.const {at}) (i32.const 4)) {}", forge.act);
                forge.forge()
            },
            contract(&["utf-8"]),
        ),
    ]
}

#[test]
fn every_answer_that_breaks_the_contract_is_refused_as_such() {
    assert_each_ends(&guests());
}

#[test]
fn of_a_hundred_thousand_errors_in_its_settings_the_first_are_kept() {
    let mut forge = Forge::mapper();
    forge.pages = 200;
    let at = forge.image.words(&[1, 131_072, 100_000]);
    forge.configure = format!("(i32.const {at})");
    match run(runtime(), &forge.forge()).err().map(|(error, _)| error) {
        Some(PluginError::Settings(errors)) => assert_eq!(errors.len(), 200),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_configure_that_would_be_unsteady_finds_nothing_to_vary_by() {
    // It counts its calls in memory and asks for one path more each time; every instance is the first.
    let mut forge = Forge::mapper();
    let first = forge.image.accepted(r#"{"needs":["a"]}"#);
    let later = forge.image.accepted(r#"{"needs":["a","b"]}"#);
    forge.configure = format!(
        "(global.set $i (i32.add (global.get $i) (i32.const 1)))
         (select (i32.const {first}) (i32.const {later}) (i32.eq (global.get $i) (i32.const 1)))"
    );
    let component = forge.forge();
    let plugin = runtime().load(&component).unwrap();
    for _ in 0..3 {
        let prepared = runtime().configure(&plugin, super::SETTINGS, ENVIRONMENT).unwrap();
        assert_eq!(prepared.needs().paths(), ["a"]);
        assert!(run(runtime(), &component).is_ok());
    }
}
