//! Wangdian's own open API (`docs/reference/systems/wdt.md` §3). So far its signature only; there is no client yet.

pub mod sign;
