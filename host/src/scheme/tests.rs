//! Definitions, good and bad. A bad one marks with `«` where its finding must point.

mod bad;
mod good;
mod over_base;
mod reference;
mod resolved;
mod table;
mod tenants;

use std::path::Path;

use super::{DefinitionErrors, Scheme};
use crate::settings::Project;

const PROJECT: &str = include_str!("../../../examples/wdt-to-tplus/dukou.toml");
const SCHEME: &str = include_str!("../../../examples/wdt-to-tplus/schemes/wdt-to-tplus.toml");
const RICH: &str = include_str!("testdata/sales-out.toml");

/// A project in a folder of its own.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    /// The example.
    fn new() -> Self {
        let site = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        site.write("dukou.toml", PROJECT);
        site.write("schemes/wdt-to-tplus.toml", SCHEME);
        site
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Everything wrong with project and schemes; the schemes that are fine.
    fn load(&self) -> (Vec<Scheme>, DefinitionErrors) {
        match Project::read(self.root()) {
            Ok((project, mut errors)) => {
                let (schemes, found) = project.load_all();
                errors.extend(found.0);
                (schemes, DefinitionErrors(errors))
            }
            Err(errors) => (Vec::new(), errors),
        }
    }

    fn scheme(&self) -> Scheme {
        let (mut schemes, errors) = self.load();
        assert!(errors.is_empty(), "{errors}");
        schemes.pop().unwrap()
    }
}

/// Replaces text that must be there, once.
fn edited(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the text");
    text.replacen(from, to, 1)
}
