//! Which plugins there are: the stock ones, the project's component files, plugin folders, and which schemes use them.
//! Inspects, compiles nothing; what is wrong with one plugin is said in its line.

use std::path::{Path, PathBuf};

use dukou_core::digest::Digest;
use dukou_plugin::cases::CaseSet;
use dukou_plugin::{InspectionLimits, Kind, inspect};

use super::cases;
use super::folder::PluginFolder;
use crate::scheme::{PluginAt, Scheme, project_files};
use crate::settings::Project;

/// Most plugins of a project that are listed.
const MOST: usize = 1_000;

/// All plugins of a project.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// Stock plugins first, then component files, then folders.
    pub plugins: Vec<Shelved>,
    /// Stock plugins whose name a component file of the project has taken.
    pub shadowed: Vec<String>,
}

/// One plugin.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// What a scheme calls it.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// What it is, or the code and the reason why nobody can tell.
    pub what: Result<What, (&'static str, String)>,
    /// The schemes that use it.
    pub schemes: Vec<String>,
}

/// Where a plugin is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the program.
    Stock,
    /// A component file, by its path in the project.
    File(PathBuf),
    /// A plugin's folder, by its path in the project.
    Folder(PathBuf),
}

impl Place {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::File(_) => "file",
            Self::Folder(_) => "folder",
        }
    }

    /// Its path, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stock => None,
            Self::File(path) | Self::Folder(path) => Some(path),
        }
    }
}

/// What a plugin is.
#[derive(Debug, Clone)]
pub struct What {
    /// Its kind.
    pub kind: Kind,
    /// Its version.
    pub version: Option<String>,
    /// The digest of its component; a folder that was never built has none.
    pub digest: Option<Digest>,
    /// Size of its component.
    pub bytes: Option<usize>,
    /// How many cases it has.
    pub cases: Option<usize>,
}

/// Lists the plugins of a project. A folder that is no project has no schemes; a broken scheme uses nothing.
pub fn look(root: &Path) -> Shelf {
    let project = Project::read(root).ok().map(|(project, _)| project);
    let schemes = project.as_ref().map_or_else(Vec::new, |project| project.load_all().0);
    let tenants = project.iter().flat_map(|project| project.tenants.values());
    let folders_of_files = std::iter::once(root.to_owned()).chain(tenants.map(|tenant| root.join(tenant.folder())));
    let mut shelf = Shelf::default();
    for (name, bytes) in dukou_stock::all() {
        shelf.plugins.push(Shelved {
            name: (*name).to_owned(),
            place: Place::Stock,
            what: what(bytes),
            schemes: users(&schemes, &PluginAt::Stock((*name).to_owned())),
        });
    }
    let files = folders_of_files.flat_map(|folder| project_files(&folder, "plugins", "wasm"));
    for path in files.take(MOST) {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let shared = path.parent() == Some(root.join("plugins").as_path());
        if shared && dukou_stock::all().iter().any(|(stock, _)| *stock == name) {
            shelf.shadowed.push(name.clone());
        }
        let below = path.strip_prefix(root).unwrap_or(&path).to_owned();
        shelf.plugins.push(Shelved {
            name,
            what: match std::fs::read(&path) {
                Ok(bytes) => what(&bytes),
                Err(error) => Err(("author.read", error.to_string())),
            },
            schemes: users(&schemes, &PluginAt::File(below.clone())),
            place: Place::File(below),
        });
    }
    for path in folders(root) {
        let below = path.strip_prefix(root).unwrap_or(&path).to_owned();
        let below = if below.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            below
        };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let (name, what) = match PluginFolder::open(&path) {
            Ok(folder) => (folder.name.clone(), Ok(unpacked(&folder))),
            Err(error) => (name.unwrap_or_default(), Err((error.code(), error.to_string()))),
        };
        shelf.plugins.push(Shelved {
            name,
            what,
            schemes: Vec::new(),
            place: Place::Folder(below),
        });
    }
    shelf
}

/// The plugin folders: the root itself, its folders, and those in `plugins/`.
fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    for parent in [root.to_owned(), root.join("plugins")] {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let mut inner: Vec<_> = entries.map(|entry| entry.path()).take(MOST).collect();
        inner.sort();
        found.extend(inner);
    }
    found.retain(|path| PluginFolder::is_one(path));
    found
}

fn what(bytes: &[u8]) -> Result<What, (&'static str, String)> {
    let inspection = inspect(bytes, &InspectionLimits::default()).map_err(|error| (error.code(), error.to_string()))?;
    let cases = inspection.cases.as_deref().map(CaseSet::from_section);
    Ok(What {
        kind: inspection.kind,
        version: inspection.manifest.map(|manifest| manifest.version),
        digest: Some(Digest::of(bytes)),
        bytes: Some(bytes.len()),
        cases: cases.map(|set| set.map_or(0, |set| set.cases.len())),
    })
}

fn unpacked(folder: &PluginFolder) -> What {
    let built = std::fs::read(folder.component()).ok();
    What {
        kind: folder.kind,
        version: Some(folder.version.clone()),
        digest: built.as_deref().map(Digest::of),
        bytes: built.as_ref().map(Vec::len),
        cases: cases::read(&folder.root).ok().map(|set| set.cases.len()),
    }
}

fn users(schemes: &[Scheme], place: &PluginAt) -> Vec<String> {
    let same = |at: &PluginAt| match (at, place) {
        // `./plugins/x.wasm` is `plugins/x.wasm`.
        (PluginAt::File(at), PluginAt::File(place)) => at.components().eq(place.components()),
        (at, place) => at == place,
    };
    schemes
        .iter()
        .filter(|scheme| scheme.plugin_uses().any(|plugin_use| same(&plugin_use.at)))
        .map(|scheme| scheme.name.to_string())
        .collect()
}
