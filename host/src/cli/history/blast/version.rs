//! Which version a person means: the only digest that begins as they wrote, or one scheme's numbered deployment.

use std::collections::BTreeMap;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use super::usage;
use crate::cli::{Context, Failure};
use crate::exit::Exit;
use crate::overview::blast::find::{Asked, Candidate, Kind, Made, Search};
use crate::overview::desk::Desk;
use crate::overview::history;
use crate::overview::text::clean;

/// Deployments that an ambiguous digest's line names.
const MOST_NAMED: usize = 4;

/// The version whose vouchers are wanted.
pub(super) struct Bad {
    pub(super) kind: Kind,
    pub(super) digest: Digest,
    pub(super) name: String,
    pub(super) used: BTreeMap<SchemeName, Vec<Made>>,
}

/// Finds the version that was asked for.
///
/// # Errors
/// Usage when it is no version's name or not the only one meant, not found when nothing ever used it.
pub(super) fn bad(context: &Context, desk: &Desk, schemes: &[SchemeName], text: &str) -> anyhow::Result<Bad> {
    let shown = clean(text);
    let Some(asked) = Asked::parse(text, false) else {
        let message = context.lang.text("blast.bad-version", &[("text", &shown)]);
        return Err(usage("usage.version", message));
    };
    let schemes = match &asked {
        Asked::Number(Some(named), _) => vec![desk.choose(Some(named))?],
        Asked::Number(None, _) if schemes.len() != 1 => vec![desk.choose(None)?],
        _ => schemes.to_vec(),
    };
    let search = search(desk, &schemes, &asked)?;
    let ((kind, digest), found) = only(context, &shown, search)?
        .ok_or_else(|| not_found(context.lang.text("blast.not-found", &[("text", &shown)])))?;
    Ok(Bad {
        kind,
        digest,
        name: found.name,
        used: found.used,
    })
}

/// Looks through every deployment of some schemes.
pub(super) fn search<'a>(desk: &Desk, schemes: &[SchemeName], asked: &'a Asked) -> anyhow::Result<Search<'a>> {
    let mut search = Search::new(asked);
    for scheme in schemes {
        search.look(scheme, &desk.store.deployments(scheme, history::MOST)?);
    }
    Ok(search)
}

/// The only candidate, if there is one.
///
/// # Errors
/// Usage, listing them, when there are several.
pub(super) fn only(
    context: &Context,
    shown: &str,
    search: Search<'_>,
) -> anyhow::Result<Option<((Kind, Digest), Candidate)>> {
    if search.found.len() <= 1 {
        return Ok(search.found.into_iter().next());
    }
    let mut message = context.lang.text("blast.ambiguous", &[("text", &shown)]);
    for ((kind, digest), candidate) in &search.found {
        let what = context.lang.t(&format!("blast.kind.{}", kind.word()));
        let uses = candidate.used.iter();
        let uses: Vec<String> = uses
            .flat_map(|(scheme, used)| used.iter().map(move |made| format!("{scheme}#{}", made.id)))
            .collect();
        let named = uses.get(..uses.len().min(MOST_NAMED)).unwrap_or_default().join(", ");
        let more = if uses.len() > MOST_NAMED { ", …" } else { "" };
        message.push_str(&format!(
            "\n  {digest} {what} {} ({named}{more})",
            clean(&candidate.name)
        ));
    }
    Err(usage("usage.ambiguous", message))
}

pub(super) fn not_found(message: String) -> anyhow::Error {
    Failure {
        code: "deployment.not-found",
        message,
        exit: Exit::NotFound,
    }
    .into()
}
