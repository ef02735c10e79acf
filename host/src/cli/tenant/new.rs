//! `dukou tenant new`: a tenant's folder with `tenant.toml` and, over a base, a scheme that differs in nothing yet.
//! Overwrites nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use dukou_core::names::{DEFAULT_TENANT, is_name};
use serde_json::json;

use crate::cli::Context;
use crate::cli::failure;
use crate::cli::output::{self, note, say};
use crate::exit::Exit;
use crate::scheme::{Code, DefinitionErrors, Diagnostic, quoted};
use crate::settings::{Project, TENANT_FILE, TENANTS};

/// The new tenant.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name: a-z, 0-9 and -, a letter first
    name: String,
    /// What people call it
    #[arg(long)]
    title: Option<String>,
    /// What it is picked by; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Who looks after it
    #[arg(long)]
    owner: Option<String>,
    /// A scheme of base/schemes/ that the tenant's first scheme stands on
    #[arg(long, value_name = "SCHEME")]
    base: Option<String>,
    /// Show what would be written and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let project = Project::load(&context.project)?;
    if !is_name(&args.name) || args.name == DEFAULT_TENANT {
        let finding = Diagnostic::new(Code::BadName).with("name", args.name.as_str());
        return Err(DefinitionErrors::from(finding).into());
    }
    if let Some(tag) = args.tags.iter().find(|tag| !crate::settings::is_tag(tag)) {
        let finding = Diagnostic::new(Code::Tag).with("value", tag.as_str());
        return Err(DefinitionErrors::from(finding).into());
    }
    if let Some(base) = &args.base {
        let known = project.base_names();
        if !known.contains(base) {
            let finding = Diagnostic::new(Code::UnknownBase)
                .with("name", base.as_str())
                .did_you_mean(base, known.iter().map(String::as_str));
            return Err(DefinitionErrors::from(finding).into());
        }
    }
    let folder = Path::new(TENANTS).join(&args.name);
    if project.root.join(&folder).exists() {
        let arguments: [(&str, &dyn std::fmt::Display); 1] = [("folder", &folder.display())];
        let key = "tenant.occupied";
        return Err(failure(context, "tenant.occupied", key, &arguments, Exit::Refused));
    }
    let files = files(&folder, args);
    if !args.dry_run {
        for (path, text) in &files {
            write(&project.root.join(path), text)?;
        }
    }
    let written: Vec<String> = files
        .iter()
        .map(|(path, _)| path.to_string_lossy().replace('\\', "/"))
        .collect();
    if context.json {
        output::json(json!({ "tenant": args.name, "files": written, "dry_run": args.dry_run }));
        return Ok(Exit::Done);
    }
    for (path, (_, text)) in written.iter().zip(&files) {
        note(context, &format!("  {path}"));
        if args.dry_run {
            note(context, text);
        }
    }
    let key = match (args.dry_run, &args.base) {
        (true, _) => "tenant.would-write",
        (false, Some(_)) => "tenant.new-over-base",
        (false, None) => "tenant.new",
    };
    let base = args.base.as_deref().unwrap_or_default();
    let arguments: [(&str, &dyn std::fmt::Display); 2] = [("name", &args.name), ("scheme", &base)];
    say(&context.lang.text(key, &arguments));
    Ok(Exit::Done)
}

fn files(folder: &Path, args: &Args) -> Vec<(PathBuf, String)> {
    let title = args.title.as_deref().unwrap_or(&args.name);
    let tags: Vec<String> = args.tags.iter().map(|tag| quoted(tag)).collect();
    let mut text = format!("title = {}\ntags = [{}]\n", quoted(title), tags.join(", "));
    if let Some(owner) = &args.owner {
        text.push_str(&format!("owner = {}\n", quoted(owner)));
    }
    text.push_str(&format!(
        "\n# 只属于这个企业的连接; 同名的优先于 dukou.toml。{{ secret = \"名称\" }} 先找 {folder}/secrets/, 再找 secrets/\n\
         # This tenant's own connections, before those of dukou.toml. Secrets: {folder}/secrets/ first, then secrets/\n\
         # [connections.tplus]\n\
         # kind = \"tplus-cloud\"\n\
         # url = \"https://openapi.chanjet.com\"\n\
         # app_key = \"…\"\n\
         # app_secret = {{ secret = \"tplus-app-secret\" }}\n\
         # auth = {{ kind = \"open-token\", token = {{ secret = \"tplus-open-token\" }} }}\n\
         # account = \"{name}\"\n",
        folder = folder.to_string_lossy().replace('\\', "/"),
        name = args.name,
    ));
    let mut files = vec![(folder.join(TENANT_FILE), text)];
    if let Some(base) = &args.base {
        let text = format!(
            "base = {}\n\
             # 只写与基础方案 base/schemes/{base}.toml 不同的键; 查看结果: dukou scheme show {tenant}/{base} --resolved\n\
             # Only what differs from the base; see what comes of it with `dukou scheme show {tenant}/{base} --resolved`\n\
             title = {}\n",
            quoted(base),
            quoted(title),
            tenant = args.name,
        );
        files.push((folder.join("schemes").join(format!("{base}.toml")), text));
    }
    files
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
