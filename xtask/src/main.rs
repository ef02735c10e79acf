//! `cargo xtask …`: the one entry for checks, used by people and CI alike. Runs other programs in order and stops at the
//! first that fails; decides nothing else.

mod checks;
mod demo;
mod fleet;
mod kit;
mod tools;
mod tutorial;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

const HELP: &str = "\
cargo xtask demo    sandbox, 1,000 orders with every fault, one run, the overview (options go to `dukou demo`)
cargo xtask test    every test
cargo xtask kit     the plugin tutorial word for word in four languages, and what its four plugins must agree on
cargo xtask fleet   DIR [--tenants N]: a project of 60 tenants over one base, against the sandbox
cargo xtask ci      format, clippy, docs, every test, the kit, the demo in both languages
cargo xtask bench   the benches, with ratios to native code (needs the plugins that `kit` makes)
cargo xtask lint    format, clippy and docs only
";

const FLEET: &str = "cargo xtask fleet DIR [--tenants N]: a project of N tenants (60) over one base, in a new folder";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match command.as_str() {
        "demo" => demo::run(&rest),
        "test" => checks::test(&rest),
        "kit" => kit::follow(),
        "fleet" => make_fleet(&rest),
        "lint" => checks::lint(),
        "ci" => {
            checks::lint()?;
            checks::test(&[])?;
            kit::follow()?;
            demo::run(&[])?;
            demo::run(&["--lang".into(), "zh".into(), "--unique".into(), "on".into()])
        }
        "bench" => checks::bench(&rest),
        "" | "help" | "--help" | "-h" => {
            tools::say(HELP);
            Ok(())
        }
        other => bail!("no command {other:?}\n\n{HELP}"),
    }
}

/// What `fleet` is told: the folder and how many tenants; `None` if it is to say how it is used.
fn fleet_of(arguments: &[String]) -> Result<Option<(&str, usize)>> {
    let (dir, tenants) = match arguments {
        [dir] => (dir, 60),
        [dir, flag, number] if flag == "--tenants" => {
            (dir, number.parse().with_context(|| format!("--tenants {number}"))?)
        }
        _ => bail!(FLEET),
    };
    match dir.as_str() {
        "help" | "--help" | "-h" => Ok(None),
        dir if dir.is_empty() || dir.starts_with('-') => bail!("{dir:?} is no folder\n\n{FLEET}"),
        dir => Ok(Some((dir, tenants))),
    }
}

fn make_fleet(arguments: &[String]) -> Result<()> {
    let Some((dir, tenants)) = fleet_of(arguments)? else {
        tools::say(FLEET);
        return Ok(());
    };
    let dir = PathBuf::from(dir);
    let fleet = fleet::fleet(tenants);
    fleet::write(&dir, &fleet)?;
    tools::say(&format!(
        "{} files, {tenants} tenants, {} differences from the base. Next:\n  dukou -C {dir} check\n  dukou -C {dir} tenant ls\n  dukou -C {dir} scheme show lanmao/sales-out --resolved",
        fleet.files.len(),
        fleet.differences.len(),
        dir = dir.display(),
    ));
    Ok(())
}

#[cfg(test)]
mod tests;
