//! What `dukou replay` compares with what is in force: the files, a component in the place of one of their plugins, or what
//! was in force before, by digest.

use std::fmt::Display;
use std::path::Path;

use dukou_core::names::SchemeName;
use dukou_plugin::{InspectionLimits, inspect};
use dukou_store::rows::Deployment;

use super::failure;
use crate::cli::Context;
use crate::cli::deploy::component;
use crate::compose::Host;
use crate::deploy::wanted::names;
use crate::deploy::{Override, Wanted, activate, wanted_with};
use crate::exit::Exit;
use crate::scheme::Scheme;

/// The fewest digits that name a digest.
const FEWEST_DIGITS: usize = 8;
/// Deployments of one scheme that a digest is looked for in.
const MOST_DEPLOYMENTS: usize = 10_000;

/// What is to be compared with what is in force.
pub(super) fn wanted(
    context: &Context,
    host: &Host,
    name: &SchemeName,
    plugin: Option<&str>,
) -> anyhow::Result<(Scheme, Wanted)> {
    let stand_in = match plugin {
        None => None,
        Some(text) if text.ends_with(".wasm") || Path::new(text).is_file() => {
            let scheme = host.project.load_scheme(name)?;
            Some(stand_in(context, &scheme, Path::new(text))?)
        }
        Some(text) => match by_digest(context, host, name, text)? {
            Found::Plugin(other) => Some(other),
            Found::Deployment(deployment) => {
                return activate::load(&host.project, host.store.as_ref(), &host.runtime, &deployment);
            }
        },
    };
    let scheme = host.project.load_scheme(name)?;
    let overrides: Vec<Override> = stand_in.into_iter().collect();
    let wanted = wanted_with(&host.project, &scheme, &host.runtime, &overrides)?;
    Ok((scheme, wanted))
}

/// The plugin of a scheme that a component stands in for: of the component's own name, else of its file's.
///
/// # Errors
/// When the file is no component, or the scheme has no plugin of either name.
pub fn stand_in(context: &Context, scheme: &Scheme, path: &Path) -> anyhow::Result<Override> {
    let bytes = component(context, path)?;
    let inspection = inspect(&bytes, &InspectionLimits::default())?;
    let mut known: Vec<String> = inspection.manifest.into_iter().map(|manifest| manifest.name).collect();
    known.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    known.dedup();
    let found = known
        .iter()
        .find(|name| scheme.plugin_uses().any(|plugin_use| names(plugin_use, name)));
    match found {
        Some(name) => Ok(Override {
            name: name.clone(),
            bytes,
        }),
        None => {
            let there: Vec<&str> = scheme
                .plugin_uses()
                .map(|plugin_use| plugin_use.name.as_str())
                .collect();
            let arguments: [(&str, &dyn Display); 3] = [
                ("scheme", &scheme.name),
                ("names", &known.join(", ")),
                ("there", &there.join(", ")),
            ];
            Err(failure(context, "replay.no-such-plugin", &arguments, Exit::NotFound))
        }
    }
}

enum Found {
    Plugin(Override),
    Deployment(Box<Deployment>),
}

/// What the scheme's deployments know by a digest's first digits.
fn by_digest(context: &Context, host: &Host, name: &SchemeName, text: &str) -> anyhow::Result<Found> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if digits.len() < FEWEST_DIGITS || !hex {
        let arguments: [(&str, &dyn Display); 1] = [("text", &text)];
        return Err(failure(context, "replay.short-digest", &arguments, Exit::NotFound));
    }
    let mut found: Vec<(String, Found)> = Vec::new();
    for deployment in host.store.deployments(name, MOST_DEPLOYMENTS)? {
        let digest = deployment.what.digest.to_string();
        for (plugin, digest) in &deployment.what.plugins {
            let named = digest.to_string();
            if !named.starts_with(&digits) || found.iter().any(|(known, _)| *known == named) {
                continue;
            }
            let Some(bytes) = host.store.blob(digest)? else {
                continue;
            };
            let stand_in = Override {
                name: plugin.clone(),
                bytes: bytes.into(),
            };
            found.push((named, Found::Plugin(stand_in)));
        }
        if digest.starts_with(&digits) && !found.iter().any(|(known, _)| *known == digest) {
            found.push((digest, Found::Deployment(Box::new(deployment))));
        }
    }
    let several: Vec<String> = found
        .iter()
        .map(|(digest, _)| digest.chars().take(16).collect())
        .collect();
    let several = several.join(", ");
    let key = match (found.pop(), found.is_empty()) {
        (Some((_, only)), true) => return Ok(only),
        (Some(_), false) => "replay.ambiguous-digest",
        (None, _) => "replay.unknown-digest",
    };
    let arguments: [(&str, &dyn Display); 3] = [("digest", &digits), ("found", &several), ("scheme", name)];
    Err(failure(context, key, &arguments, Exit::NotFound))
}
