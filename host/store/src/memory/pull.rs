//! Windows, pages and the mark.

use chrono::{DateTime, Utc};
use dukou_core::names::SchemeName;

use super::state::{Group, GroupState, Record, State};
use crate::StoreError;
use crate::rows::*;

impl State {
    pub(super) fn open_window(&mut self, scheme: &SchemeName, range: Option<OpenWindow>) -> Option<Window> {
        if let Some(open) = self
            .windows
            .get_mut(scheme)
            .and_then(|windows| windows.iter_mut().find(|window| window.closed_at.is_none()))
        {
            open.lease += 1;
            return Some(open.clone());
        }
        let range = range?;
        self.schemes.insert(scheme.clone());
        let windows = self.windows.entry(scheme.clone()).or_default();
        let window = Window {
            id: windows.len() as u64 + 1,
            range: range.range,
            moves_mark: range.moves_mark,
            lease: 1,
            position: None,
            pages: 0,
            rows: 0,
            opened_at: range.at,
            closed_at: None,
        };
        windows.push(window.clone());
        Some(window)
    }

    fn guard(&mut self, scheme: &SchemeName, id: u64, lease: u64) -> Result<&mut Window, StoreError> {
        self.windows
            .get_mut(scheme)
            .and_then(|windows| {
                windows
                    .iter_mut()
                    .find(|window| window.id == id && window.lease == lease)
            })
            .ok_or_else(|| StoreError::Stale {
                what: format!("window {id}"),
            })
    }

    pub(super) fn close_window(
        &mut self,
        scheme: &SchemeName,
        id: u64,
        lease: u64,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let window = self.guard(scheme, id, lease)?;
        if window.closed_at.is_some() {
            return Ok(());
        }
        window.closed_at = Some(at);
        if window.moves_mark {
            let end = window.range.end;
            let mark = self.marks.entry(scheme.clone()).or_insert(end);
            *mark = (*mark).max(end);
        }
        Ok(())
    }

    pub(super) fn ingest(&mut self, scheme: &SchemeName, page: &IngestPage) -> Result<IngestCounts, StoreError> {
        let window = self.guard(scheme, page.window, page.lease)?;
        if window.closed_at.is_some() {
            return Err(StoreError::Stale {
                what: format!("window {}", page.window),
            });
        }
        window.position = Some(page.position.clone());
        window.pages += 1;
        window.rows += page.records.len() as u64;
        let mut counts = IngestCounts::default();
        for record in &page.records {
            match self.record(scheme, &record.key) {
                None => {
                    counts.new += 1;
                    let group = self.make_due(scheme, &record.group);
                    self.record_keys
                        .insert((scheme.clone(), record.key.clone()), self.records.len());
                    self.records.push(Record {
                        scheme: scheme.clone(),
                        key: record.key.clone(),
                        group,
                        revisions: vec![(page.at, record.body.clone())],
                        hash: record.hash,
                        shown: record.shown.clone(),
                        aliases: record.aliases.iter().cloned().collect(),
                        accepted: false,
                        mapped: false,
                    });
                }
                Some(known) if self.records[known].hash == record.hash => counts.known += 1,
                Some(known) => {
                    counts.changed += 1;
                    let group = self.make_due(scheme, &record.group);
                    let row = &mut self.records[known];
                    row.revisions.push((page.at, record.body.clone()));
                    row.hash = record.hash;
                    row.shown = record.shown.clone();
                    row.aliases.extend(record.aliases.iter().cloned());
                    let before = std::mem::replace(&mut row.group, group);
                    if before != group {
                        self.left(before, page.at);
                    }
                }
            }
        }
        Ok(counts)
    }

    fn make_due(&mut self, scheme: &SchemeName, key: &str) -> usize {
        let group = self.group(scheme, key).unwrap_or_else(|| {
            let id = self.groups.len();
            self.groups.push(Group {
                scheme: scheme.clone(),
                key: key.to_owned(),
                state: GroupState::Waiting,
                lease: 0,
                claims: 0,
                reason: None,
                recipe: None,
                deployment: None,
                omitted: Vec::new(),
                borrowed: Default::default(),
            });
            self.group_keys.insert((scheme.clone(), key.to_owned()), id);
            id
        });
        self.interrupt(group, GroupState::Waiting);
        group
    }

    /// A claim on the group ends: what it read is no longer the newest.
    fn interrupt(&mut self, group: usize, state: GroupState) {
        let group = &mut self.groups[group];
        if matches!(group.state, GroupState::Claimed(_)) {
            group.lease += 1;
        }
        group.state = state;
        group.claims = 0;
    }

    /// A member moved to another group.
    fn left(&mut self, group: usize, at: DateTime<Utc>) {
        if self.members(group).next().is_some() {
            self.interrupt(group, GroupState::Waiting);
        } else {
            self.interrupt(group, GroupState::Empty);
            self.give_up(group, at);
        }
    }
}
