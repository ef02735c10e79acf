//! What the files want and cannot have: blamed where it stands, and before anything that only follows from it.

use std::path::Path;
use std::sync::OnceLock;

use dukou_plugin::{InProcessCompiler, RuntimeOptions};

use super::*;
use crate::exit::Exit;
use crate::scheme::Code;

const PROJECT: &str = include_str!("../../../../examples/wdt-to-tplus/dukou.toml");
const SCHEME: &str = include_str!("../../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml");

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What is wrong with the example when one text stands in the place of another.
fn errors(root: &Path, from: &str, to: &str) -> DefinitionErrors {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new(RuntimeOptions::new(Arc::new(InProcessCompiler))).unwrap());
    assert!(SCHEME.contains(from));
    write(root, "dukou.toml", PROJECT);
    write(root, "schemes/wdt-to-tplus.toml", &SCHEME.replacen(from, to, 1));
    let project = Project::load(root).unwrap();
    let name = project.choose(None).unwrap();
    let scheme = project.load_scheme(&name).unwrap();
    let error = wanted(&project, &scheme, runtime).err().expect("it cannot be had");
    error.downcast().unwrap()
}

fn line_of(text: &str) -> usize {
    SCHEME.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn a_plugin_of_another_kind_is_blamed_at_its_own_place_before_its_settings() {
    let dir = tempfile::tempdir().unwrap();
    for (named, other, needs) in [
        (
            "plugin = \"voucher-checks\"",
            "plugin = \"table\"",
            "needs a validation",
        ),
        ("plugin = \"table\"", "plugin = \"voucher-checks\"", "needs a mapping"),
    ] {
        let errors = errors(dir.path(), named, other);
        let [error] = &errors.0[..] else { panic!("{errors}") };
        assert_eq!(error.code, Code::NotAComponent, "{errors}");
        assert_eq!(error.position().unwrap().0, line_of(named), "{errors}");
        assert!(errors.to_string().contains(needs), "{errors}");
    }
}

#[test]
fn a_table_that_cannot_be_read_is_never_replaced_by_another() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "tables/客户对照.csv", "店铺,客户,备注\nS1,C1\n");
    let looked_up = "Partner = \"{{shop_no|lookup(客户对照)}}\"";
    let errors = errors(dir.path(), "Partner = \"TESTCUST\"", looked_up);
    assert_eq!(errors.0[0].code, Code::RaggedRow, "{errors}");
    assert_eq!(errors.exit(), Exit::Definition);
}
