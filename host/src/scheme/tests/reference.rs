//! Codes, their sentences and their reference page stay in step.

use super::super::Code;
use crate::lang::Lang;

const PAGE: &str = include_str!("../../../../docs/reference/errors.md");

#[test]
fn every_code_is_documented_once_with_its_exit_code() {
    let mut documented: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .filter(|line| line.starts_with('S'))
        .collect();
    assert_eq!(documented.len(), Code::ALL.len());
    documented.sort_unstable();
    let ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    assert_eq!(documented, ids, "codes stand in order");
    for code in Code::ALL {
        let section = PAGE.split(&format!("### {}\n", code.id())).nth(1).unwrap();
        let section = section.split("\n#").next().unwrap();
        assert!(
            section.contains("中文: ") && section.contains("English: ") && section.contains("Fix: "),
            "{}",
            code.id()
        );
        assert!(
            section.contains(&format!("exit {}", code.exit().code())),
            "{} ends in {:?}",
            code.id(),
            code.exit()
        );
    }
}

#[test]
fn every_code_has_a_sentence_in_both_languages() {
    for code in Code::ALL {
        for lang in [Lang::Zh, Lang::En] {
            assert!(lang.has(code.key()), "{}", code.key());
        }
    }
}

/// Every key that the source names exists; a slip in one would show people the key.
#[test]
fn every_sentence_that_the_source_names_exists() {
    let sources = [
        include_str!("../base.rs"),
        include_str!("../catalogues.rs"),
        include_str!("../diagnostic.rs"),
        include_str!("../fields.rs"),
        include_str!("../file.rs"),
        include_str!("../load.rs"),
        include_str!("../mod.rs"),
        include_str!("../plugin.rs"),
        include_str!("../reader.rs"),
        include_str!("../render.rs"),
        include_str!("../source.rs"),
        include_str!("../table.rs"),
        include_str!("../target.rs"),
        include_str!("../../settings.rs"),
        include_str!("../../settings/connection.rs"),
        include_str!("../../settings/connection/read.rs"),
        include_str!("../../settings/places.rs"),
        include_str!("../../settings/secret.rs"),
        include_str!("../../settings/shared.rs"),
        include_str!("../../settings/tenant.rs"),
        include_str!("../../cli/check.rs"),
        include_str!("../../cli/init.rs"),
    ];
    let mut seen = 0;
    for source in sources {
        for prefix in ["\"definition.", "\"check.", "\"init."] {
            for part in source.split(prefix).skip(1) {
                let Some((name, _)) = part.split_once('"') else {
                    continue;
                };
                let key = format!("{}{name}", &prefix[1..]);
                // A prefix alone is part of `concat!`.
                if !name.is_empty() {
                    assert!(Lang::Zh.has(&key), "{key}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 60);
}
