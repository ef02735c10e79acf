//! Deploy (发布): files are what is wanted, the store is what runs. Inspects plugins, configures them with a scheme's
//! settings, pins tables, has the cases inside the plugins prove them, replays the retained history, and activates the whole
//! under one digest. Running code comes from the store, never from a file. Nothing here can send.

pub mod activate;
pub mod cases;
pub mod changes;
pub mod evidence;
pub mod fleet;
pub mod gate;
pub mod lock;
pub mod rollback;
pub mod rollout;
pub mod shadow;
pub mod stored;
pub mod tables;
pub mod undeployed;
pub mod wanted;
pub mod watch;

use dukou_core::digest::Digest;

pub use activate::{Deployed, Overtaken, activate};
pub use cases::prove;
pub use undeployed::{Undeployed, undeployed};
pub use wanted::{Override, Wanted, check_plugins, wanted, wanted_with};

use crate::scheme::Scheme;
use crate::settings::Project;

/// The file of a scheme's base below the project, and its digest now.
pub fn base_of(project: &Project, scheme: &Scheme) -> Option<(String, String)> {
    let name = scheme.bases.first()?;
    let file = format!("base/schemes/{name}.toml");
    let bytes = std::fs::read(project.root.join(&file)).ok()?;
    Some((file, Digest::of(&bytes).to_string()))
}
