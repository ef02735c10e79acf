//! `dukou history blast-radius`: every voucher that a version wrote, and which of its fields are wrong against a good
//! version, as text, JSON, CSV and xlsx. Reads only; there is no way from here to a target.

mod export;
mod good;
mod version;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::rows::{Span, VerdictCounts};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use self::export::Exports;
use self::good::Goods;
use super::{Context, looks, of_tenant, usage};
use crate::cli::output::{self, note, say};
use crate::exit::Exit;
use crate::overview::Lens;
use crate::overview::blast::report::{self, Part, Report};
use crate::overview::blast::sum::Sum;
use crate::overview::blast::walk::{Question, walk};
use crate::overview::blast::{Finding, Voucher, json, text};
use crate::overview::desk::Desk;
use crate::overview::text::{clean, count};

/// Which version, against which, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plugin's or a deployment's digest (at least 8 hex digits), or SCHEME#NUMBER
    #[arg(value_name = "DIGEST|SCHEME#NUMBER")]
    version: String,
    /// Only this scheme; every one of the project if left out
    #[arg(long)]
    scheme: Option<String>,
    /// Only this tenant's schemes
    #[arg(long, conflicts_with = "scheme")]
    tenant: Option<String>,
    /// The version that is known to be good (default: what was in force before the first that used the bad one)
    #[arg(long, value_name = "DIGEST|NUMBER")]
    good: Option<String>,
    /// Written not before this time (the scheme's zone)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Written not after this time; a date alone means its whole day
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Write all vouchers as CSV, for a spreadsheet
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write all vouchers as a workbook
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// List also the vouchers that are as the good version makes them
    #[arg(long)]
    all: bool,
    /// At most so many vouchers as text
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

/// Runs the command.
///
/// # Errors
/// When the version is not there or not the only one meant, or the store or a file fails.
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let schemes = match &args.scheme {
        Some(named) => vec![desk.choose(Some(named))?],
        None => of_tenant(&desk, args.tenant.as_deref())?,
    };
    let bad = version::bad(context, &desk, &schemes, &args.version)?;
    let concerned: Vec<SchemeName> = bad.used.keys().cloned().collect();
    let looks = looks(context, &desk, concerned.iter());
    let mut goods = Goods::find(context, &desk, &bad, args.good.as_deref())?;
    let mut report = Report {
        kind: bad.kind,
        digest: bad.digest,
        name: bad.name.clone(),
        asked_times: (args.from.clone(), args.to.clone()),
        parts: Vec::new(),
    };
    let plain = desk.plain_lens();
    let mut exports = Exports::begin(&plain, args.csv.as_deref(), args.xlsx.as_deref())?;
    let mut kept = Kept::new(context.json, args);
    for (scheme, used) in &bad.used {
        let good = goods.take(&desk, scheme)?;
        let lens = match (&good.scheme, looks.get(scheme)) {
            (Some(known), _) => Lens {
                personal: super::personal(known),
                zone: known.source.zone,
                ..plain
            },
            (None, Some(look)) => desk.lens(look),
            (None, None) => plain,
        };
        let ids: Vec<u64> = used.iter().map(|made| made.id).collect();
        let asking = Asking {
            scheme,
            ids: &ids,
            chains: goods.chains(&desk, scheme, &ids)?,
            delivered: span(context, args, lens.zone)?,
            good: &good,
            lens,
        };
        let bar = counter(context, scheme);
        let sum = asking.vouchers(&desk, &bar, &mut |voucher| {
            exports.add(&lens, &voucher)?;
            kept.add(voucher);
            Ok(())
        })?;
        bar.finish_and_clear();
        report.parts.push(Part {
            scheme: scheme.clone(),
            deployments: used.clone(),
            good: good.what.clone(),
            sum,
            verdicts: verdicts(&desk, scheme, &ids)?,
            waiting: report::waiting(desk.store.as_ref(), scheme, &ids)?,
        });
    }
    let lens_of = |scheme: &SchemeName| super::lens(&desk, &looks, scheme);
    let saved = exports.finish(&plain, &report, &lens_of)?;
    print(context, &report, &kept, &lens_of, &saved);
    for file in saved {
        let file = clean(&file.display().to_string());
        note(context, &context.lang.text("blast.saved", &[("file", &file)]));
    }
    Ok(Exit::Done)
}

/// One scheme's question.
struct Asking<'a> {
    scheme: &'a SchemeName,
    ids: &'a [u64],
    chains: Chains,
    delivered: Span,
    good: &'a good::Good,
    lens: Lens<'a>,
}

impl Asking<'_> {
    /// Hands each voucher to `each`; answers what they come to.
    fn vouchers(
        &self,
        desk: &Desk,
        bar: &ProgressBar,
        each: &mut dyn FnMut(Voucher) -> anyhow::Result<()>,
    ) -> anyhow::Result<Sum> {
        let mut sum = Sum::default();
        let question = Question {
            store: desk.store.as_ref(),
            scheme: self.scheme,
            deployments: self.ids,
            delivered: self.delivered,
            chain_of: &|id| self.chains.get(&id).copied(),
            good: self.good.maps.as_deref(),
            lens: self.lens,
        };
        walk(&question, &mut |voucher| {
            sum.add(&voucher);
            bar.inc(1);
            each(voucher)
        })?;
        Ok(sum)
    }
}

/// How far it is, on a terminal.
fn counter(context: &Context, scheme: &SchemeName) -> ProgressBar {
    if context.quiet || context.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_message(scheme.to_string());
    let template = context.lang.t("blast.progress");
    bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

/// What the deployments decided in all.
fn verdicts(desk: &Desk, scheme: &SchemeName, ids: &[u64]) -> anyhow::Result<VerdictCounts> {
    let mut sum = VerdictCounts::default();
    for id in ids {
        let counts = desk.store.verdict_counts(scheme, *id)?;
        sum.mapped += counts.mapped;
        sum.skipped += counts.skipped;
        sum.rejected += counts.rejected;
        sum.failed += counts.failed;
        sum.fuel += counts.fuel;
    }
    Ok(sum)
}

/// The vouchers that are printed: all for machines, the first few for people.
struct Kept {
    vouchers: Vec<Voucher>,
    most: usize,
    same_too: bool,
    more: u64,
    same: u64,
}

impl Kept {
    fn new(json: bool, args: &Args) -> Self {
        Self {
            vouchers: Vec::new(),
            most: if json { usize::MAX } else { args.limit },
            same_too: args.all,
            more: 0,
            same: 0,
        }
    }

    fn add(&mut self, voucher: Voucher) {
        if voucher.finding == Finding::Same && !self.same_too {
            self.same += 1;
        } else if self.vouchers.len() < self.most {
            self.vouchers.push(voucher);
        } else {
            self.more += 1;
        }
    }
}

fn print<'a>(
    context: &Context,
    report: &Report,
    kept: &Kept,
    lens_of: &dyn Fn(&SchemeName) -> Lens<'a>,
    saved: &[PathBuf],
) {
    if context.json {
        let mut out = json::report(report, lens_of);
        let vouchers = kept.vouchers.iter();
        out["vouchers"] = vouchers
            .map(|voucher| json::voucher(&lens_of(&voucher.scheme), voucher))
            .collect();
        out["same_left_out"] = kept.same.into();
        out["files"] = saved
            .iter()
            .map(|file| Value::from(file.display().to_string()))
            .collect();
        output::json(out);
        return;
    }
    let Some(first) = report.parts.first() else { return };
    say(text::summary(&lens_of(&first.scheme), report, lens_of).trim_end());
    if !kept.vouchers.is_empty() {
        say(&format!("\n{}", context.lang.t("blast.arrow")));
        say(text::vouchers(lens_of, &kept.vouchers, report.parts.len() > 1).trim_end());
    }
    if kept.more > 0 {
        say(&context.lang.text("blast.more", &[("count", &count(kept.more))]));
    }
    if kept.same > 0 {
        say(&context
            .lang
            .text("blast.same-left-out", &[("count", &count(kept.same))]));
    }
}

fn span(context: &Context, args: &Args, zone: Tz) -> anyhow::Result<Span> {
    let wrong = |text: &str| {
        let message = context.lang.text("blast.wrong-time", &[("text", &clean(text))]);
        usage("usage.time", message)
    };
    let read = |text: &str| crate::scheme::time_in(text, zone).ok_or_else(|| wrong(text));
    Ok(Span {
        from: args.from.as_deref().map(read).transpose()?,
        to: args
            .to
            .as_deref()
            .map(|text| end_of(text, zone).map_or_else(|| read(text), Ok))
            .transpose()?,
    })
}

/// The last millisecond of a day that is written without a time.
fn end_of(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let next: NaiveDate = text.trim().parse::<NaiveDate>().ok()?.succ_opt()?;
    Some(crate::scheme::time_in(&next.to_string(), zone)? - TimeDelta::milliseconds(1))
}

/// The chains' recipes by deployment.
type Chains = std::collections::BTreeMap<u64, Digest>;
