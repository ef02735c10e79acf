//! Edited, not usable, gone: none of it may look like what runs.

use std::path::Path;

use chrono::DateTime;
use dukou_store::memory::MemoryStore;
use dukou_store::rows::NewDeployment;

use super::*;

const PROJECT: &str = include_str!("../../../../examples/wdt-to-tplus/dukou.toml");
const SCHEME: &str = include_str!("../../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml");
const SCHEME_FILE: &str = "schemes/wdt-to-tplus.toml";
const TABLE_FILE: &str = "tables/客户对照.csv";
const PLUGIN_FILE: &str = "plugins/checks.wasm";

struct Site {
    dir: tempfile::TempDir,
    store: MemoryStore,
    name: SchemeName,
}

impl Site {
    /// A scheme with a table and a plugin file, in force as it is.
    fn in_force() -> Self {
        let site = Self {
            dir: tempfile::tempdir().unwrap(),
            store: MemoryStore::new(),
            name: SchemeName::new("default", "wdt-to-tplus"),
        };
        site.write("dukou.toml", PROJECT);
        let named = format!("plugin = \"{PLUGIN_FILE}\"");
        site.write(SCHEME_FILE, &SCHEME.replace("plugin = \"voucher-checks\"", &named));
        site.write(TABLE_FILE, "店铺,客户,备注\nS1,C1,\n");
        site.write(PLUGIN_FILE, "as deployed");
        let project = Project::load(site.root()).unwrap();
        let scheme = project.load_scheme(&site.name).unwrap();
        let uses = scheme.plugin_uses();
        let rows = project.table("default", "客户对照").unwrap().rows;
        let deployment = NewDeployment {
            digest: Digest::of(b"all of it"),
            definition: scheme.definition_json(),
            plugins: uses
                .map(|one| {
                    (
                        one.name.clone(),
                        super::super::wanted::digest_of(&project, one).unwrap(),
                    )
                })
                .collect(),
            tables: vec![("客户对照".into(), Digest::of(&tables::to_bytes(&rows)))],
            by: "li".into(),
            note: String::new(),
            evidence: "{}".into(),
        };
        site.store
            .activate(&site.name, &deployment, DateTime::UNIX_EPOCH)
            .unwrap();
        site
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn remove(&self, file: &str) {
        std::fs::remove_file(self.root().join(file)).unwrap();
    }

    fn found(&self) -> Undeployed {
        let project = Project::load(self.root()).unwrap();
        undeployed(&project, &self.store, &self.name).unwrap()
    }
}

fn edited(files: &[&str]) -> Undeployed {
    Undeployed {
        edited: files.iter().map(|file| (*file).to_owned()).collect(),
        ..Undeployed::default()
    }
}

fn unusable(files: &[&str]) -> Undeployed {
    Undeployed {
        unusable: files.iter().map(|file| (*file).to_owned()).collect(),
        ..Undeployed::default()
    }
}

#[test]
fn what_is_in_force_is_no_edit() {
    assert!(Site::in_force().found().is_empty());
}

#[test]
fn an_edit_is_named_by_its_file() {
    let site = Site::in_force();
    site.write(TABLE_FILE, "店铺,客户,备注\nS1,C2,\n");
    assert_eq!(site.found(), edited(&[TABLE_FILE]));
    site.write(PLUGIN_FILE, "newer");
    assert_eq!(site.found(), edited(&[PLUGIN_FILE, TABLE_FILE]));
}

#[test]
fn a_file_that_cannot_be_used_does_not_pass_for_unchanged() {
    let site = Site::in_force();
    site.write(TABLE_FILE, "店铺,客户,备注\nS1,C1\n");
    assert_eq!(site.found(), unusable(&[TABLE_FILE]), "a row of two cells");
    site.remove(TABLE_FILE);
    assert_eq!(site.found(), unusable(&[TABLE_FILE]), "no file");

    let site = Site::in_force();
    site.write("dukou.lock", "format = \"none\"\n");
    assert_eq!(site.found(), unusable(&["dukou.lock"]));

    let site = Site::in_force();
    lock::pin(site.root(), &site.name, PLUGIN_FILE, b"as deployed").unwrap();
    assert!(site.found().is_empty());
    let pinned = lock::pins(site.root(), &site.name).unwrap().remove(0).file;
    let pinned = shown(site.root(), &site.root().join(pinned));
    site.write(&pinned, "something else");
    assert_eq!(site.found(), unusable(&[&pinned]));

    let site = Site::in_force();
    site.write(SCHEME_FILE, "title = \n");
    assert_eq!(site.found(), unusable(&[SCHEME_FILE]));
}

#[test]
fn a_scheme_in_force_whose_file_is_gone_is_told_so() {
    let site = Site::in_force();
    site.remove(SCHEME_FILE);
    let found = site.found();
    assert_eq!(found.gone.as_deref(), Some(SCHEME_FILE));
    assert_eq!(found.files(), [SCHEME_FILE]);
    let never = SchemeName::new("default", "never-deployed");
    let project = Project::load(site.root()).unwrap();
    assert!(undeployed(&project, &site.store, &never).unwrap().is_empty());
}

#[test]
fn what_was_never_deployed_is_all_new_or_not_usable() {
    let site = Site::in_force();
    let other = SchemeName::new("default", "other");
    let found = || undeployed(&Project::load(site.root()).unwrap(), &site.store, &other).unwrap();
    site.write("schemes/other.toml", SCHEME);
    assert_eq!(found(), edited(&["schemes/other.toml"]));
    site.write("schemes/other.toml", &SCHEME.replace("[target]", "[targte]"));
    assert_eq!(found(), unusable(&["schemes/other.toml"]));
}
