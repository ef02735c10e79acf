//! Which deployments a person means by a digest or by `SCHEME#NUMBER`. Looks at one scheme's deployments after the other
//! and keeps only names, numbers and digests.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::rows::Deployment;

/// The fewest hex digits that name something.
pub const FEWEST_DIGITS: usize = 8;

/// What a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The beginning of a plugin's or a deployment's digest, lower case.
    Digest(String),
    /// A deployment's number, of a named scheme or of the only one.
    Number(Option<String>, u64),
}

impl Asked {
    /// Reads `3f9c12ab…`, `sha256:3f9c…`, `SCHEME#7` or `#7`; with `bare` also `7`.
    pub fn parse(text: &str, bare: bool) -> Option<Self> {
        if let Some((scheme, number)) = text.rsplit_once('#') {
            let scheme = (!scheme.is_empty()).then(|| scheme.to_owned());
            return Some(Self::Number(scheme, number.parse().ok()?));
        }
        let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        let hex = (FEWEST_DIGITS..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if hex {
            return Some(Self::Digest(digits));
        }
        let number = text.parse().ok().filter(|_| bare)?;
        Some(Self::Number(None, number))
    }
}

/// What a digest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A plugin's bytes.
    Plugin,
    /// A deployment's whole.
    Deployment,
}

impl Kind {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Deployment => "deployment",
        }
    }
}

/// A deployment that was found, without its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its number.
    pub id: u64,
    /// Its whole digest.
    pub digest: Digest,
    /// Since when it was in force.
    pub since: DateTime<Utc>,
    /// Until when; `None` while it is.
    pub until: Option<DateTime<Utc>>,
}

/// One digest that fits what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// The plugin's name; empty for deployments.
    pub name: String,
    /// The deployments that used it, by scheme, oldest first.
    pub used: BTreeMap<SchemeName, Vec<Made>>,
}

/// A search through the deployments of a project.
#[derive(Debug)]
pub struct Search<'a> {
    asked: &'a Asked,
    /// What fits, by kind and digest; a number fits under the digest of its deployment.
    pub found: BTreeMap<(Kind, Digest), Candidate>,
}

impl<'a> Search<'a> {
    /// Begins one.
    pub fn new(asked: &'a Asked) -> Self {
        Self {
            asked,
            found: BTreeMap::new(),
        }
    }

    /// Looks at a scheme's deployments, newest first as the store gives them.
    pub fn look(&mut self, scheme: &SchemeName, deployments: &[Deployment]) {
        let mut until = None;
        let mut made = Vec::with_capacity(deployments.len());
        for deployment in deployments {
            made.push(Made {
                id: deployment.id,
                digest: deployment.what.digest,
                since: deployment.at,
                until: if deployment.active { None } else { until },
            });
            until = Some(deployment.at);
        }
        for (deployment, made) in deployments.iter().zip(made).rev() {
            match self.asked {
                Asked::Number(_, number) if *number == deployment.id => {
                    self.add(Kind::Deployment, deployment.what.digest, "", scheme, made);
                }
                Asked::Number(..) => {}
                Asked::Digest(start) => {
                    for (name, digest) in &deployment.what.plugins {
                        if digest.to_string().starts_with(start) {
                            self.add(Kind::Plugin, *digest, name, scheme, made.clone());
                        }
                    }
                    if deployment.what.digest.to_string().starts_with(start) {
                        self.add(Kind::Deployment, deployment.what.digest, "", scheme, made);
                    }
                }
            }
        }
    }

    fn add(&mut self, kind: Kind, digest: Digest, name: &str, scheme: &SchemeName, made: Made) {
        let candidate = self.found.entry((kind, digest)).or_default();
        if candidate.name.is_empty() {
            name.clone_into(&mut candidate.name);
        }
        let used = candidate.used.entry(scheme.clone()).or_default();
        // A plugin may stand in a chain twice.
        if used.last().is_none_or(|last| last.id != made.id) {
            used.push(made);
        }
    }
}

#[cfg(test)]
mod tests {
    use dukou_store::rows::NewDeployment;

    use super::*;

    fn deployment(id: u64, what: &str, plugins: &[(&str, &str)], active: bool) -> Deployment {
        Deployment {
            id,
            what: NewDeployment {
                digest: Digest::of(what.as_bytes()),
                definition: "{}".into(),
                plugins: plugins
                    .iter()
                    .map(|(name, bytes)| ((*name).to_owned(), Digest::of(bytes.as_bytes())))
                    .collect(),
                tables: Vec::new(),
                by: "王".into(),
                note: String::new(),
                evidence: "{}".into(),
            },
            at: DateTime::from_timestamp(1_760_000_000 + i64::try_from(id).unwrap(), 0).unwrap(),
            active,
        }
    }

    #[test]
    fn what_people_write_is_read() {
        let digits = "3F9C12ab";
        for (text, bare, expected) in [
            (digits, false, Some(Asked::Digest("3f9c12ab".into()))),
            ("sha256:3f9c12ab04", false, Some(Asked::Digest("3f9c12ab04".into()))),
            ("12345678", true, Some(Asked::Digest("12345678".into()))),
            ("3f9c12a", false, None),
            (
                "lanmao/sales-out#7",
                false,
                Some(Asked::Number(Some("lanmao/sales-out".into()), 7)),
            ),
            ("#7", false, Some(Asked::Number(None, 7))),
            ("7", true, Some(Asked::Number(None, 7))),
            ("7", false, None),
            ("sales#x", false, None),
            ("nothing-hex", false, None),
        ] {
            assert_eq!(Asked::parse(text, bare), expected, "{text}");
        }
    }

    #[test]
    fn a_digest_finds_every_deployment_that_used_it_with_its_time_in_force() {
        let (one, two) = (SchemeName::new("a", "sales"), SchemeName::new("b", "sales"));
        let bad = Digest::of(b"bad").to_string();
        let asked = Asked::parse(&bad[..12], false).unwrap();
        let mut search = Search::new(&asked);
        let timeline = [
            deployment(3, "back", &[("m", "good")], true),
            deployment(2, "bad", &[("m", "bad"), ("again", "bad")], false),
            deployment(1, "first", &[("m", "good")], false),
        ];
        search.look(&one, &timeline);
        search.look(&two, &[deployment(9, "other", &[("m", "bad")], true)]);
        let plugin = &search.found[&(Kind::Plugin, Digest::of(b"bad"))];
        assert_eq!(plugin.name, "m");
        let used = &plugin.used[&one];
        assert_eq!((used.len(), used[0].id, used[0].until), (1, 2, Some(timeline[0].at)));
        assert_eq!(plugin.used[&two][0].until, None);
        // A plugin and a deployment that begin alike are two candidates: a person chooses.
        assert_eq!(search.found.len(), 2);
        let numbered = Asked::Number(None, 1);
        let mut search = Search::new(&numbered);
        search.look(&one, &timeline);
        assert_eq!(
            search.found.keys().collect::<Vec<_>>(),
            [&(Kind::Deployment, Digest::of(b"first"))]
        );
    }
}
