//! What must be seen after a step, what was seen, and the contradiction between the two.

use std::fmt;

use super::action::AccountId;

/// The status of the skip settings screen (FAQ-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// あり
    Some,
    /// なし
    None,
}

/// What a step leads to, as coarsely as the rules tell screens apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Nothing was asked of the target.
    Nothing,
    /// The sign-in screen, a refusal, or the advice to start over: nothing was opened or done.
    Outside,
    /// The code entry screen, whether with an error or not.
    AsksForCode,
    /// The skip confirmation screen of the account.
    OffersSkip(AccountId),
    /// My Page or another screen behind the account's sign-in: the step was done.
    Inside(AccountId),
    /// The skip settings screen of the account.
    SkipSettings(AccountId, Status),
}

/// A mail address: that of an account, before and after each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Whose it is.
    pub account: AccountId,
    /// How many changes came before it.
    pub change: usize,
}

/// What was seen of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The screen.
    pub screen: Screen,
    /// Every recipient of every mail the step caused; none for an address that is nobody's.
    pub mails: Vec<Option<Address>>,
}

/// One way a step may rightly go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The screen.
    pub screen: Screen,
    /// The clause, e.g. `FAQ-12b`, from which the screen follows.
    pub screen_rule: &'static str,
    /// Who must get the one mail of this step; none where nothing may be mailed.
    pub mail: Option<Address>,
    /// The clause that says who gets it, or that nobody does.
    pub mail_rule: &'static str,
    /// The clause that is broken if the step is refused and nothing is mailed where a mail must be.
    pub start_rule: &'static str,
}

impl Outcome {
    /// A screen with no mail: none is called for but codes, and codes are mailed at the sign-in only (FAQ-01a).
    pub(super) fn silent(screen: Screen, screen_rule: &'static str) -> Self {
        Self { screen, screen_rule, mail: None, mail_rule: "FAQ-01a", start_rule: screen_rule }
    }

    /// The same, with the clause that forbids a mail.
    pub(super) fn without_mail(self, mail_rule: &'static str) -> Self {
        Self { mail_rule, ..self }
    }
}

/// All the ways a step may rightly go, the likeliest first; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected(Vec<Outcome>);

impl Expected {
    pub(super) fn exactly(outcome: Outcome) -> Self {
        Self(vec![outcome])
    }

    /// Each of these screens, without a mail, by the same clause.
    pub(super) fn any(screens: impl IntoIterator<Item = Screen>, rule: &'static str) -> Self {
        Self(screens.into_iter().map(|screen| Outcome::silent(screen, rule)).collect())
    }

    pub(super) fn or(mut self, other: Self) -> Self {
        for outcome in other.0 {
            if !self.0.iter().any(|known| known.screen == outcome.screen) {
                self.0.push(outcome);
            }
        }
        self
    }

    /// The ways it may go.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.0
    }

    /// Whether more than one screen is right: the step is not judged by which of them is seen.
    pub fn is_open(&self) -> bool {
        self.0.len() > 1
    }

    /// Holds what was seen against what must be.
    ///
    /// # Errors
    /// The contradiction, with its clause.
    pub fn judge(&self, seen: &Seen) -> Result<(), Contradiction> {
        let Some(outcome) = self.0.iter().find(|outcome| outcome.screen == seen.screen) else {
            let screens: Vec<String> = self.0.iter().map(|outcome| outcome.screen.to_string()).collect();
            let refused = seen.screen == Screen::Outside;
            let rule = |first: &Outcome| if refused { first.start_rule } else { first.screen_rule };
            let rule = self.0.first().map_or("", rule);
            return Err(Contradiction { rule, expected: screens.join(" or "), seen: seen.clone() });
        };
        if seen.mails.iter().copied().eq(outcome.mail.map(Some)) {
            return Ok(());
        }
        let expected = outcome.mail.map_or("no mail".to_owned(), |address| format!("one mail, to {address}"));
        let rule = match outcome.mail {
            Some(_) if seen.mails.is_empty() => outcome.start_rule,
            Some(_) if seen.mails.contains(&None) => "FAQ-01b",
            _ => outcome.mail_rule,
        };
        Err(Contradiction { rule, expected, seen: seen.clone() })
    }
}

/// What was seen is not what must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The clause that is broken, e.g. `FAQ-12b`.
    pub rule: &'static str,
    /// What must have been seen, in words.
    pub expected: String,
    /// What was.
    pub seen: Seen,
}

impl std::error::Error for Contradiction {}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            sekisho_rules::clauses().find(|(_, clause)| clause.id == self.rule).map_or("", |(_, clause)| clause.text);
        write!(f, "{}: {text}\n     expected: {}\n     seen: {}", self.rule, self.expected, self.seen.screen)?;
        for mail in &self.seen.mails {
            match mail {
                Some(address) => write!(f, ", a mail to {address}")?,
                None => f.write_str(", a mail to a stranger")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.change {
            0 => write!(f, "the first address of {}", self.account),
            change => write!(f, "the address of {} after change {change}", self.account),
        }
    }
}

impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Outside => f.write_str("a refusal or the sign-in screen"),
            Self::AsksForCode => f.write_str("the code entry screen"),
            Self::OffersSkip(account) => write!(f, "the skip confirmation screen of {account}"),
            Self::Inside(account) => write!(f, "a screen behind the sign-in of {account}"),
            Self::SkipSettings(account, Status::Some) => write!(f, "the skip status あり of {account}"),
            Self::SkipSettings(account, Status::None) => write!(f, "the skip status なし of {account}"),
        }
    }
}
