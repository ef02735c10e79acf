//! Dry run: reads the source and maps in memory, then stops. This file has no way to a target's sender or to the store's
//! writing verbs: it is handed a source and a mapper, nothing else.

use dukou_connect::{Query, Source};
use dukou_core::clock::Clock;
use dukou_core::json::{Pick, scalar_text};
use dukou_core::outcome::ReadFailure;
use dukou_core::verdict::{Group, SourceRecord};
use dukou_plugin::{Chain, Fate, Rules, SharedTables};

/// What makes fates of groups, as the pipeline does: the plugins, their tables, and the host's check of documents.
#[derive(Clone)]
pub struct Mapper {
    /// The plugins, configured.
    pub chain: Chain,
    /// Their tables.
    pub tables: SharedTables,
    /// What the host checks of documents.
    pub rules: Rules,
}

impl Mapper {
    /// The fate of each group, in order, in the pipeline's batches; `None` where it was not decided and nobody's fault.
    /// Blocks.
    pub fn fates(&self, groups: &[Group]) -> Vec<Option<Fate>> {
        let mut fates = Vec::with_capacity(groups.len());
        for batch in groups.chunks(super::transform::BATCH) {
            let outcomes = self.chain.run(batch, &self.tables).outcomes;
            fates.extend(
                batch
                    .iter()
                    .zip(outcomes)
                    .map(|(group, outcome)| self.rules.judge(group, outcome)),
            );
        }
        fates
    }
}

/// One group and what would become of it.
#[derive(Debug)]
pub struct Preview {
    /// The group's key.
    pub key: String,
    /// The bodies of its records: who shows the fate hides their personal values in it.
    pub records: Vec<String>,
    /// What would become of it; `None` where it was not decided and nobody's fault.
    pub fate: Option<Fate>,
}

/// Reads at most `limit` records of the query and maps them.
///
/// # Errors
/// The source's failure.
pub async fn preview(
    source: &dyn Source,
    query: &Query,
    key_path: &str,
    mapper: &Mapper,
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
    map(groups, mapper).await
}

/// Maps groups, in memory.
///
/// # Errors
/// When a plugin's thread panicked.
pub async fn map(groups: Vec<Group>, mapper: &Mapper) -> Result<Vec<Preview>, ReadFailure> {
    let mapper = mapper.clone();
    let mapping = tokio::task::spawn_blocking(move || {
        let fates = mapper.fates(&groups);
        let previews = groups.into_iter().zip(fates);
        let preview = |(group, fate): (Group, _)| Preview {
            key: group.key,
            records: group.records.into_iter().map(|record| record.body).collect(),
            fate,
        };
        previews.map(preview).collect()
    });
    mapping.await.map_err(|_| ReadFailure::Unavailable {
        reason: "mapping panicked".into(),
    })
}
