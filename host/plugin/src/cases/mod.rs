//! Test cases of a plugin and what can be proven with them: one function, [`test()`], for `dukou plugin test`, for deploy
//! and for `cargo test`. Cases come as texts and a report comes out; files are read and reports printed by
//! `host/src/author`.

mod case;
mod checks;
mod diff;
mod grow;
mod junit;
mod lines;
mod located;
mod mutate;
mod outcome;
mod read;
mod report;
mod review;
mod robustness;
mod set;
pub(crate) mod subject;
mod test;
mod text;

pub use case::{Case, CaseTables, Environment, Expect, ExpectedViolation};
pub use diff::{Difference, DifferenceKind, Place, compare, each_difference};
pub use junit::junit;
pub use outcome::{Failure, Outcome};
pub use read::{CaseError, CaseFault};
pub use report::{
    CaseReport, CheckName, CheckReport, Cost, Finding, Grown, Growth, Refusal, Share, Shares, Status, TestReport,
    Verdict, level,
};
pub use review::{Pattern, PatternChange, PatternKind, accepted_cost, accepted_text, patterns};
pub use set::{COST_FILE, CaseSet, DEFAULTS_FILE, Defaults};
pub use test::{Stopwatch, TestOptions, test};
