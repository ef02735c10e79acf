//! `dukou plugin pack`: writes the one file with manifest and cases inside, if its cases pass.

use std::path::PathBuf;

use dukou_plugin::cases::{TestOptions, TestReport, Verdict, test};
use serde_json::json;

use super::super::Context;
use super::super::output::{json, note, say};
use super::test::{exit_of, look_of, runtime_for};
use crate::author::cases_target::loaded;
use crate::author::pack::{self, Packed};
use crate::author::{PluginFolder, build, card_text, cases, report};
use crate::exit::Exit;
use crate::overview::text::argument;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin pack                           writes NAME.wasm here\n  \
    dukou plugin pack --out ../shop/plugins/shop-rules.wasm\n  \
    dukou plugin pack --allow-new               although cases wait for `dukou plugin review`\n\n\
    Builds first if something changed, then runs the cases and every check; a file is written only if they pass. The same\n\
    sources and cases make the same bytes.\n\
    Exit codes: 0 written, 3 cannot be built, 4 no cases, 5 a case fails, 9 a forbidden import, 10 cases wait for review.\n\
    Next: dukou plugin inspect NAME.wasm")]
pub struct Args {
    /// The plugin's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The file to write (default: NAME.wasm in the plugin's folder)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Pack although cases are new or their cost changed
    #[arg(long)]
    allow_new: bool,
}

/// Runs the command.
///
/// # Errors
/// [`crate::author::AuthorError`], cases that cannot be read, or what is no fault of the plugin.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let folder = PluginFolder::open(&args.dir)?;
    // Cases that cannot be read are mended without a build.
    let set = cases::read(&folder.root)?;
    let built = build::fresh(&folder, &super::building(context), super::listener(context))?;
    let runtime = runtime_for(context, &args.dir)?;
    let plugin = loaded(&runtime, &built.file, &built.bytes)?;
    let tested = test(&runtime, &plugin, &set, &TestOptions::all())?;
    let passed = match tested.verdict() {
        Verdict::Passed => true,
        Verdict::Pending => args.allow_new,
        Verdict::Failed | Verdict::Empty => false,
    };
    if !passed {
        return Ok(refused(context, &tested));
    }
    let packed = pack::pack(&built, &set)?;
    let file = args.out.unwrap_or_else(|| folder.packed());
    pack::write(&packed, &file)?;
    if context.json {
        json(json!({
            "result": "packed",
            "name": folder.name,
            "version": folder.version,
            "kind": folder.kind.as_str(),
            "file": file.display().to_string(),
            "bytes": packed.bytes.len(),
            "digest": packed.digest.to_string(),
            "cases": packed.cases,
            "test": tested.verdict().word(),
        }));
    } else {
        say(&sentence(context, &folder, &packed, &file.display().to_string()));
    }
    Ok(Exit::Done)
}

fn refused(context: &Context, tested: &TestReport) -> Exit {
    let exit = exit_of(tested);
    if context.json {
        json(json!({ "result": "refused", "report": tested.to_json() }));
        return exit;
    }
    say(&report::render(tested, look_of(context)));
    let key = match tested.verdict() {
        Verdict::Pending => "plugin.pack.pending",
        Verdict::Empty => "plugin.pack.empty",
        Verdict::Failed | Verdict::Passed => "plugin.pack.failed",
    };
    let loud = Context {
        quiet: false,
        ..context.clone()
    };
    note(&loud, &context.lang.t(key));
    exit
}

fn sentence(context: &Context, folder: &PluginFolder, packed: &Packed, file: &str) -> String {
    let arguments: [(&str, &dyn std::fmt::Display); 7] = [
        ("file", &file),
        ("size", &card_text::bytes(packed.bytes.len())),
        ("digest", &packed.digest),
        ("cases", &packed.cases),
        ("name", &folder.name),
        ("argument", &argument(file)),
        ("version", &folder.version),
    ];
    let use_it = format!("plugin.pack.use-{}", folder.kind.as_str());
    format!(
        "{}\n{}",
        context.lang.text("plugin.pack.done", &arguments),
        context.lang.text(&use_it, &arguments)
    )
}
