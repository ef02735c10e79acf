//! The shapes of `wit/dukou-plugin-0.1/plugin.wit` for the engine, and their conversion from and to the words of
//! `dukou-core`. What goes in is borrowed, so a batch is copied once, into the guest. The engine compares these
//! shapes with the component's own types before the first call. A new contract version is a sibling of this file.

use dukou_core::verdict as words;
use wasmtime::component::{ComponentType, Lift, Lower};

/// The version of the contract that this file speaks.
pub(crate) struct Contract {
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) full: &'static str,
}

pub(crate) const CONTRACT: Contract = Contract {
    package: "dukou:plugin",
    version: "0.1.0",
    full: "dukou:plugin@0.1.0",
};

pub(crate) const LOOKUPS: &str = "dukou:plugin/lookups@0.1.0";
pub(crate) const LOGGING: &str = "dukou:plugin/logging@0.1.0";
pub(crate) const TYPES: &str = "dukou:plugin/types@0.1.0";
pub(crate) const SETUP: &str = "dukou:plugin/setup@0.1.0";
pub(crate) const MAPPING: &str = "dukou:plugin/mapping@0.1.0";
pub(crate) const ADJUSTMENT: &str = "dukou:plugin/adjustment@0.1.0";
pub(crate) const VALIDATION: &str = "dukou:plugin/validation@0.1.0";

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct RecordParam<'a> {
    key: &'a str,
    #[component(name = "received-at")]
    received_at: &'a str,
    body: &'a str,
    extra: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct GroupParam<'a> {
    key: &'a str,
    records: Vec<RecordParam<'a>>,
    extra: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct DocumentParam<'a> {
    suffix: &'a str,
    body: &'a str,
    extra: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct OmissionParam<'a> {
    member: u32,
    path: &'a str,
    reason: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct MappedParam<'a> {
    documents: Vec<DocumentParam<'a>>,
    omitted: Vec<OmissionParam<'a>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct CandidateParam<'a> {
    origin: GroupParam<'a>,
    mapped: MappedParam<'a>,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct DocumentResult {
    suffix: String,
    body: String,
    extra: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct OmissionResult {
    member: u32,
    path: String,
    reason: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct ViolationResult {
    code: String,
    message: String,
    #[component(name = "source-path")]
    source_path: Option<String>,
    #[component(name = "target-path")]
    target_path: Option<String>,
    extra: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct MappedResult {
    documents: Vec<DocumentResult>,
    omitted: Vec<OmissionResult>,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum VerdictResult {
    #[component(name = "mapped")]
    Mapped(MappedResult),
    #[component(name = "skipped")]
    Skipped(String),
    #[component(name = "rejected")]
    Rejected(Vec<ViolationResult>),
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct SettingErrorResult {
    pub(crate) path: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// How grave a plugin thinks its log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
pub enum Level {
    /// For the author.
    #[component(name = "debug")]
    Debug,
    /// For the curious.
    #[component(name = "info")]
    Info,
    /// Worth a look.
    #[component(name = "warn")]
    Warn,
    /// Something went wrong; a panic ends up here.
    #[component(name = "error")]
    Error,
}

pub(crate) fn groups(groups: &[words::Group]) -> Vec<GroupParam<'_>> {
    groups.iter().map(group).collect()
}

fn group(group: &words::Group) -> GroupParam<'_> {
    GroupParam {
        key: &group.key,
        records: group
            .records
            .iter()
            .map(|record| RecordParam {
                key: &record.key,
                received_at: &record.received_at,
                body: &record.body,
                extra: &record.extra,
            })
            .collect(),
        extra: &group.extra,
    }
}

pub(crate) fn candidates(candidates: &[words::Candidate]) -> Vec<CandidateParam<'_>> {
    candidates
        .iter()
        .map(|candidate| CandidateParam {
            origin: group(&candidate.origin),
            mapped: MappedParam {
                documents: candidate
                    .mapped
                    .documents
                    .iter()
                    .map(|document| DocumentParam {
                        suffix: &document.suffix,
                        body: &document.body,
                        extra: &document.extra,
                    })
                    .collect(),
                omitted: candidate
                    .mapped
                    .omitted
                    .iter()
                    .map(|omission| OmissionParam {
                        member: omission.member,
                        path: &omission.path,
                        reason: &omission.reason,
                    })
                    .collect(),
            },
        })
        .collect()
}

pub(crate) fn verdicts(verdicts: Vec<VerdictResult>) -> Vec<words::Verdict> {
    verdicts
        .into_iter()
        .map(|verdict| match verdict {
            VerdictResult::Mapped(mapped) => words::Verdict::Mapped(words::Mapped {
                documents: mapped
                    .documents
                    .into_iter()
                    .map(|document| words::Document {
                        suffix: document.suffix,
                        body: document.body,
                        extra: document.extra,
                    })
                    .collect(),
                omitted: mapped
                    .omitted
                    .into_iter()
                    .map(|omission| words::Omission {
                        member: omission.member,
                        path: omission.path,
                        reason: omission.reason,
                    })
                    .collect(),
            }),
            VerdictResult::Skipped(reason) => words::Verdict::Skipped(reason),
            VerdictResult::Rejected(reasons) => words::Verdict::Rejected(violations(reasons)),
        })
        .collect()
}

pub(crate) fn violations(violations: Vec<ViolationResult>) -> Vec<words::Violation> {
    violations
        .into_iter()
        .map(|violation| words::Violation {
            code: violation.code,
            message: violation.message,
            source_path: violation.source_path,
            target_path: violation.target_path,
            extra: violation.extra,
        })
        .collect()
}
