//! The books of T+: which vouchers are written, whether the token is accepted, which attempt this is.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::create;
use super::envelope::{Refusal, Reply};
use crate::chance::{hits, pick, roll};
use crate::faults::{CreateFault, Doom, FAULTS_IN_A_ROW, FAULTY_ATTEMPTS, TplusFaults};
use crate::journal::{VOUCHERS_KEPT, Voucher};

/// How many external codes have their attempts counted before all counts start anew.
const CODES_COUNTED: usize = 4 * VOUCHERS_KEPT;

/// A voucher in the books.
pub(crate) struct Entry {
    /// T+'s own number of it, rising.
    pub(crate) id: u64,
    pub(crate) voucher: Voucher,
    /// 单据日期, `YYYY-MM-DD`.
    pub(crate) date: String,
}

/// Everything that T+ remembers.
pub(crate) struct Books {
    account: String,
    seed: u64,
    unique: bool,
    faults: TplusFaults,
    entries: VecDeque<Entry>,
    by_external_code: HashMap<String, Vec<u64>>,
    codes: HashMap<String, u64>,
    attempts: HashMap<String, u32>,
    service_faults_shown: HashSet<String>,
    next_id: u64,
    written_with_token: u64,
    refusing_token_for: u64,
    lookups: u64,
    failed_lookups_in_a_row: u32,
}

impl Books {
    /// Empty books of an account.
    pub(crate) fn new(account: &str, seed: u64, unique: bool, faults: TplusFaults) -> Self {
        Self {
            account: account.to_owned(),
            seed,
            unique,
            faults,
            entries: VecDeque::new(),
            by_external_code: HashMap::new(),
            codes: HashMap::new(),
            attempts: HashMap::new(),
            service_faults_shown: HashSet::new(),
            next_id: 1,
            written_with_token: 0,
            refusing_token_for: 0,
            lookups: 0,
            failed_lookups_in_a_row: 0,
        }
    }

    /// All vouchers, oldest first.
    pub(crate) fn vouchers(&self) -> Vec<Voucher> {
        self.entries.iter().map(|entry| entry.voucher.clone()).collect()
    }

    /// Counts one request against a refused token. True if this one is refused.
    pub(crate) fn refuses_token(&mut self) -> bool {
        let refused = self.refusing_token_for > 0;
        self.refusing_token_for = self.refusing_token_for.saturating_sub(1);
        refused
    }

    /// The vouchers that a look-up sees at this time.
    pub(crate) fn seen(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Entry> {
        let lag = self.lag();
        self.entries
            .iter()
            .filter(move |entry| now - entry.voucher.received_at >= lag)
    }

    /// The same, of one external code.
    pub(crate) fn seen_with(&self, external_code: &str, now: DateTime<Utc>) -> Vec<&Entry> {
        let ids = self
            .by_external_code
            .get(external_code)
            .map_or(&[] as &[u64], Vec::as_slice);
        ids.iter().filter_map(|id| self.seen_id(*id, now)).collect()
    }

    /// The one of this voucher code, the newest if there are several.
    pub(crate) fn seen_code(&self, voucher_code: &str, now: DateTime<Utc>) -> Option<&Entry> {
        self.seen_id(*self.codes.get(voucher_code)?, now)
    }

    /// The one of this id.
    pub(crate) fn seen_id(&self, id: u64, now: DateTime<Utc>) -> Option<&Entry> {
        self.entry(id)
            .filter(|entry| now - entry.voucher.received_at >= self.lag())
    }

    /// Whether look-ups ignore their filter.
    pub(crate) fn ignores_filter(&self) -> bool {
        self.faults.lookup_ignores_filter
    }

    /// Counts a look-up and decides whether it fails.
    pub(crate) fn lookup_fails(&mut self) -> bool {
        self.lookups += 1;
        let fails = self.failed_lookups_in_a_row < FAULTS_IN_A_ROW
            && hits(
                self.faults.lookup_fails_per_mille,
                roll(self.seed, "lookup", "", self.lookups),
            );
        self.failed_lookups_in_a_row = if fails { self.failed_lookups_in_a_row + 1 } else { 0 };
        fails
    }

    /// One create: faults, checks, write.
    pub(crate) fn create(&mut self, body: &str, now: DateTime<Utc>) -> Reply {
        let dto = match create::document(body.as_bytes()) {
            Ok(dto) => dto,
            Err(refusal) => return self.refuse(&refusal, "", 0),
        };
        let external_code = match create::external_code(&dto) {
            Ok(code) => code.to_owned(),
            Err(refusal) => return self.refuse(&refusal, "", 0),
        };
        let attempt = self.count_attempt(&external_code);
        let fault = self.fault(&external_code, attempt);
        let mut reply = match self.strike_before(fault, &external_code) {
            Some(reply) => reply,
            None => self.check_and_write(&dto, &external_code, attempt, fault, body, now),
        };
        reply.external_code = Some(external_code);
        reply
    }

    fn check_and_write(
        &mut self,
        dto: &serde_json::Map<String, serde_json::Value>,
        external_code: &str,
        attempt: u32,
        fault: Option<CreateFault>,
        body: &str,
        now: DateTime<Utc>,
    ) -> Reply {
        if let Err(refusal) = create::check(dto) {
            return self.refuse(&refusal, external_code, attempt);
        }
        match self.faults.doom(self.seed, external_code) {
            Some(Doom::UnknownCustomer) => {
                return self.refuse(&Refusal::business(create::NO_ROW), external_code, attempt);
            }
            Some(Doom::ClosedPeriod) => {
                return Reply::error(500, "EXERROR0001", "单据日期所在会计期间已结账", "vendor_500");
            }
            None => {}
        }
        let own_code = dto
            .get("Code")
            .and_then(serde_json::Value::as_str)
            .filter(|code| !code.is_empty());
        if self.unique {
            let taken = if self.by_external_code.contains_key(external_code) {
                Some(format!("外部系统数据编号 {external_code} 已存在"))
            } else {
                let code = own_code.filter(|code| self.codes.contains_key(*code));
                code.map(|code| format!("单据编码 {code} 已存在"))
            };
            if let Some(message) = taken {
                return Reply {
                    outcome: "duplicate",
                    ..self.refuse(&Refusal::business(message), external_code, attempt)
                };
            }
        }
        let date = match dto.get("VoucherDate").and_then(serde_json::Value::as_str) {
            Some(date) => date.to_owned(),
            None => crate::wdt::shanghai(now).format("%Y-%m-%d").to_string(),
        };
        let voucher_code = own_code.map_or_else(|| format!("XSCK{:08}", self.next_id), str::to_owned);
        self.write(external_code, voucher_code, date, body, now);
        match fault {
            Some(CreateFault::LostAfterWrite) => Reply::cut("lost_after_write"),
            Some(CreateFault::Slow) => Reply {
                delay_ms: self.faults.slow_ms,
                ..Reply::json(200, "null".to_owned(), "slow")
            },
            _ => Reply::json(200, "null".to_owned(), "written"),
        }
    }

    fn write(&mut self, external_code: &str, voucher_code: String, date: String, body: &str, now: DateTime<Utc>) {
        if self.entries.len() == VOUCHERS_KEPT {
            self.forget_oldest();
        }
        let id = self.next_id;
        self.next_id += 1;
        self.by_external_code
            .entry(external_code.to_owned())
            .or_default()
            .push(id);
        self.codes.insert(voucher_code.clone(), id);
        let voucher = Voucher {
            account: self.account.clone(),
            external_code: external_code.to_owned(),
            body: body.to_owned(),
            received_at: now,
            voucher_code,
        };
        self.entries.push_back(Entry { id, voucher, date });
        self.written_with_token += 1;
        if self.faults.expire_token_after > 0 && self.written_with_token >= self.faults.expire_token_after {
            self.written_with_token = 0;
            self.refusing_token_for = self.faults.expired_token_for;
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else { return };
        if let Some(ids) = self.by_external_code.get_mut(&oldest.voucher.external_code) {
            ids.retain(|id| *id != oldest.id);
            if ids.is_empty() {
                self.by_external_code.remove(&oldest.voucher.external_code);
            }
        }
        if self.codes.get(&oldest.voucher.voucher_code) == Some(&oldest.id) {
            self.codes.remove(&oldest.voucher.voucher_code);
        }
    }

    /// Ids rise by one and only the oldest go, so a voucher's place follows from its id.
    fn entry(&self, id: u64) -> Option<&Entry> {
        let first = self.entries.front()?.id;
        self.entries.get(usize::try_from(id.checked_sub(first)?).ok()?)
    }

    fn count_attempt(&mut self, external_code: &str) -> u32 {
        if self.attempts.len() >= CODES_COUNTED {
            self.attempts.clear();
            self.service_faults_shown.clear();
        }
        if let Some(attempts) = self.attempts.get_mut(external_code) {
            *attempts += 1;
            return *attempts;
        }
        self.attempts.insert(external_code.to_owned(), 1);
        1
    }

    fn fault(&self, external_code: &str, attempt: u32) -> Option<CreateFault> {
        if attempt > FAULTY_ATTEMPTS {
            return None;
        }
        let roll = roll(self.seed, "create", external_code, u64::from(attempt));
        pick(&self.faults.of_creates(), roll)
    }

    /// The reply of a fault that strikes before anything is written.
    fn strike_before(&mut self, fault: Option<CreateFault>, external_code: &str) -> Option<Reply> {
        match fault {
            Some(CreateFault::LostBeforeWrite) => return Some(Reply::cut("lost_before_write")),
            Some(CreateFault::Html500) => return Some(Reply::html(500, "html_500")),
            Some(CreateFault::Network999) => {
                return Some(Reply::error(400, "999", "网络异常", "network_999"));
            }
            Some(CreateFault::Throttled429) => {
                let retry_after = Some(self.faults.retry_after.clone().unwrap_or_else(|| "1".to_owned()));
                let reply = Reply::error(429, "429", "请求过于频繁", "throttled_429");
                return Some(Reply { retry_after, ..reply });
            }
            Some(CreateFault::LostAfterWrite | CreateFault::Slow) | None => {}
        }
        let once = hits(
            self.faults.exsv0011_per_mille,
            roll(self.seed, "exsv0011", external_code, 0),
        );
        if once && self.service_faults_shown.insert(external_code.to_owned()) {
            let refusal = Refusal::service();
            return Some(Reply::error(400, refusal.code, &refusal.message, "exsv0011"));
        }
        None
    }

    fn refuse(&self, refusal: &Refusal, external_code: &str, attempt: u32) -> Reply {
        let roll = roll(self.seed, "refused 200", external_code, u64::from(attempt));
        let status = if hits(self.faults.refused_with_200_per_mille, roll) {
            200
        } else {
            400
        };
        let mut reply = Reply::error(400, refusal.code, &refusal.message, "refused");
        reply.status = status;
        reply
    }

    fn lag(&self) -> TimeDelta {
        TimeDelta::milliseconds(i64::try_from(self.faults.lookup_lag_ms).unwrap_or(i64::MAX / 1_000_000))
    }
}
