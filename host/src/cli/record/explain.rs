//! `dukou record explain`: where each value of an order's document comes from. Runs the deployed plugins in memory with
//! the deployed tables; reads the store and writes nothing.

use std::fmt::Display;

use dukou_core::catalogue::closest;
use dukou_plugin::explain::{ExplainLimits, explain};

use super::find::{find, group_of};
use super::force::in_force;
use crate::cli::output::{self, note, say};
use crate::cli::{Context, Failure};
use crate::exit::Exit;
use crate::lang::Lang;
use crate::overview::desk::Desk;
use crate::overview::explain::{self as view, PathFilter, View};
use crate::overview::text;

/// Which record and which values.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dukou record explain CK20261101000012
  dukou record explain CK20261101000012 'RDRecordDetails[0].BaseQuantity'
  dukou record explain CK20261101000012 'RDRecordDetails[].origTaxSalePrice' --columns")]
pub struct Args {
    /// The record's key, a delivery's key, or another number of it
    key: String,
    /// Only values at or below this path of the document; [] means every line
    path: Option<String>,
    /// NAME or TENANT/NAME; every scheme is searched if left out
    #[arg(long)]
    scheme: Option<String>,
    /// Two columns: fields of the source on the left, of the document on the right
    #[arg(long)]
    columns: bool,
}

/// Runs the command.
///
/// # Errors
/// When the project, the store or the plugins cannot be used, or the record or the path is not there.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let desk = Desk::open(&context.project, context.lang)?;
    let again = |scheme: &str| format!("dukou record explain {} --scheme {scheme}", text::argument(&args.key));
    let (scheme, story) = find(&desk, &args.key, args.scheme.as_deref(), &again)?;
    let group = group_of(&desk, &scheme, &story.group, &args.key)?;
    let force = in_force(&desk, &scheme)?;
    if force.deployment.is_none() {
        note(context, &desk.lang.text("explain.not-deployed", &[("scheme", &scheme)]));
    }
    let catalogue = force.scheme.target_catalogue.as_ref();
    let wrapper = catalogue.and_then(|catalogue| catalogue.wrapper.as_deref());
    let filter = args.path.as_deref().map(|path| PathFilter::new(path, wrapper));
    let limits = ExplainLimits {
        focus: filter.as_ref().map(PathFilter::numbers).unwrap_or_default(),
        ..ExplainLimits::default()
    };
    let explanation = explain(&force.wanted.chain, &group, &force.wanted.shared_tables(), &limits)?;
    let look = desk.look(&scheme);
    let view = View {
        lens: desk.lens(&look),
        group: &group,
        explanation: &explanation,
        filter: filter.as_ref(),
        deployment: force.deployment,
        labels: args.columns || desk.lang == Lang::Zh,
    };
    if let (true, Some(filter)) = (view.is_empty(), &filter) {
        let near = nearest(filter.text(), &view);
        let arguments: [(&str, &dyn Display); 2] = [
            ("path", &text::clean(filter.text())),
            ("near", &text::clean(near.as_deref().unwrap_or_default())),
        ];
        let word = if near.is_some() {
            "explain.no-path-near"
        } else {
            "explain.no-path"
        };
        return Err(Failure {
            code: "explain.path",
            message: desk.lang.text(word, &arguments),
            exit: Exit::NotFound,
        }
        .into());
    }
    if context.json {
        let mut object = view::to_json(&view);
        object["scheme"] = scheme.to_string().into();
        object["record"] = story.record.key.into();
        output::json(object);
    } else if args.columns {
        say(view::columns(&view).trim_end());
    } else {
        say(view::tree(&view).trim_end());
    }
    Ok(Exit::Done)
}

fn nearest(path: &str, view: &View<'_>) -> Option<String> {
    let documents = view.explanation.documents.iter();
    let paths: Vec<&str> = documents
        .flat_map(|one| one.nodes.iter().chain(&one.absent))
        .map(|node| node.path.as_str())
        .collect();
    closest(path, paths.into_iter()).map(str::to_owned)
}
