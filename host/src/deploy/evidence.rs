//! What a deployment rests on, as the store keeps it beside the deployment and `history` shows it: how it came into force,
//! what the gate saw, who accepted what. Kept as JSON; a reader of an older or newer edition shows what it knows.

pub use dukou_replay::Figure;
use serde::{Deserialize, Serialize};

/// How a deployment came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Through the gate.
    Gate,
    /// By `run` of a project with `auto_deploy`: the plugins' own cases, no replay.
    Auto,
    /// With `--no-gate`: the plugins' own cases, no replay.
    Forced,
    /// Back to an earlier deployment.
    Rollback,
    /// As a wave of a rollout, through the gate before the first wave.
    Wave,
    /// Back to what was before, because a wave's thresholds were exceeded.
    WaveRollback,
    /// Not recorded.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What the gate made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is in force already, to the byte.
    Unchanged,
    /// Nothing was in force before.
    First,
    /// The recipe is the same: only what does not decide documents differs (schedule, title, limits).
    SameRecipe,
    /// Another recipe, and the same output for everything retained: proved.
    NoOp,
    /// Another recipe, and nothing stored to compare by.
    NothingStored,
    /// Only shown: fewer days were compared than a deployment is judged by, so nothing is proved and nothing let through.
    Partial,
    /// Differences, each accepted by a person.
    Accepted,
    /// Differences that nobody has accepted.
    Pending,
    /// Differences of which a person rejected one.
    Rejected,
    /// No replay was made.
    #[default]
    #[serde(other)]
    NotAsked,
}

impl Standing {
    /// Whether the gate lets it through.
    pub fn passes(self) -> bool {
        !matches!(self, Self::Pending | Self::Rejected | Self::Partial)
    }

    /// The stable word, for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::First => "first",
            Self::SameRecipe => "same-recipe",
            Self::NoOp => "no-op",
            Self::NothingStored => "nothing-stored",
            Self::Partial => "partial",
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::NotAsked => "not-asked",
        }
    }
}

impl How {
    /// The stable word, for JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Auto => "auto",
            Self::Forced => "forced",
            Self::Rollback => "rollback",
            Self::Wave => "wave",
            Self::WaveRollback => "wave-rollback",
            Self::Unknown => "unknown",
        }
    }
}

/// How much of what is retained a replay compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Only what was received in the last so many days; `None` for everything retained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Groups that are older and were not compared.
    #[serde(default)]
    pub older: u64,
}

/// What the replay of the retained history said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplayFigures {
    /// Everything compared.
    pub all: Figure,
    /// With the same outcome.
    pub same: Figure,
    /// With another outcome; the next two are among them.
    pub changed: Figure,
    /// Mapped or skipped before, a problem after.
    pub newly_failing: Figure,
    /// A problem before, mapped or skipped after.
    pub newly_fixed: Figure,
    /// Fuel before and after, of the groups that it was measured on.
    #[serde(default)]
    pub fuel: (u64, u64),
    /// When the first and the last record compared were received, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<(String, String)>,
    /// How much of what was retained this is; `None` where it was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
}

/// One pattern of difference and what a person said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternEvidence {
    /// Its id.
    pub id: String,
    /// Its kind's word.
    pub kind: String,
    /// Where, if it is about one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Groups and money it touches.
    pub figure: Figure,
    /// Whether it was accepted; `None` if nobody said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why, in a person's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// One thing that differs from what was in force before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `plugin`, `setting`, `table`, `catalogue`, `definition`, or `rolled-back` for a content that a rollback left.
    pub what: String,
    /// Which: the plugin's or the table's name, or a path such as `mapping.settings.fields.Memo`.
    pub name: String,
    /// What it was, short; `None` if it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is, short; `None` if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Change {
    /// [`Self::what`] of a content that a rollback left: the name is the rollback's, before is what somebody said of it.
    pub const ROLLED_BACK: &'static str = "rolled-back";
}

/// What a deployment rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// How it came into force.
    pub how: How,
    /// What the gate made of it.
    pub standing: Standing,
    /// The deployment that it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// The chain's recipe.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub recipe: String,
    /// The base scheme's file and digest, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<(String, String)>,
    /// What differs from before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Cases inside the plugins that passed: plugin and how many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<(String, u64)>,
    /// What the replay said, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayFigures>,
    /// The patterns of difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<PatternEvidence>,
    /// Plugins that stand in for what the definition names, by their names in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// The rollout that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<u64>,
    /// Of a rollback: the deployment that was left, and the one whose content is in force again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<(u64, u64)>,
}

impl Evidence {
    /// As the store keeps it.
    pub fn to_text(&self) -> String {
        // Texts, numbers and lists of them: this cannot fail.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Reads what the store kept; what cannot be read is as if nothing had been recorded.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_survives_its_text_and_nothing_recorded_is_no_error() {
        let evidence = Evidence {
            how: How::Gate,
            standing: Standing::Accepted,
            before: Some(3),
            replay: Some(ReplayFigures {
                all: Figure {
                    groups: 2,
                    amount: "10.50".parse().unwrap(),
                },
                coverage: Some(Coverage {
                    days: Some(30),
                    older: 9_999,
                }),
                ..ReplayFigures::default()
            }),
            rollback: Some((7, 5)),
            pinned: vec!["sales".to_owned()],
            ..Evidence::default()
        };
        assert_eq!(Evidence::parse(&evidence.to_text()), evidence);
        assert_eq!(Evidence::parse("{}"), Evidence::default());
        assert_eq!(Evidence::parse(r#"{"how":"by-magic"}"#).how, How::Unknown);
        assert!(Standing::NoOp.passes() && !Standing::Pending.passes() && !Standing::Partial.passes());
    }
}
