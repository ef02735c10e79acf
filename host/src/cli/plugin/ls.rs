//! `dukou plugin ls`: lists the project's plugins and the stock ones.

use serde_json::json;

use super::super::Context;
use super::super::output::{json, note, say};
use crate::author::card_text::{self, bytes, kind};
use crate::author::shelf::{self, Shelf, What};
use crate::exit::Exit;
use crate::overview::text::{clean, short};

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    dukou plugin ls                  stock plugins, plugins/*.wasm, and plugin folders in the project and in plugins/\n  \
    dukou -C ../shop plugin ls --json\n\n\
    Next: dukou plugin inspect NAME")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Never: what cannot be read is listed with its reason.
pub fn run(context: &Context, _args: Args) -> anyhow::Result<Exit> {
    let shelf = shelf::look(&context.project);
    if context.json {
        json(machine(&shelf));
    } else {
        say(&people(context, &shelf));
    }
    for name in &shelf.shadowed {
        note(context, &context.lang.text("plugin.ls.shadowed", &[("name", name)]));
    }
    Ok(Exit::Done)
}

fn machine(shelf: &Shelf) -> serde_json::Value {
    let plugins = shelf.plugins.iter().map(|plugin| {
        json!({
            "name": plugin.name,
            "where": plugin.place.word(),
            "path": plugin.place.path().map(|path| path.display().to_string()),
            "kind": plugin.what.as_ref().ok().map(|what| what.kind.as_str()),
            "version": plugin.what.as_ref().ok().and_then(|what| what.version.as_deref()),
            "digest": plugin.what.as_ref().ok().and_then(|what| what.digest).map(|digest| digest.to_string()),
            "bytes": plugin.what.as_ref().ok().and_then(|what| what.bytes),
            "cases": plugin.what.as_ref().ok().and_then(|what| what.cases),
            "schemes": plugin.schemes,
            "error": plugin.what.as_ref().err().map(|(code, message)| json!({ "code": code, "message": message })),
        })
    });
    json!({ "plugins": plugins.collect::<Vec<_>>(), "shadowed": shelf.shadowed })
}

fn people(context: &Context, shelf: &Shelf) -> String {
    let lang = context.lang;
    let none = || "-".to_owned();
    let rows = shelf.plugins.iter().map(|plugin| {
        let place = match plugin.place.path() {
            Some(path) => short(&path.display().to_string(), 60),
            None => lang.t("plugin.ls.stock"),
        };
        let mut row = vec![short(&plugin.name, 40)];
        match &plugin.what {
            Ok(What {
                kind: what,
                version,
                digest,
                bytes: size,
                cases,
            }) => row.extend([
                kind(*what, lang),
                version.as_deref().map_or_else(none, |version| short(version, 20)),
                digest.map_or_else(none, |digest| digest.short()),
                size.map_or_else(none, bytes),
                cases.map_or_else(none, |cases| cases.to_string()),
            ]),
            Err((code, _)) => row.extend([format!("[{}]", clean(code)), none(), none(), none(), none()]),
        }
        let schemes = plugin.schemes.join(", ");
        row.extend([
            place,
            if schemes.is_empty() {
                none()
            } else {
                short(&schemes, 60)
            },
        ]);
        row
    });
    let header = ["name", "kind", "version", "digest", "size", "cases", "where", "schemes"]
        .map(|key| lang.t(&format!("plugin.ls.column.{key}")));
    card_text::table(&header, rows.collect(), &[4, 5])
}
