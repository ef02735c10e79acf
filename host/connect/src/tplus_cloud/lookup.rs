//! Is the document there? The rules of DESIGN §3: *found* only if a returned key is the key; *absent* only if the same
//! question has just found a document known to exist; everything else says why it proves nothing.
//!
//! ```text
//! list by key ─┬─ our key, once ──▶ get the voucher, compare ──▶ found: same, or different
//!              ├─ our key, twice ─▶ inconclusive: a person must see it
//!              ├─ other keys ─────▶ the filter was ignored: read every page, at most 20
//!              └─ nothing ────────▶ list by the control's key ──▶ exactly the control: absent · else inconclusive
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use dukou_core::outcome::{FoundContent, LookupOutcome};

use super::client::SHOWN_BYTES;
use super::question::{self, Listing, Row, Trouble};
use super::{APIS, TplusCloud, compare};
use crate::reply_text::{self, bounded, excerpt};
use crate::{Control, LookupReport};

/// Rows asked for when a key is asked for: more than one would be found.
const KEY_ROWS: u32 = 20;
const SCAN_ROWS: u32 = 200;
const SCAN_PAGES: u64 = 20;
/// Of one answer in the transcript.
const ANSWER_BYTES: usize = 1024;

/// One look-up under way.
struct Questions<'a> {
    target: &'a TplusCloud,
    service: String,
    transcript: String,
    asked: u32,
    /// A voucher with the key was listed.
    seen: bool,
}

/// What a list by key shows.
enum Sight {
    /// Vouchers that carry the key, each once.
    Ours(Vec<Row>),
    /// Nothing at all.
    Nothing,
    /// Vouchers that carry other keys only: the filter was ignored, or matches parts.
    Others,
}

impl TplusCloud {
    pub(super) async fn settle(&self, api: &str, key: &str, body: &str, control: Option<&Control>) -> LookupReport {
        let Some(service) = question::service(api) else {
            let reason = format!("no service is known that lists what {api} creates");
            return LookupReport {
                outcome: LookupOutcome::Inconclusive { reason },
                transcript: String::new(),
                seen: false,
            };
        };
        let mut questions = Questions {
            target: self,
            service,
            transcript: String::new(),
            asked: 0,
            seen: false,
        };
        let outcome = match questions
            .run(key, body, control.filter(|control| control.key != key))
            .await
        {
            Ok(outcome) => outcome,
            Err(Trouble::Away(reason)) => LookupOutcome::Unavailable {
                reason,
                answered: false,
            },
            Err(Trouble::Later(reason)) => LookupOutcome::Unavailable { reason, answered: true },
            Err(Trouble::Useless(reason)) => LookupOutcome::Inconclusive { reason },
        };
        LookupReport {
            outcome,
            transcript: bounded(&questions.transcript, SHOWN_BYTES).to_owned(),
            seen: questions.seen,
        }
    }

    pub(super) async fn knock(&self) -> Result<String, String> {
        let service = question::service(APIS[0]).ok_or("no service to ask")?;
        let mut questions = Questions {
            target: self,
            service,
            transcript: String::new(),
            asked: 0,
            seen: false,
        };
        match questions.list(None, 1, 1).await {
            Ok(listing) => {
                let total = listing
                    .total
                    .map_or_else(|| "an unknown number of".to_owned(), |total| total.to_string());
                Ok(format!("{}: {total} documents", self.request_place()))
            }
            Err(Trouble::Away(reason) | Trouble::Later(reason) | Trouble::Useless(reason)) => {
                Err(format!("{}: {reason}", self.request_place()))
            }
        }
    }

    fn request_place(&self) -> String {
        crate::egress::shown_url(&self.config.url)
    }
}

impl Questions<'_> {
    async fn run(&mut self, key: &str, body: &str, control: Option<&Control>) -> Result<LookupOutcome, Trouble> {
        match self.by_key(key).await? {
            Sight::Ours(rows) => self.found(key, body, &rows).await,
            Sight::Others => self.scan(key, body, control).await,
            Sight::Nothing => self.prove(control).await,
        }
    }

    /// Lists by key. Pages may start at 0 or at 1, so both are asked unless the first settles it.
    async fn by_key(&mut self, key: &str) -> Result<Sight, Trouble> {
        let mut seen: Vec<Row> = Vec::new();
        let mut trouble = None;
        for page in 0..2 {
            match self.list(Some(key), page, KEY_ROWS).await {
                Ok(listing) => {
                    let complete = !listing.rows.is_empty()
                        && listing.total.is_some_and(|total| total <= listing.rows.len() as u64);
                    merge(&mut seen, listing.rows);
                    if complete || seen.iter().any(|row| row.key != key) {
                        break;
                    }
                }
                // A source that counts from 1 may refuse page 0, and one that counts from 0 a page past the end.
                Err(Trouble::Useless(reason)) if trouble.is_none() => trouble = Some(Trouble::Useless(reason)),
                Err(other) => return Err(other),
            }
        }
        let ours: Vec<Row> = seen.iter().filter(|row| row.key == key).cloned().collect();
        Ok(match (ours.is_empty(), seen.is_empty()) {
            (false, _) => Sight::Ours(ours),
            (true, false) => Sight::Others,
            (true, true) => Sight::Nothing,
        })
    }

    /// Nothing was listed. That counts only if the same question finds what is known to be there.
    async fn prove(&mut self, control: Option<&Control>) -> Result<LookupOutcome, Trouble> {
        let Some(control) = control else {
            return Ok(no_control());
        };
        let reason = match self.by_key(&control.key).await? {
            Sight::Ours(rows) if rows.len() == 1 => return Ok(LookupOutcome::Absent),
            Sight::Ours(rows) => format!("the known document {} is listed {} times", control.key, rows.len()),
            Sight::Nothing => format!(
                "the same question does not find {} either, which is known to exist",
                control.key
            ),
            Sight::Others => format!(
                "asked for {}, which is known to exist, the target lists other documents",
                control.key
            ),
        };
        Ok(LookupOutcome::Inconclusive { reason })
    }

    /// The filter proves nothing: read the whole list, within bounds.
    async fn scan(&mut self, key: &str, body: &str, control: Option<&Control>) -> Result<LookupOutcome, Trouble> {
        let mut seen: Vec<Row> = Vec::new();
        let mut total = None;
        for page in 0..SCAN_PAGES {
            let listing = self.list(None, page, SCAN_ROWS).await?;
            // Page 0 of a source that counts from 1 may be empty.
            let end = listing.rows.is_empty() && page > 0;
            total = listing.total.or(total);
            merge(&mut seen, listing.rows);
            if end || total.is_some_and(|total| seen.len() as u64 >= total) {
                break;
            }
        }
        let ours: Vec<Row> = seen.iter().filter(|row| row.key == key).cloned().collect();
        if !ours.is_empty() {
            return self.found(key, body, &ours).await;
        }
        let Some(control) = control else {
            return Ok(no_control());
        };
        let whole = total.is_some_and(|total| seen.len() as u64 >= total);
        let reason = match (whole, seen.iter().any(|row| row.key == control.key)) {
            (true, true) => return Ok(LookupOutcome::Absent),
            (true, false) => format!(
                "the whole list was read and lacks {}, which is known to exist",
                control.key
            ),
            (false, _) => format!(
                "the target ignores the filter, and only {} of {} documents could be read",
                seen.len(),
                total.map_or_else(|| "an unknown number of".to_owned(), |total| total.to_string())
            ),
        };
        Ok(LookupOutcome::Inconclusive { reason })
    }

    async fn found(&mut self, key: &str, body: &str, rows: &[Row]) -> Result<LookupOutcome, Trouble> {
        self.seen = true;
        let [row] = rows else {
            let numbers: Vec<_> = rows.iter().map(Row::number).collect();
            return Ok(LookupOutcome::Inconclusive {
                reason: format!("the target holds {key} {} times: {}", rows.len(), numbers.join(", ")),
            });
        };
        let path = question::path(&self.service, "GetVoucherDTO");
        let shown = match self.ask(&path, &question::get(row)).await {
            Ok(Some(shown)) => shown,
            // Refused or empty: asking again will not change that, a person has to see it.
            Ok(None) => {
                return Err(Trouble::Useless(format!(
                    "{} was listed but is not shown",
                    row.number()
                )));
            }
            Err(Trouble::Useless(reason)) => {
                return Err(Trouble::Useless(format!(
                    "{} was listed, its content not: {reason}",
                    row.number()
                )));
            }
            Err(Trouble::Away(reason)) => {
                return Err(Trouble::Away(format!(
                    "{} was listed, its content not: {reason}",
                    row.number()
                )));
            }
            // Known to fail now and then (`tplus.md` §4.3).
            Err(Trouble::Later(reason)) => {
                return Err(Trouble::Later(format!(
                    "{} was listed, its content not: {reason}",
                    row.number()
                )));
            }
        };
        let external =
            reply_text::object(&shown).and_then(|fields| reply_text::scalar_any_case(&fields, &["ExternalCode"]));
        if let Some(other) = external.filter(|external| external != key) {
            let reason = format!(
                "the list says that {} carries {key}, the voucher says {other}",
                row.number()
            );
            return Ok(LookupOutcome::Inconclusive { reason });
        }
        let content = match compare::differences(body, &shown).map_err(Trouble::Useless)? {
            differences if differences.is_empty() => FoundContent::Same,
            differences => FoundContent::Different(differences),
        };
        let number = row.number();
        Ok(LookupOutcome::Found {
            reference: (!number.is_empty()).then(|| number.to_owned()),
            content,
        })
    }

    async fn list(&mut self, key: Option<&str>, page: u64, page_size: u32) -> Result<Listing, Trouble> {
        let path = question::path(&self.service, "FindVoucherList");
        let data = self.ask(&path, &question::find(key, page, page_size)).await?;
        question::listing(data.as_deref())
    }

    /// Asks one question. The caller paced the first; the rate is kept between those that follow.
    async fn ask(&mut self, path: &str, body: &str) -> Result<Option<String>, Trouble> {
        if let Some(per_second) = self.target.config.limits.per_second
            && self.asked > 0
        {
            tokio::time::sleep(Duration::from_secs(1) / per_second.max(1)).await;
        }
        self.asked += 1;
        let reply = match self.target.post(path, body).await {
            Ok(reply) => reply,
            Err(error) => {
                self.note(path, body, &error.to_string());
                return Err(Trouble::Away(error.to_string()));
            }
        };
        let shown = String::from_utf8_lossy(&reply.body).into_owned();
        self.note(
            path,
            body,
            &format!("HTTP {} {}", reply.status, bounded(&shown, ANSWER_BYTES)),
        );
        question::data(reply.status, &reply.body)
    }

    fn note(&mut self, path: &str, body: &str, answer: &str) {
        if self.transcript.len() < SHOWN_BYTES {
            self.transcript
                .push_str(&format!("POST {path} {}\n  → {answer}\n", excerpt(body)));
        }
    }
}

fn no_control() -> LookupOutcome {
    LookupOutcome::Inconclusive {
        reason: "no document known to exist to prove the question by".to_owned(),
    }
}

/// Adds rows that are not there yet.
fn merge(seen: &mut Vec<Row>, rows: Vec<Row>) {
    let mut known: BTreeSet<String> = seen.iter().map(|row| row.identity().to_owned()).collect();
    for row in rows {
        if known.insert(row.identity().to_owned()) {
            seen.push(row);
        }
    }
}
