//! The plugins that a stored record is run through: those in force, from the store; where nothing was deployed yet, those
//! that the files name.

use dukou_core::names::SchemeName;

use crate::compose;
use crate::deploy::{Wanted, activate, wanted};
use crate::overview::desk::Desk;
use crate::scheme::Scheme;

/// A scheme with its plugins and tables.
pub struct Force {
    /// The definition.
    pub scheme: Scheme,
    /// Plugins and tables.
    pub wanted: Wanted,
    /// The deployment's number; `None` when the files' definition stands in.
    pub deployment: Option<u64>,
}

/// Loads what is in force for a scheme.
///
/// # Errors
/// When the deployment, or without one the files, cannot be used.
pub fn in_force(desk: &Desk, name: &SchemeName) -> anyhow::Result<Force> {
    let runtime = compose::runtime(&desk.project.root)?;
    if let Some(active) = desk.store.active(name)? {
        let (scheme, wanted) = activate::load(&desk.project, desk.store.as_ref(), &runtime, &active)?;
        return Ok(Force {
            scheme,
            wanted,
            deployment: Some(active.id),
        });
    }
    let scheme = desk.project.load_scheme(name)?;
    let wanted = wanted(&desk.project, &scheme, &runtime)?;
    Ok(Force {
        scheme,
        wanted,
        deployment: None,
    })
}
