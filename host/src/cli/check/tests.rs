//! One mistake is told once, with every scheme that has it.

use super::*;
use crate::scheme::{Code, SourceFile};

#[test]
fn what_several_schemes_have_from_one_base_is_one_finding_that_names_them() {
    let base = SourceFile::new(
        "/p/base/schemes/b.toml".into(),
        "base/schemes/b.toml".into(),
        "a = 1\nb = 2\n".into(),
    );
    let at = |line: usize, found_for: &[&str]| Diagnostic {
        found_for: found_for.iter().map(|name| (*name).to_owned()).collect(),
        ..Diagnostic::at(Code::UnknownTable, &base, line * 6..line * 6 + 1).with("name", "t")
    };
    let mut findings = vec![
        at(0, &["lanmao/sales"]),
        at(1, &[]),
        at(0, &["xinke/sales"]),
        at(0, &["xinke/sales"]),
        at(1, &["xinke/sales"]),
    ];
    dedup(&mut findings);
    let left: Vec<_> = findings
        .iter()
        .map(|finding| (finding.position().unwrap().0, finding.found_for.join(" ")))
        .collect();
    assert_eq!(left, [(1, "lanmao/sales xinke/sales".to_owned()), (2, String::new())]);
    let shown = DefinitionErrors(findings).render(crate::lang::Lang::En, false);
    assert!(shown.contains("for: lanmao/sales, xinke/sales\n"), "{shown}");
}
