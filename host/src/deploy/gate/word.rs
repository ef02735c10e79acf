//! What a person says of the differences that the gate saw, and where that leaves a deployment.

use chrono::{DateTime, Utc};
use dukou_core::digest::Digest;
use dukou_core::names::SchemeName;
use dukou_store::Store;
use dukou_store::rows::Acceptance;

use super::{Examined, is_short};
use crate::deploy::evidence::Standing;

impl Examined {
    /// Takes down what a person says of patterns: each id, or `all`. Answers the ids that no pattern has. What is not to be
    /// kept only shows where it would leave things.
    ///
    /// # Errors
    /// The store's.
    pub fn decide(&mut self, store: &dyn Store, scheme: &SchemeName, said: &Said<'_>) -> anyhow::Result<Vec<String>> {
        let (Some(before), Some(active)) = (self.before_recipe, &self.before) else {
            return Ok(said.patterns.to_vec());
        };
        let accept = |id: &str, before: Digest, after: Digest| -> anyhow::Result<Acceptance> {
            let decision = Acceptance {
                pattern: id.to_owned(),
                before,
                after,
                accepted: said.accepted,
                by: said.by.to_owned(),
                note: said.note.to_owned(),
                at: said.at,
            };
            if said.keep {
                store.accept(scheme, &decision)?;
            }
            Ok(decision)
        };
        let named = |id: &str| said.patterns.iter().any(|text| is_named(id, text));
        for one in self.patterns.iter_mut().filter(|one| named(&one.pattern.id)) {
            one.decision = Some(accept(&one.pattern.id, before, self.recipe)?);
        }
        for one in self.rerouted.iter_mut().filter(|one| named(&one.id)) {
            one.decision = Some(accept(&one.id, active.what.digest, self.digest)?);
        }
        if !self.patterns.is_empty() || !self.rerouted.is_empty() {
            self.standing = self.weigh(self.standing);
            if said.accepted && !said.keep {
                self.unwritten.extend(said.patterns.iter().cloned());
                self.unwritten = self.unwritten.iter().filter(|text| self.knows(text)).cloned().collect();
            }
        }
        Ok(said.patterns.iter().filter(|text| !self.knows(text)).cloned().collect())
    }

    /// Whether a person means something of it by this text: `all`, or four or more digits of an id.
    pub fn knows(&self, text: &str) -> bool {
        text == "all" || self.ids().any(|(id, _)| is_named(id, text))
    }

    /// Everything that needs a person's word, with what was said.
    pub fn ids(&self) -> impl Iterator<Item = (&str, Option<&Acceptance>)> {
        let patterns = self
            .patterns
            .iter()
            .map(|one| (one.pattern.id.as_str(), one.decision.as_ref()));
        patterns.chain(self.rerouted.iter().map(|one| (one.id.as_str(), one.decision.as_ref())))
    }

    /// Where it stands; `nothing` if there is nothing that needs a person.
    pub(super) fn weigh(&self, nothing: Standing) -> Standing {
        let short = self.coverage.and_then(|coverage| coverage.days).is_some_and(is_short);
        match self.said(nothing) {
            standing if short && standing.passes() => Standing::Partial,
            standing => standing,
        }
    }

    fn said(&self, nothing: Standing) -> Standing {
        let accepted = |one: (&str, Option<&Acceptance>)| one.1.map(|decision| decision.accepted);
        if self.ids().next().is_none() {
            nothing
        } else if self.ids().any(|one| accepted(one) == Some(false)) {
            Standing::Rejected
        } else if self.ids().all(|one| accepted(one) == Some(true)) {
            Standing::Accepted
        } else {
            Standing::Pending
        }
    }
}

/// Whether a person means this id: by `all`, or by four or more of its digits.
fn is_named(id: &str, text: &str) -> bool {
    text == "all" || (text.len() >= 4 && id.starts_with(text))
}

/// What a person says of patterns.
pub struct Said<'a> {
    /// Ids (their first four digits and more will do), or `all`.
    pub patterns: &'a [String],
    /// Accepted or rejected.
    pub accepted: bool,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub note: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the store keeps it; a dry run only looks where it would lead.
    pub keep: bool,
}

#[cfg(test)]
mod tests {
    use dukou_store::memory::MemoryStore;
    use dukou_store::rows::{Deployment, NewDeployment};

    use super::*;
    use crate::deploy::evidence::{Change, Coverage};
    use crate::deploy::gate::Rerouted;

    /// One change that needs a word, and so much compared.
    fn examined(days: Option<u32>) -> Examined {
        let change = Change {
            what: "plugin".into(),
            name: "v (validations[1])".into(),
            before: None,
            after: Some("1".into()),
        };
        let what = NewDeployment {
            digest: Digest::of(b"before"),
            definition: "{}".into(),
            plugins: Vec::new(),
            tables: Vec::new(),
            by: "王".into(),
            note: String::new(),
            evidence: "{}".into(),
        };
        Examined {
            before: Some(Deployment {
                id: 1,
                what,
                at: DateTime::UNIX_EPOCH,
                active: true,
            }),
            before_recipe: Some(Digest::of(b"1")),
            recipe: Digest::of(b"2"),
            digest: Digest::of(b"after"),
            changes: Vec::new(),
            cases: Vec::new(),
            comparison: None,
            coverage: Some(Coverage { days, older: 0 }),
            patterns: Vec::new(),
            rerouted: vec![Rerouted {
                id: "a1b2c3d4".into(),
                change,
                decision: None,
            }],
            unwritten: Vec::new(),
            standing: Standing::Pending,
            base: None,
        }
    }

    #[test]
    fn a_dry_run_shows_where_a_word_would_lead_and_keeps_none() {
        let (store, scheme) = (MemoryStore::new(), SchemeName::new("default", "s"));
        let said = |patterns, accepted, keep| Said {
            patterns,
            accepted,
            by: "王",
            note: "",
            at: DateTime::UNIX_EPOCH,
            keep,
        };
        let kept = || {
            let pair = (Digest::of(b"before"), Digest::of(b"after"));
            store.acceptances(&scheme, &pair.0, &pair.1).unwrap().len()
        };
        let (all, some) = (["all".to_owned()], ["a1b2".to_owned(), "ffff".to_owned()]);
        let mut dry = examined(None);
        assert!(
            dry.decide(&store, &scheme, &said(&all, true, false))
                .unwrap()
                .is_empty()
        );
        assert_eq!((dry.standing, kept()), (Standing::Accepted, 0));
        assert_eq!(dry.unwritten, ["all"], "the plan says it again");
        let mut no = examined(None);
        assert_eq!(
            no.decide(&store, &scheme, &said(&some, false, false)).unwrap(),
            ["ffff"]
        );
        assert_eq!((no.standing, no.unwritten.len(), kept()), (Standing::Rejected, 0, 0));
        let mut real = examined(None);
        real.decide(&store, &scheme, &said(&all, true, true)).unwrap();
        assert_eq!(
            (real.standing, real.unwritten.len(), kept()),
            (Standing::Accepted, 0, 1)
        );
    }

    #[test]
    fn fewer_days_than_usual_let_nothing_through() {
        let (few, open) = (examined(Some(7)), examined(None));
        let nothing_differs = |mut one: Examined| {
            one.rerouted.clear();
            one.weigh(Standing::NoOp)
        };
        assert_eq!(few.weigh(Standing::NoOp), Standing::Pending, "what is open is open");
        assert_eq!(nothing_differs(few), Standing::Partial);
        assert_eq!(nothing_differs(open), Standing::NoOp);
        assert_eq!(nothing_differs(examined(Some(30))), Standing::NoOp);
    }
}
