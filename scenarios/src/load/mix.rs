//! Mixes: which stories the users of a load run live, and in what proportion.

use super::means::Means;
use crate::scenario::{Scenario, scenario};

/// The name of each story in a mix, its scenario, and what it cannot be told without.
const STORIES: [(&str, &str, &[Means]); 11] = [
    ("first-sign-in", "faq01-first-sign-in", &[]),
    ("returning", "faq06-skip", &[Means::Skip]),
    ("expired-code", "faq03-expiry", &[Means::Time, Means::CodePageAgain]),
    ("deleted-mail", "faq04-deleted-mail", &[Means::CodePageAgain]),
    ("cookie-cleared", "faq10-cookie-cleared", &[Means::Skip]),
    ("revoke-all", "faq12-revoke-all", &[Means::Skip, Means::Resume]),
    ("lapsed-skip", "faq08-lapsed-skip", &[Means::Skip, Means::Time]),
    ("many-browsers", "faq07-many-browsers", &[Means::Skip, Means::ManyMails]),
    ("additional-account", "faq15-additional-account", &[Means::AdditionalAccount]),
    ("wrong-code", "base-code-wrong-code", &[Means::GuessesInARow]),
    ("dead-address", "faq05-dead-address", &[Means::RefusedMail]),
];

/// The weights of `mixed`.
const MIXED: &str = include_str!("../../mixes/mixed.toml");

/// Stories with weights.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Its name.
    pub name: String,
    pub(super) stories: Vec<(&'static Scenario, u32)>,
}

/// Why there is no such mix. The user's input.
#[derive(Debug, thiserror::Error)]
pub enum MixError {
    /// No mix has this name.
    #[error("there is no mix `{name}`\n\nhint: there are {}", names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The mix is known, but needs parts that are not built yet.
    #[error("the mix `{name}` is not built yet")]
    NotBuilt {
        /// What was asked for.
        name: String,
    },
    /// The weights cannot be read.
    #[error("the weights of a mix cannot be read: {0}")]
    Weights(String),
}

/// The names of all mixes.
pub fn names() -> Vec<&'static str> {
    STORIES.iter().map(|(name, ..)| *name).chain(["mixed"]).collect()
}

impl Mix {
    /// The mix of this name: a single story, or `mixed`.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Mix, MixError> {
        match name {
            "mixed" => Mix::parse(name, MIXED),
            "launch" => Err(MixError::NotBuilt { name: name.to_owned() }),
            _ => Ok(Mix { name: name.to_owned(), stories: vec![(story(name)?, 1)] }),
        }
    }

    /// A mix from the text of a weights file: `story = weight`.
    ///
    /// # Errors
    /// When it is no such text, a story is unknown, or all weights are 0.
    pub fn parse(name: &str, text: &str) -> Result<Mix, MixError> {
        let weights: toml::Table =
            toml::from_str(text).map_err(|error| MixError::Weights(error.message().to_owned()))?;
        let mut stories = Vec::new();
        for (story_name, weight) in &weights {
            let weight = weight.as_integer().and_then(|weight| u32::try_from(weight).ok());
            let weight =
                weight.ok_or_else(|| MixError::Weights(format!("the weight of `{story_name}` is no whole number")))?;
            stories.push((story(story_name)?, weight));
        }
        if stories.iter().all(|(_, weight)| *weight == 0) {
            return Err(MixError::Weights("no story has a weight".to_owned()));
        }
        Ok(Mix { name: name.to_owned(), stories })
    }
}

/// The name of a story in a mix, and what it cannot be told without.
pub(super) fn particulars(scenario: &Scenario) -> (&'static str, &'static [Means]) {
    let found = STORIES.iter().find(|(_, id, _)| *id == scenario.id);
    found.map_or((scenario.id, &[]), |(name, _, means)| (name, means))
}

fn story(name: &str) -> Result<&'static Scenario, MixError> {
    let found = STORIES.iter().find(|(known, ..)| *known == name).and_then(|(_, id, _)| scenario(id));
    found.ok_or_else(|| MixError::Unknown { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_name_is_a_mix() {
        for name in names() {
            assert!(!Mix::named(name).unwrap().stories.is_empty(), "{name}");
        }
    }

    #[test]
    fn unknown_names_and_weights_are_refused() {
        assert!(matches!(Mix::named("nothing"), Err(MixError::Unknown { .. })));
        assert!(matches!(Mix::named("launch"), Err(MixError::NotBuilt { .. })));
        for text in ["first-sign-in = -1", "first-sign-in = 0", "nobody = 1", "x ="] {
            assert!(Mix::parse("mine", text).is_err(), "{text}");
        }
    }
}
