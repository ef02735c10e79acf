//! A stored record by any of its keys, for every command that is about one; and what to say when there is none.

use dukou_core::names::SchemeName;
use dukou_core::verdict::Group;
use dukou_store::rows::Story;

use crate::cli::Failure;
use crate::exit::Exit;
use crate::overview::desk::Desk;
use crate::overview::{nearest, text};

/// The record with a key, in the named scheme or in the only one that has it. `again` is the command line that names
/// the scheme.
///
/// # Errors
/// Not found, with keys that look alike; or usage, when several schemes have it.
pub fn find(
    desk: &Desk,
    key: &str,
    scheme: Option<&str>,
    again: &dyn Fn(&str) -> String,
) -> anyhow::Result<(SchemeName, Story)> {
    let schemes = match scheme {
        Some(named) => vec![desk.choose(Some(named))?],
        None => desk.schemes()?,
    };
    let mut found: Vec<(SchemeName, Story)> = Vec::new();
    for scheme in &schemes {
        if let Some(story) = desk.store.story(scheme, key)? {
            found.push((scheme.clone(), story));
        }
    }
    match found.len() {
        0 => Err(not_found(desk, &schemes, key)?.into()),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let mut message = desk.lang.text("record.several", &[("key", &text::clean(key))]);
            for (scheme, _) in &found {
                message.push_str(&format!("\n  {}", again(&scheme.to_string())));
            }
            Err(Failure {
                code: "record.several",
                message,
                exit: Exit::Usage,
            }
            .into())
        }
    }
}

fn not_found(desk: &Desk, schemes: &[SchemeName], key: &str) -> anyhow::Result<Failure> {
    let mut near = Vec::new();
    for scheme in schemes {
        near.extend(nearest::keys(desk.store.as_ref(), scheme, key)?);
    }
    near.truncate(10);
    let near: Vec<String> = near.iter().map(|key| text::clean(key)).collect();
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("key", &text::clean(key)), ("near", &near.join(", "))];
    let message = match near.is_empty() {
        true => desk.lang.text("record.not-found", &arguments[..1]),
        false => desk.lang.text("record.not-found-near", &arguments),
    };
    Ok(Failure {
        code: "record.not-found",
        message,
        exit: Exit::NotFound,
    })
}

/// The group as the store has it now.
///
/// # Errors
/// Not found, when no record belongs to it any more; the store's.
pub fn group_of(desk: &Desk, scheme: &SchemeName, group: &str, key: &str) -> anyhow::Result<Group> {
    let claimed = desk
        .store
        .peek_groups(scheme, &[group.to_owned()], 1)?
        .into_iter()
        .next();
    let Some(claimed) = claimed else {
        return Err(Failure {
            code: "record.not-found",
            message: desk.lang.text("record.not-found", &[("key", &text::clean(key))]),
            exit: Exit::NotFound,
        }
        .into());
    };
    Ok(Group {
        key: claimed.key,
        records: claimed.records,
        extra: "{}".to_owned(),
    })
}
