//! A project opened for people who look at it or act on single records: store, names and one [`Lens`] per scheme. A
//! definition that cannot be read does not hide what is stored: the deployed one stands in, and failing that, bodies are
//! withheld. Starts no engine and no connection.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use dukou_core::names::SchemeName;
use dukou_store::Store;

use super::{Lens, Personal, text};
use crate::cli::Failure;
use crate::compose;
use crate::exit::Exit;
use crate::lang::Lang;
use crate::scheme::Scheme;
use crate::settings::Project;

/// An opened project.
pub struct Desk {
    /// Its definition.
    pub project: Project,
    /// Its store.
    pub store: Arc<dyn Store>,
    /// Now: one time for a whole command.
    pub now: DateTime<Utc>,
    /// The language of people.
    pub lang: Lang,
    /// Columns of the terminal, if there is one.
    pub width: Option<u16>,
}

impl Desk {
    /// Opens a project's store.
    ///
    /// # Errors
    /// When `dukou.toml` or the store cannot be read.
    pub fn open(root: &Path, lang: Lang) -> anyhow::Result<Self> {
        let project = Project::load(root)?;
        let store = compose::open_store(&project)?;
        Ok(Self {
            project,
            store,
            now: compose::clock().now(),
            lang,
            width: text::terminal_width(),
        })
    }

    /// Every scheme that has a file or anything stored, in order.
    ///
    /// # Errors
    /// The store's and the project's.
    pub fn schemes(&self) -> anyhow::Result<Vec<SchemeName>> {
        let mut names = self.project.scheme_names()?;
        names.extend(self.store.schemes()?);
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The scheme that a command is about: the named one, also if only the store still knows it, else the only one.
    ///
    /// # Errors
    /// Usage when there are several, not found when there is no such one.
    pub fn choose(&self, named: Option<&str>) -> anyhow::Result<SchemeName> {
        if let Some(named) = named {
            return match SchemeName::parse(named) {
                Ok(name) if self.store.schemes()?.contains(&name) => Ok(name),
                _ => self.project.choose(Some(named)),
            };
        }
        match self.schemes()?.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(self.failure("scheme.none", "status.no-schemes", &[], Exit::Nothing)),
            several => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(self.failure(
                    "usage.scheme",
                    "status.choose",
                    &[("schemes", &text::some_names(self.lang, &names))],
                    Exit::Usage,
                ))
            }
        }
    }

    fn failure(
        &self,
        code: &'static str,
        key: &str,
        arguments: &[(&str, &dyn std::fmt::Display)],
        exit: Exit,
    ) -> anyhow::Error {
        Failure::said(self.lang, code, key, arguments, exit).into()
    }

    /// What the scheme's definition says about looking at it.
    pub fn look(&self, name: &SchemeName) -> Look {
        let file = self.project.load_scheme(name).ok();
        let active = self.store.active(name).ok().flatten();
        let deployed = active.and_then(|active| Scheme::from_definition(&self.project, &active.what.definition).ok());
        let scheme = deployed.or_else(|| file.clone());
        let columns = scheme.as_ref().map(|scheme| scheme.show.columns().to_vec());
        Look {
            file,
            scheme,
            columns: columns.unwrap_or_default(),
        }
    }

    /// The lens for one scheme.
    pub fn lens<'a>(&self, look: &'a Look) -> Lens<'a> {
        let plain = Lens {
            width: self.width,
            ..Lens::plain(self.lang, self.now)
        };
        match &look.scheme {
            None => plain,
            Some(scheme) => Lens {
                zone: scheme.source.zone,
                personal: Personal::Known {
                    source: scheme.source_catalogue.as_ref(),
                    target: scheme.target_catalogue.as_ref(),
                },
                columns: &look.columns,
                ..plain
            },
        }
    }

    /// A lens for what belongs to no scheme.
    pub fn plain_lens(&self) -> Lens<'static> {
        Lens {
            width: self.width,
            zone: Tz::Asia__Shanghai,
            ..Lens::plain(self.lang, self.now)
        }
    }
}

/// A scheme's definition as far as looking needs it.
pub struct Look {
    /// The definition in the files; `None` when it cannot be read.
    pub file: Option<Scheme>,
    /// The deployed definition, which stored records were read by, else the files'; `None` when neither can be read.
    pub scheme: Option<Scheme>,
    columns: Vec<String>,
}
