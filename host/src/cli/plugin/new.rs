//! `dukou plugin new`: a folder that builds and passes its cases at once.

use std::path::PathBuf;

use dukou_plugin::Kind;
use serde_json::json;

use super::super::Context;
use super::super::output::{json, note, say};
use crate::author::Language;
use crate::author::kit::{NewPlugin, check_name};
use crate::exit::Exit;
use crate::overview::text::argument;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin new shop-table --in table                     a mapping table, no code\n  \
    dukou plugin new shop-rules --in rust --title 店铺规则     a mapping in Rust\n  \
    dukou plugin new shop-memo --in js --kind adjustment       a small rule over somebody else's mapping\n  \
    dukou plugin new shop-checks --in python --kind validation --dir checks\n\n\
    NAME: a-z, 0-9 and single dashes, at most 63, beginning with a letter.\n\
    Exit codes: 0 written, 2 a wrong name or kind, 9 the folder is not empty.\n\
    Next: dukou plugin test")]
pub struct Args {
    /// The plugin's name
    name: String,
    /// The language
    #[arg(long = "in", value_name = "LANGUAGE", value_enum)]
    language: Language,
    /// What the plugin does
    #[arg(long, value_enum, default_value_t = KindWord::Mapping)]
    kind: KindWord,
    /// Its title, for people (default: its name)
    #[arg(long, value_parser = title)]
    title: Option<String>,
    /// The new folder, empty or absent (default: NAME in this folder)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What a plugin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum KindWord {
    /// Makes documents
    Mapping,
    /// Changes what a mapping made
    Adjustment,
    /// Judges documents and changes nothing
    Validation,
}

impl From<KindWord> for Kind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Mapping => Self::Mapping,
            KindWord::Adjustment => Self::Adjustment,
            KindWord::Validation => Self::Validation,
        }
    }
}

/// A title stands in files of several formats, so it holds nothing that one of them reads as more than text.
fn title(text: &str) -> Result<String, String> {
    let text = text.trim();
    let plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\' | '`' | '$' | '{' | '}');
    match text.chars().count() {
        1..=100 if text.chars().all(plain) => Ok(text.to_owned()),
        _ => Err("1 to 100 characters on one line, without \" \\ ` $ { }".to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
/// [`crate::author::AuthorError`]: a wrong name, a folder that is not empty, a file that cannot be written.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    check_name(&args.name)?;
    let dir = args.dir.unwrap_or_else(|| PathBuf::from(&args.name));
    let new = NewPlugin {
        title: args.title.unwrap_or_else(|| args.name.clone()),
        name: args.name,
        language: args.language,
        kind: args.kind.into(),
    };
    let files = new.write(&dir)?;
    if context.json {
        json(json!({
            "name": new.name,
            "language": new.language.as_str(),
            "kind": new.kind.as_str(),
            "dir": dir.display().to_string(),
            "files": files,
        }));
        return Ok(Exit::Done);
    }
    // What stands in the SDK's own folders is nobody's first look.
    let own = files.iter().filter(|file| !file.contains("dukou"));
    for file in own {
        note(context, &format!("  {}", dir.join(file).display()));
    }
    let shown = argument(&dir.display().to_string());
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("dir", &shown), ("count", &files.len())];
    say(&context.lang.text("plugin.new.done", &arguments));
    say(&context
        .lang
        .text(&format!("plugin.new.next-{}", new.language), &arguments));
    Ok(Exit::Done)
}
