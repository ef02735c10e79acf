//! Deploy (发布): files are what is wanted, the store is what runs. Inspects plugins, configures them with a scheme's
//! settings, pins tables, and activates the whole under one digest. Running code comes from the store, never from a file.

pub mod activate;
pub mod tables;
pub mod wanted;

pub use activate::{Deployed, activate, undeployed};
pub use wanted::{Wanted, check_plugins, wanted};
