//! Dry run: reads the source and maps in memory, then stops. This file has no way to a target's sender or to the store's
//! writing verbs: it is handed a source and a chain, nothing else.

use dukou_connect::{Query, Source};
use dukou_core::clock::Clock;
use dukou_core::json::{Pick, scalar_text};
use dukou_core::outcome::ReadFailure;
use dukou_core::verdict::{Group, SourceRecord};
use dukou_plugin::{Chain, GroupOutcome, SharedTables};

/// One group and what would become of it.
#[derive(Debug)]
pub struct Preview {
    /// The group's key.
    pub key: String,
    /// The raw record.
    pub body: String,
    /// What the plugins said.
    pub outcome: GroupOutcome,
}

/// Reads at most `limit` records of the query and maps them.
///
/// # Errors
/// The source's failure.
pub async fn preview(
    source: &dyn Source,
    query: &Query,
    key_path: &str,
    chain: &Chain,
    tables: &SharedTables,
    clock: &dyn Clock,
    limit: usize,
) -> Result<Vec<Preview>, ReadFailure> {
    let pick = Pick::new([key_path]);
    let received_at = clock.now().to_rfc3339();
    let mut groups: Vec<Group> = Vec::new();
    let mut position: Option<String> = None;
    while groups.len() < limit {
        let page = source.read(query, position.as_deref()).await?;
        for row in page.records {
            let key = pick
                .read(&row.body)
                .ok()
                .and_then(|found| found[0].first().and_then(|raw| scalar_text(raw)).map(String::from));
            let Some(key) = key.filter(|key| groups.iter().all(|group| group.key != *key)) else {
                continue;
            };
            if groups.len() == limit {
                break;
            }
            groups.push(Group {
                key: key.clone(),
                records: vec![SourceRecord {
                    key,
                    received_at: received_at.clone(),
                    body: row.body,
                    extra: "{}".to_owned(),
                }],
                extra: "{}".to_owned(),
            });
        }
        match page.next {
            Some(next) => position = Some(next),
            None => break,
        }
    }
    map(groups, chain, tables).await
}

/// Maps groups, in memory.
///
/// # Errors
/// When a plugin's thread panicked.
pub async fn map(groups: Vec<Group>, chain: &Chain, tables: &SharedTables) -> Result<Vec<Preview>, ReadFailure> {
    let (chain, tables) = (chain.clone(), tables.clone());
    let mapping = tokio::task::spawn_blocking(move || {
        let outcomes: Vec<GroupOutcome> = groups
            .chunks(super::transform::BATCH)
            .flat_map(|batch| chain.run(batch, &tables).outcomes)
            .collect();
        groups
            .into_iter()
            .zip(outcomes)
            .map(|(group, outcome)| Preview {
                key: group.key,
                body: group
                    .records
                    .into_iter()
                    .next()
                    .map(|record| record.body)
                    .unwrap_or_default(),
                outcome,
            })
            .collect()
    });
    mapping.await.map_err(|_| ReadFailure::Unavailable {
        reason: "mapping panicked".into(),
    })
}
