//! A review over real cases in a real folder: what is listed, what is written, and that the next test agrees.

use std::path::Path;
use std::sync::Arc;

use dukou_plugin::cases::{Status, TestOptions, Verdict, patterns, test};
use dukou_plugin::{InProcessCompiler, Plugin, Runtime, RuntimeOptions};

use super::*;
use crate::lang::Lang;

const LOOK: Look = Look {
    lang: Lang::En,
    columns: None,
    colour: false,
};

struct Site {
    runtime: Runtime,
    plugin: Plugin,
    folder: tempfile::TempDir,
}

impl Site {
    /// The reference mapping with some cases of its template.
    fn new(names: &[&str]) -> Self {
        let runtime = Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap();
        let plugin = runtime.load(dukou_stock::WDT_TO_TPLUS).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cases = folder.path().join("cases");
        std::fs::create_dir(&cases).unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/templates/cases/mapping");
        for name in names.iter().chain(&["defaults.json"]) {
            std::fs::copy(from.join(name), cases.join(name)).unwrap();
        }
        Self {
            runtime,
            plugin,
            folder,
        }
    }

    fn test(&self) -> (CaseSet, TestReport) {
        let set = cases::read(self.folder.path()).unwrap();
        let report = test(&self.runtime, &self.plugin, &set, &TestOptions::default()).unwrap();
        (set, report)
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.folder.path().join("cases").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {name}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("cases").join(name)).unwrap()
    }
}

const ONE: &str = "01-one-line.json";
const TWO: &str = "02-two-lines-with-address.json";

#[test]
fn accepting_a_change_makes_the_next_test_pass_and_gives_back_the_file() {
    let site = Site::new(&[ONE, TWO]);
    let before = (site.text(ONE), site.text(TWO));
    // The expectations stand beside a plugin that "changed".
    site.edit(ONE, "\"ST1021\"", "\"ST1022\"");
    site.edit(TWO, "\"ST1021\"", "\"ST1022\"");
    let (set, report) = site.test();
    assert_eq!(report.verdict(), Verdict::Failed);
    let found = patterns(&report, &set);
    let changed = &found[0];
    assert_eq!(
        (changed.kind, changed.cases.len(), found.len()),
        (PatternKind::Changed, 2, 1)
    );
    let text = render(changed, &report, LOOK);
    assert!(text.contains(r#"VoucherType.Code: "ST1022" → "ST1021""#), "{text}");
    assert!(
        text.contains("2 cases") && text.contains("01-one-line, 02-two-lines-with-address"),
        "{text}"
    );
    let written = accept(site.folder.path(), &set, &report, &[changed]).unwrap();
    let names: Vec<_> = written
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy())
        .collect();
    assert_eq!(names, [ONE, TWO, COST_FILE]);
    let (_, report) = site.test();
    assert_eq!((report.verdict(), report.count(Status::Passed)), (Verdict::Passed, 2));
    assert!(report.cases.iter().all(|case| case.cost.word() == "same"));
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(
        (value(&site.text(ONE)), value(&site.text(TWO))),
        (value(&before.0), value(&before.1))
    );
}

#[test]
fn a_new_case_is_shown_whole_and_accepted_at_its_end() {
    let site = Site::new(&[ONE]);
    let path = site.folder.path().join("cases").join(ONE);
    let mut value: Value = serde_json::from_str(&site.text(ONE)).unwrap();
    value.as_object_mut().unwrap().remove("expect");
    std::fs::write(&path, serde_json::to_string_pretty(&value).unwrap()).unwrap();
    let (set, report) = site.test();
    assert_eq!(report.verdict(), Verdict::Pending);
    let found = patterns(&report, &set);
    let text = render(&found[0], &report, Look { lang: Lang::Zh, ..LOOK });
    assert!(
        text.contains("新用例: mapped (1)") && text.contains("\"ExternalCode\""),
        "{text}"
    );
    accept(site.folder.path(), &set, &report, &[&found[0]]).unwrap();
    assert!(site.text(ONE).contains("\n  \"expect\": {\n    \"mapped\": {"));
    assert_eq!(site.test().1.verdict(), Verdict::Passed);
}

#[test]
fn the_first_cost_is_written_for_all_and_what_got_dearer_is_told() {
    let site = Site::new(&[ONE, TWO]);
    let (set, report) = site.test();
    let found = patterns(&report, &set);
    assert_eq!(
        (found.len(), found[0].kind, found[0].is_pending),
        (1, PatternKind::NewCost, false)
    );
    let written = accept(site.folder.path(), &set, &report, &[&found[0]]).unwrap();
    assert_eq!(written.len(), 1);
    assert!(patterns(&site.test().1, &site.test().0).is_empty());
    let fuel = report.cases[0].usage.fuel;
    site.edit(COST_FILE, &fuel.to_string(), &(fuel / 2).to_string());
    let (set, report) = site.test();
    assert_eq!(report.verdict(), Verdict::Pending);
    let found = patterns(&report, &set);
    let text = render(&found[0], &report, LOOK);
    assert!(text.contains("more fuel") && text.contains("+100.0%"), "{text}");
    assert_eq!(to_json(&found[0])["kind"], "dearer");
}

#[test]
fn nothing_accepted_writes_nothing() {
    let site = Site::new(&[ONE]);
    let (set, report) = site.test();
    assert_eq!(
        accept(site.folder.path(), &set, &report, &[]).unwrap(),
        Vec::<PathBuf>::new()
    );
    assert!(!site.folder.path().join("cases").join(COST_FILE).exists());
}
