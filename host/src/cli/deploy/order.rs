//! What `dukou deploy` was asked for: schemes whose files are wanted, or one component for some schemes. Reads the
//! component's name; decides nothing else.

use std::path::PathBuf;
use std::time::Duration;

use dukou_core::names::SchemeName;

use crate::cli::replay::stand_in;
use crate::cli::{Context, Failure};
use crate::compose::Host;
use crate::deploy::Override;
use crate::deploy::gate::{USUAL_DAYS, is_short};
use crate::deploy::shadow::LONGEST;
use crate::exit::Exit;
use crate::scheme::duration;

/// Put changed files into force, through the gate.
///
/// Examples:
///   dukou deploy                                  every scheme whose files changed
///   dukou deploy lanmao/sales-out --dry-run       what would change, and stop
///   dukou deploy sales-out --accept a1b2c3d4 --note "new warehouse"
///   dukou deploy sales-2.wasm --to-all-using sales --dry-run
///   dukou deploy sales-2.wasm --to tag=vip --waves 2,12,rest --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Schemes (all if none is named), or one component file together with --to or --to-all-using
    #[arg(value_name = "SCHEME|FILE")]
    pub what: Vec<String>,
    /// Where the component goes: a scheme, or tag=TAG for every scheme of the tenants with that tag
    #[arg(long, value_name = "SCHEME|tag=TAG", conflicts_with = "to_all_using")]
    pub to: Option<String>,
    /// The component goes to every scheme that uses a plugin of this name
    #[arg(long, value_name = "NAME")]
    pub to_all_using: Option<String>,
    /// Why, kept with the deployment and with what you accept
    #[arg(long, default_value = "")]
    pub note: String,
    /// Go through the gate, show the plan, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Days of stored records that are replayed; fewer than the usual 30 only with --dry-run
    #[arg(long, value_name = "N", default_value_t = USUAL_DAYS, value_parser = clap::value_parser!(u32).range(1..))]
    pub days: u32,
    /// Accept a pattern of difference by its id, or all
    #[arg(long, value_name = "PATTERN|all", value_delimiter = ',')]
    pub accept: Vec<String>,
    /// Reject a pattern: nothing that shows it is deployed until it is accepted or a digest changes
    #[arg(long, value_name = "PATTERN|all", value_delimiter = ',')]
    pub reject: Vec<String>,
    /// No replay: the plugins' own cases only (needs --yes; the history says so)
    #[arg(long)]
    pub no_gate: bool,
    /// Do it without asking
    #[arg(long, short)]
    pub yes: bool,
    /// Let the definition name the plugins again, instead of what dukou.lock pins
    #[arg(long, conflicts_with_all = ["to", "to_all_using"])]
    pub unpin: bool,
    /// Write dukou.lock anew from what is in force, pins included; changes nothing that runs
    #[arg(long, conflicts_with_all = [
        "what", "to", "to_all_using", "accept", "reject", "no_gate", "unpin", "html", "waves", "shadow", "stop_rollout",
        "resume_rollout",
    ])]
    pub relock: bool,
    /// Write the replay's report as one HTML file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Go out in waves of so many schemes, e.g. 2,12,rest
    #[arg(long, value_name = "N,N,rest")]
    pub waves: Option<String>,
    /// How long a wave is watched before the next
    #[arg(long, value_name = "DURATION", requires = "waves")]
    pub soak: Option<String>,
    /// Run beside the version in force for so long; nothing is sent
    #[arg(long, value_name = "DURATION", conflicts_with = "waves")]
    pub shadow: Option<String>,
    /// Stop a rollout where it is
    #[arg(long, value_name = "ID")]
    pub stop_rollout: Option<u64>,
    /// Let a stopped rollout go on, or a wave that only waits for groups
    #[arg(long, value_name = "ID")]
    pub resume_rollout: Option<u64>,
}

/// Where a component goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// One scheme.
    Scheme(SchemeName),
    /// Every scheme, of the tenants with this tag, that uses a plugin of the component's name.
    Tag(String),
    /// Every scheme that uses a plugin of this name.
    AllUsing(String),
}

/// What was asked for a fleet.
#[derive(Debug, Clone)]
pub struct FleetOrder {
    /// The component; `None` where edited files are meant (a shadow), or a rollout.
    pub file: Option<PathBuf>,
    /// Where it goes.
    pub targets: Option<To>,
    /// The schemes whose files are meant, without a component.
    pub schemes: Vec<SchemeName>,
    /// Patterns that are accepted, in every scheme.
    pub accept: Vec<String>,
    /// Days of history.
    pub days: u32,
    /// `2,12,rest`.
    pub waves: Option<String>,
    /// How long a wave is watched.
    pub soak: Option<Duration>,
    /// How long a shadow runs.
    pub shadow: Option<Duration>,
    /// The rollout to stop.
    pub stop_rollout: Option<u64>,
    /// The rollout that goes on.
    pub resume_rollout: Option<u64>,
    /// Why.
    pub note: String,
    /// Show the plan only.
    pub dry_run: bool,
    /// Do it without asking.
    pub yes: bool,
    /// Where the report goes.
    pub html: Option<PathBuf>,
}

/// What was asked for.
pub struct Order {
    /// The schemes that go through the gate one by one.
    pub schemes: Vec<SchemeName>,
    /// The component that stands in for one of their plugins.
    pub file: Option<Override>,
    /// The rest is for a fleet.
    pub fleet: Option<FleetOrder>,
}

impl Args {
    /// Reads the arguments.
    ///
    /// # Errors
    /// Usage; a component that cannot be read; a scheme that is not there.
    pub fn order(&self, context: &Context, host: &Host) -> anyhow::Result<Order> {
        let usage = |key: &str| Failure {
            code: "usage.deploy",
            message: context.lang.t(key),
            exit: Exit::Usage,
        };
        // What fewer days show is no ground for a deployment, nor for an acceptance.
        if is_short(self.days) && !self.dry_run {
            let arguments: [(&str, &dyn std::fmt::Display); 2] = [("days", &self.days), ("usual", &USUAL_DAYS)];
            return Err(Failure {
                code: "usage.days",
                message: context.lang.text("gate.few-days", &arguments),
                exit: Exit::Usage,
            }
            .into());
        }
        let file = match self.what.as_slice() {
            [one] if one.ends_with(".wasm") => Some(PathBuf::from(one)),
            several if several.iter().any(|one| one.ends_with(".wasm")) => return Err(usage("gate.one-file").into()),
            _ => None,
        };
        let targets = match (&self.to, &self.to_all_using) {
            (Some(to), _) => Some(match to.strip_prefix("tag=") {
                Some(tag) => To::Tag(tag.to_owned()),
                None => To::Scheme(host.project.choose(Some(to))?),
            }),
            (None, Some(name)) => Some(To::AllUsing(name.clone())),
            (None, None) => None,
        };
        if file.is_some() != targets.is_some() {
            return Err(usage(if file.is_some() { "gate.file-to" } else { "gate.to-file" }).into());
        }
        let span = |text: &Option<String>| -> anyhow::Result<Option<Duration>> {
            match text.as_deref().map(|text| (text, duration(text))) {
                None => Ok(None),
                Some((text, Some(span))) if span > LONGEST => Err(Failure {
                    code: "usage.duration",
                    message: context.lang.text("fleet.too-long", &[("text", &text)]),
                    exit: Exit::Usage,
                }
                .into()),
                Some((_, Some(span))) => Ok(Some(span)),
                Some((text, None)) => Err(Failure {
                    code: "usage.duration",
                    message: context.lang.text("gate.duration", &[("text", &text)]),
                    exit: Exit::Usage,
                }
                .into()),
            }
        };
        let (soak, shadow) = (span(&self.soak)?, span(&self.shadow)?);
        let schemes = match (&targets, self.what.as_slice()) {
            (Some(To::Scheme(name)), _) => vec![name.clone()],
            (Some(_), _) => Vec::new(),
            (None, []) => host.project.scheme_names()?,
            (None, named) => named
                .iter()
                .map(|name| host.project.choose(Some(name)))
                .collect::<anyhow::Result<Vec<_>>>()?,
        };
        let rollout = self.stop_rollout.is_some() || self.resume_rollout.is_some();
        let one_by_one = self.waves.is_none() && self.shadow.is_none() && !rollout;
        if one_by_one && matches!(targets, None | Some(To::Scheme(_))) {
            let file = match (&file, schemes.as_slice()) {
                (Some(path), [scheme]) => Some(stand_in(context, &host.project.load_scheme(scheme)?, path)?),
                _ => None,
            };
            return Ok(Order {
                schemes,
                file,
                fleet: None,
            });
        }
        if let Some(option) = self.not_for_fleets(rollout) {
            return Err(Failure {
                code: "usage.deploy",
                message: context.lang.text("fleet.not-here", &[("option", &option)]),
                exit: Exit::Usage,
            }
            .into());
        }
        Ok(Order {
            schemes: Vec::new(),
            file: None,
            fleet: Some(FleetOrder {
                file,
                targets,
                schemes,
                accept: self.accept.clone(),
                days: self.days,
                waves: self.waves.clone(),
                soak,
                shadow,
                stop_rollout: self.stop_rollout,
                resume_rollout: self.resume_rollout,
                note: self.note.clone(),
                dry_run: self.dry_run,
                yes: self.yes,
                html: self.html.clone(),
            }),
        })
    }

    /// An option that fleets, waves, shadows and rollouts do not know: it is refused, never left out in silence.
    fn not_for_fleets(&self, rollout: bool) -> Option<&'static str> {
        let options = [
            ("--reject", !self.reject.is_empty()),
            ("--no-gate", self.no_gate),
            ("--unpin", self.unpin),
            (
                "--accept",
                !self.accept.is_empty() && (rollout || self.shadow.is_some()),
            ),
        ];
        let mut given = options.into_iter().filter(|(_, given)| *given);
        given.next().map(|(option, _)| option)
    }

    /// The component as the person wrote it, for the commands that are shown.
    pub fn file_name(&self) -> Option<&str> {
        self.what
            .first()
            .map(String::as_str)
            .filter(|one| one.ends_with(".wasm"))
    }
}
