//! Promotion: the green rows of a matrix come into force, at once or in waves; the others are held, with the reason. What
//! was put into force since a row was looked at is not overwritten.

use std::time::Duration;

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;

use super::{Colour, Component, Row};
use crate::compose::Host;
use crate::deploy::activate::{Deployed, Overtaken, Reason, activate, keep};
use crate::deploy::evidence::{Evidence, How, Standing};
use crate::deploy::lock;
use crate::deploy::rollout::{self, Entrant, Ground, NewRollout};
use crate::scheme::Scheme;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in force now, under this number.
    Promoted(u64),
    /// It was in force already.
    Unchanged(u64),
    /// It takes part in the rollout.
    InWave,
    /// It is held: its colour, `moved` when something else was put into force meanwhile, or `beyond` the last wave.
    Held(&'static str),
}

/// Who promotes, and why.
pub struct Promotion<'a> {
    /// The component.
    pub component: &'a Component,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub note: &'a str,
}

/// Brings every green row into force. Answers what became of each, in the order of the rows.
///
/// # Errors
/// The store's, `dukou.lock`'s.
pub fn promote(host: &Host, rows: &[Row], promotion: &Promotion<'_>) -> anyhow::Result<Vec<Fate>> {
    let mut fates = Vec::with_capacity(rows.len());
    let mut done: Vec<SchemeName> = Vec::new();
    let mut ended = Ok(());
    for row in rows {
        match promote_one(host, row, promotion) {
            Ok(fate) => {
                if !matches!(fate, Fate::Held(_)) {
                    done.push(row.name.clone());
                }
                fates.push(fate);
            }
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
    }
    // Whatever ended it: what was done is written down.
    lock::note_down(&host.project, host.store.as_ref(), &done);
    ended.map(|()| fates)
}

fn promote_one(host: &Host, row: &Row, promotion: &Promotion<'_>) -> anyhow::Result<Fate> {
    let looked = match (&row.looked, row.colour()) {
        (Ok(looked), Colour::Green) => looked,
        (_, colour) => return Ok(Fate::Held(colour.word())),
    };
    let active = host.store.active(&row.name)?.map(|active| active.id);
    if active != looked.examined.before.as_ref().map(|before| before.id) {
        return Ok(Fate::Held("moved"));
    }
    // What is wanted is written down first: a process that dies in between leaves a file that is not deployed yet.
    let root = &host.project.root;
    let names = stood_in(&looked.scheme, promotion.component);
    let pinned = lock::pin_for_now(root, &row.name, &names, &promotion.component.bytes)?;
    host.reach("deploy.before-activate");
    let evidence = Evidence {
        pinned: lock::stand_ins(&host.project, &looked.scheme),
        ..looked.examined.evidence(How::Gate)
    };
    let reason = Reason {
        by: promotion.by,
        note: promotion.note,
        evidence: &evidence,
        at: host.clock.now(),
    };
    let deployed = activate(host.store.as_ref(), &looked.scheme, &looked.wanted, &reason);
    host.reach("deploy.after-activate");
    pinned.settle(root, host.store.as_ref(), &deployed);
    Ok(match deployed? {
        Ok(Deployed::Unchanged { id }) => Fate::Unchanged(id),
        Ok(Deployed::Activated { id, .. }) => Fate::Promoted(id),
        Err(Overtaken) => Fate::Held("moved"),
    })
}

/// The plugins of a scheme that a component stands in for, by their names in its definition.
fn stood_in<'a>(scheme: &'a Scheme, component: &Component) -> Vec<&'a str> {
    let uses = scheme.plugin_uses().filter(|one| component.stands_in_for(one));
    uses.map(|one| one.name.as_str()).collect()
}

/// Begins a rollout of the green rows. The inner answer is its number, or why there is none.
///
/// # Errors
/// The store's.
pub fn roll_out(
    host: &Host,
    rows: &[Row],
    promotion: &Promotion<'_>,
    waves: &str,
    soak: Duration,
) -> anyhow::Result<Result<(u64, Vec<Fate>), rollout::Refused>> {
    let mut fates = Vec::with_capacity(rows.len());
    let (mut entrants, mut held) = (Vec::new(), Vec::new());
    for row in rows {
        let (Ok(looked), Colour::Green) = (&row.looked, row.colour()) else {
            held.push((row.name.clone(), row.colour().word().to_owned()));
            fates.push(Fate::Held(row.colour().word()));
            continue;
        };
        let Some(before) = looked.examined.before.clone() else {
            fates.push(Fate::Held(Colour::Grey.word()));
            continue;
        };
        if looked.examined.standing == Standing::Unchanged {
            fates.push(Fate::Unchanged(before.id));
            continue;
        }
        let mut evidence = looked.examined.evidence(How::Wave);
        evidence.pinned = lock::stand_ins(&host.project, &looked.scheme);
        for name in stood_in(&looked.scheme, promotion.component) {
            if !evidence.pinned.iter().any(|pinned| pinned == name) {
                evidence.pinned.push(name.to_owned());
            }
        }
        let reason = Reason {
            by: promotion.by,
            note: promotion.note,
            evidence: &evidence,
            at: host.clock.now(),
        };
        entrants.push(Entrant {
            scheme: row.name.clone(),
            candidate: keep(host.store.as_ref(), &looked.wanted, &reason)?,
            evidence,
            before,
        });
        fates.push(Fate::InWave);
    }
    let new = NewRollout {
        plugin: promotion.component.names.first().cloned().unwrap_or_default(),
        digest: Digest::of(&promotion.component.bytes),
        by: promotion.by.to_owned(),
        note: promotion.note.to_owned(),
        soak,
        waves: waves.to_owned(),
        entrants,
        held,
    };
    let id = match rollout::begin(&Ground::of(host), &new)? {
        Ok(id) => id,
        Err(refused) => return Ok(Err(refused)),
    };
    // Waves without a last `rest` leave some out.
    let members = rollout::find(host.store.as_ref(), id)?.map_or_else(Vec::new, |(_, _, body)| body.members);
    for (row, fate) in rows.iter().zip(&mut fates) {
        let left_out = |member: &rollout::Member| member.scheme == row.name.to_string() && member.wave.is_none();
        if *fate == Fate::InWave && members.iter().any(left_out) {
            *fate = Fate::Held("beyond");
        }
    }
    Ok(Ok((id, fates)))
}
