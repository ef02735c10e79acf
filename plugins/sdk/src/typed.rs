//! The plugins that an author writes: [`Mapper`], [`Adjuster`] and [`Validator`], each over typed structs.
//!
//! The type that implements one is at once its settings (`#[derive(Settings)]`). `export_mapper!`, `export_adjuster!` and
//! `export_validator!` make it a component; the needed fields and tables are collected from the types. What the traits
//! do not cover, the traits they stand on do: `Mapping`, `Adjustment`, `Validation`.

mod adjuster;
mod mapper;
mod validator;

pub use adjuster::Adjuster;
pub use mapper::{Documents, Mapper};
pub use validator::Validator;

use crate::environment::Environment;
use crate::settings::{FromSettings, Settings};
use crate::source::{Source, read_record};
use crate::values::Surroundings;
use crate::{Job, Needs, SettingError};
use std::rc::Rc;

/// A configured [`Mapper`], [`Adjuster`] or [`Validator`]: what the host calls.
#[derive(Debug)]
pub struct Typed<P> {
    pub(crate) plugin: P,
    pub(crate) around: Rc<Surroundings>,
}

/// Reads settings and environment, and answers with what the types need. `wrapper` is the one that the plugin writes
/// documents under, if it makes documents.
fn configure<P: FromSettings, S: Source>(
    settings: &str,
    environment: &str,
    wrapper: Option<Option<&'static str>>,
    configured: impl FnOnce(&mut P, &Environment) -> Result<(), Vec<SettingError>>,
) -> Result<(Typed<P>, Needs), Vec<SettingError>> {
    let environment = Environment::parse(environment)?;
    let mut settings = Settings::parse(settings)?;
    let mut plugin = P::from_settings(&mut settings);
    if let (Some(wrapper), Some(target)) = (wrapper, &environment.target)
        && target.wrapper.as_deref() != wrapper
    {
        let written = wrapper.map_or_else(
            || "without a wrapper".to_owned(),
            |wrapper| format!("under `{wrapper}`"),
        );
        let message = format!(
            "this mapping writes documents {written}, which {} does not take",
            target.api
        );
        settings.error("environment.target", "target", &message);
    }
    let zone = environment.zone();
    if let Err(error) = &zone {
        settings.error(&error.path, &error.code, &error.message);
    }
    settings.finish()?;
    let zone = zone.map_err(|error| vec![error])?;
    configured(&mut plugin, &environment)?;
    let mut tables = Vec::new();
    plugin.tables(&mut tables);
    let needs = Needs {
        needs: S::needs(),
        tables,
    };
    let around = Rc::new(Surroundings { environment, zone });
    Ok((Typed { plugin, around }, needs))
}

/// Reads the records of a group; what cannot be read is reported. `target` is what such a violation names as target.
fn read_records<S: Source>(job: &mut Job<'_>, around: &Rc<Surroundings>, target: &str) -> Vec<S> {
    let mut orders = Vec::with_capacity(job.group.records.len());
    for (member, record) in (0..).zip(&job.group.records) {
        match read_record(&record.body, member, around) {
            Ok((order, root)) => {
                orders.push(order);
                job.readable.push(member);
                for fault in root.faults.take() {
                    job.report.add(fault.into(), Some(member));
                }
            }
            Err(reason) => job.report.add_unreadable(member, target, &reason),
        }
    }
    orders
}

/// The records of a group as one, whose values agree and whose lists follow one another.
fn joined<S: Source>(orders: Vec<S>) -> Option<S> {
    orders.into_iter().reduce(|mut first, next| {
        first.join(next);
        first
    })
}

#[cfg(test)]
mod tests;
