//! `dukou scheme show`: a scheme's own file, or with `--resolved` what it says over its base: every value with file and
//! line, differences marked with what the base said, defaults as such, and what it is made with. Reads only.

use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use serde_json::{Value as Json, json};

use super::super::Context;
use crate::cli::output::{self, note, say};
use crate::deploy;
use crate::deploy::lock::{self, Pin};
use crate::exit::Exit;
use crate::lang::Lang;
use crate::overview::text::{clean, clean_block, count};
use crate::scheme::{PluginAt, Resolved, Scheme, Spot, Standing, Value, cells};
use crate::settings::Project;

/// Longest line before its origin, in cells; longer ones push the origin out.
const MOST_CELLS: usize = 72;

/// Which scheme.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// NAME or TENANT/NAME; may be left out where there is only one
    scheme: Option<String>,
    /// Every value over the base, with file and line
    #[arg(long)]
    resolved: bool,
    /// Only what differs from the base
    #[arg(long)]
    diff: bool,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let project = Project::load(&context.project)?;
    let name = project.choose(args.scheme.as_deref())?;
    if !args.resolved && !args.diff {
        let file = project.scheme_file(&name)?;
        if context.json {
            output::json(json!({ "scheme": name.to_string(), "file": file.shown(), "text": file.text() }));
        } else {
            say(clean_block(file.text()).trim_end());
        }
        return Ok(Exit::Done);
    }
    let resolved = project.resolve(&name)?;
    let made = if args.diff {
        None
    } else {
        made(context, &project, &name)
    };
    if context.json {
        output::json(machine(&resolved, made.as_ref(), args.diff));
        return Ok(Exit::Done);
    }
    say(people(context.lang, &resolved, made.as_ref(), args.diff).trim_end());
    Ok(Exit::Done)
}

/// What a scheme is made with.
struct Made {
    plugins: Vec<Plugin>,
    tables: Vec<Table>,
}

struct Plugin {
    path: String,
    name: String,
    digest: Digest,
    file: Option<String>,
    pinned: bool,
}

struct Table {
    name: String,
    file: Option<String>,
    rows: usize,
    digest: Digest,
}

/// Plugins and tables by digest; nothing when the scheme has errors, which a remark says.
fn made(context: &Context, project: &Project, name: &SchemeName) -> Option<Made> {
    let found = || -> anyhow::Result<Made> {
        let scheme = project.load_scheme(name)?;
        let runtime = crate::compose::runtime(&project.root)?;
        let wanted = deploy::wanted(project, &scheme, &runtime)?;
        let pins = lock::pins(&project.root, name)?;
        let plugins = scheme.plugin_uses().zip(wanted.plugin_digests());
        let plugins = plugins.map(|(plugin_use, (name, digest))| {
            let pin = pins.iter().find(|pin| pin.name == name && pin.digest == digest);
            Plugin {
                path: plugin_use.origin.path.clone(),
                file: place(pin, &plugin_use.at),
                pinned: pin.is_some(),
                name,
                digest,
            }
        });
        let plugins = plugins.collect();
        Ok(Made {
            plugins,
            tables: tables(project, &scheme, &wanted.tables),
        })
    };
    match found() {
        Ok(made) => Some(made),
        Err(_) => {
            note(context, &context.lang.text("scheme.unmade", &[("scheme", name)]));
            None
        }
    }
}

fn place(pin: Option<&Pin>, at: &PluginAt) -> Option<String> {
    let path = match (pin, at) {
        (Some(pin), _) => &pin.file,
        (None, PluginAt::File(path)) => path,
        (None, PluginAt::Stock(_)) => return None,
    };
    Some(path.to_string_lossy().replace('\\', "/"))
}

type Rows = std::collections::BTreeMap<String, String>;

fn tables(project: &Project, scheme: &Scheme, wanted: &std::collections::BTreeMap<String, Rows>) -> Vec<Table> {
    let each = wanted.iter().map(|(name, rows)| Table {
        file: project
            .table_path(&scheme.name.tenant, name)
            .map(|path| crate::scheme::shown(&project.root, &path)),
        rows: rows.len(),
        digest: Digest::of(&deploy::tables::to_bytes(rows)),
        name: name.clone(),
    });
    each.collect()
}

fn spot_json(spot: &Spot) -> Json {
    json!({ "file": spot.file, "line": spot.line, "column": spot.column })
}

fn value_json(value: &Value) -> Json {
    json!({
        "path": value.path,
        "value": value.text,
        "standing": value.standing.word(),
        "differs": value.standing.differs(),
        "origin": value.at.as_ref().map(spot_json),
        "base": value.base.as_ref().map(|(text, spot)| json!({ "value": text, "origin": spot_json(spot) })),
    })
}

fn machine(resolved: &Resolved, made: Option<&Made>, diff: bool) -> Json {
    let values: Vec<Json> = resolved
        .values
        .iter()
        .filter(|value| !diff || value.standing.differs())
        .map(value_json)
        .collect();
    let connections = resolved.connections.iter().map(|connection| {
        json!({
            "side": connection.side,
            "name": connection.name,
            "own": connection.own,
            "values": connection.values.iter().map(value_json).collect::<Vec<_>>(),
        })
    });
    let mut out = json!({
        "scheme": resolved.name.to_string(),
        "file": resolved.file,
        "bases": resolved.bases.iter().map(|(name, file)| json!({ "name": name, "file": file })).collect::<Vec<_>>(),
        "differences": resolved.differences().count(),
        "values": values,
    });
    if diff {
        return out;
    }
    out["connections"] = connections.collect();
    if let Some(made) = made {
        let plugins = made.plugins.iter().map(|plugin| {
            json!({
                "path": plugin.path,
                "name": plugin.name,
                "digest": plugin.digest.to_string(),
                "file": plugin.file,
                "pinned": plugin.pinned,
            })
        });
        let tables = made.tables.iter().map(|table| {
            json!({
                "name": table.name,
                "file": table.file,
                "rows": table.rows,
                "digest": table.digest.to_string(),
            })
        });
        out["plugins"] = plugins.collect();
        out["tables"] = tables.collect();
    }
    out
}

/// The text: TOML with a mark before each line and its origin behind.
fn people(lang: Lang, resolved: &Resolved, made: Option<&Made>, diff: bool) -> String {
    let mut out = format!("# {} · {}\n", resolved.name, clean(&resolved.file));
    for (name, file) in &resolved.bases {
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("base", name), ("file", &clean(file))];
        out.push_str(&format!("# {}\n", lang.text("scheme.over", &arguments)));
    }
    if !resolved.bases.is_empty() {
        let differences = resolved.differences().count();
        out.push_str(&format!(
            "# {}\n",
            lang.text("scheme.legend", &[("count", &differences)])
        ));
    }
    let shown: Vec<&Value> = resolved
        .values
        .iter()
        .filter(|value| !diff || value.standing.differs())
        .collect();
    if diff && shown.is_empty() {
        return out;
    }
    block(&mut out, lang, &shown);
    if diff {
        return out;
    }
    for connection in &resolved.connections {
        let key = if connection.own {
            "scheme.connection-own"
        } else {
            "scheme.connection-shared"
        };
        let side = lang.t(&format!("definition.side_{}", connection.side));
        let arguments: [(&str, &dyn std::fmt::Display); 2] = [("side", &side), ("name", &connection.name)];
        out.push_str(&format!("\n# {}\n", lang.text(key, &arguments)));
        block(&mut out, lang, &connection.values.iter().collect::<Vec<_>>());
    }
    if let Some(made) = made {
        made_with(&mut out, lang, made);
    }
    out
}

fn block(out: &mut String, lang: Lang, values: &[&Value]) {
    let lines: Vec<String> = values.iter().map(|value| line(value)).collect();
    let width = lines
        .iter()
        .map(|line| cells(line))
        .filter(|width| *width <= MOST_CELLS)
        .max();
    let width = width.unwrap_or_default();
    let (mut header, mut item) = (String::new(), String::new());
    for (value, line) in values.iter().zip(&lines) {
        let index = value
            .path
            .split_once(']')
            .filter(|_| value.header.starts_with("[["))
            .map(|(index, _)| index);
        let next = index.unwrap_or_default().to_owned();
        let listed = value.tables.is_some();
        if !listed && (value.header != header || (!next.is_empty() && next != item)) {
            if !value.header.is_empty() {
                out.push_str(&format!("\n  {}\n", value.header));
            }
            header.clone_from(&value.header);
            item = next;
        }
        let gap = " ".repeat(width.saturating_sub(cells(line)));
        out.push_str(&format!("{line}{gap}  # {}\n", origin(lang, value)));
    }
}

/// Mark, key and value. A list of tables that differs as a whole is a line of its own above its tables.
fn line(value: &Value) -> String {
    let mark = match value.standing {
        Standing::Changed => '~',
        Standing::Added => '+',
        Standing::Repeated => '=',
        _ => ' ',
    };
    match value.tables {
        Some(count) if count > 0 => format!("{mark} [[{}]] × {count}", value.key),
        _ => format!("{mark} {} = {}", clean(&value.key), clean(&value.text)),
    }
}

fn origin(lang: Lang, value: &Value) -> String {
    let at = match &value.at {
        Some(spot) => clean(&spot.to_string()),
        None => lang.t("scheme.default"),
    };
    let base = match (&value.base, value.standing) {
        (Some((text, spot)), _) => {
            let arguments: [(&str, &dyn std::fmt::Display); 2] =
                [("value", &clean(text)), ("place", &clean(&spot.to_string()))];
            lang.text("scheme.base-says", &arguments)
        }
        (None, Standing::Added) => lang.t("scheme.base-silent"),
        (None, Standing::Repeated) => lang.t("scheme.base-same"),
        _ => return at,
    };
    format!("{at} · {base}")
}

fn made_with(out: &mut String, lang: Lang, made: &Made) {
    out.push_str(&format!("\n# {}\n", lang.t("scheme.plugins")));
    for plugin in &made.plugins {
        let file = plugin.file.as_deref().map_or_else(|| lang.t("scheme.stock"), clean);
        let pinned = if plugin.pinned {
            lang.t("scheme.pinned")
        } else {
            String::new()
        };
        let (path, name, digest) = (&plugin.path, clean(&plugin.name), plugin.digest.short());
        out.push_str(&format!("#   {path}  {name}  {digest}  {file}{pinned}\n"));
    }
    if !made.tables.is_empty() {
        out.push_str(&format!("# {}\n", lang.t("scheme.tables")));
    }
    for table in &made.tables {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("count", &count(table.rows as u64))];
        let file = table.file.as_deref().map(clean).unwrap_or_default();
        let rows = lang.text("scheme.rows", &arguments);
        out.push_str(&format!(
            "#   {}  {rows}  {}  {file}\n",
            clean(&table.name),
            table.digest.short()
        ));
    }
}
