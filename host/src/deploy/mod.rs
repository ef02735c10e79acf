//! Deploy (发布): files are what is wanted, the store is what runs. Inspects plugins, configures them with a scheme's
//! settings, pins tables, has the cases inside the plugins prove them, and activates the whole under one digest. Running code comes from the store, never from a file.

pub mod activate;
pub mod gate;
pub mod tables;
pub mod wanted;

pub use activate::{Deployed, activate, undeployed};
pub use gate::prove;
pub use wanted::{Wanted, check_plugins, wanted};
