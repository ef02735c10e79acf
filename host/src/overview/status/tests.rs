//! Files that are not what runs, and many schemes at once.

use chrono::DateTime;
use dukou_store::memory::MemoryStore;

use super::*;
use crate::lang::Lang;

fn view(name: &str) -> StatusView {
    read(&MemoryStore::new(), &SchemeName::new("default", name)).unwrap()
}

fn lens(lang: Lang) -> Lens<'static> {
    Lens::plain(lang, DateTime::UNIX_EPOCH)
}

#[test]
fn a_file_that_cannot_be_used_and_one_that_is_gone_stand_under_deployment() {
    let mut broken = view("sales");
    broken.unusable = vec!["tables/客户对照.csv".into()];
    let mut gone = view("sales");
    gone.gone = Some("schemes/sales.toml".into());
    for lang in [Lang::Zh, Lang::En] {
        let shown = text(&lens(lang), &broken);
        assert!(
            shown.contains("tables/客户对照.csv\n    → dukou check sales\n"),
            "{shown}"
        );
        assert!(!shown.contains("dukou deploy"), "no deployment would take it: {shown}");
        let shown = text(&lens(lang), &gone);
        assert!(shown.contains("schemes/sales.toml"), "{shown}");
    }
    assert!(broken.is_in_trouble() && gone.is_in_trouble() && !view("sales").is_in_trouble());
    assert_eq!(
        to_json(&lens(Lang::Zh), &broken)["unusable"],
        serde_json::json!(["tables/客户对照.csv"])
    );
    assert_eq!(to_json(&lens(Lang::Zh), &gone)["gone"], "schemes/sales.toml");
}

#[test]
fn many_schemes_take_a_line_each_and_those_in_trouble_come_first() {
    let mut views: Vec<StatusView> = ["a", "b", "c"].into_iter().map(view).collect();
    views[2].unusable = vec!["schemes/c.toml".into()];
    let views: Vec<&StatusView> = views.iter().collect();
    for lang in [Lang::Zh, Lang::En] {
        let shown = list_text(&lens(lang), &views);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 5, "a header, three schemes, a hint: {shown}");
        let names: Vec<&str> = lines[1..4].iter().map(|line| &line[..1]).collect();
        assert_eq!(names, ["c", "a", "b"], "{shown}");
        assert!(lines[4].contains("dukou status"), "{shown}");
    }
}
