//! The types of the table.

use std::fmt;

/// How binding a clause is, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The notice or an FAQ answer says so.
    Must,
    /// Follows from an answer and common sense; the answer does not say it in words.
    Derived,
    /// Not in the source; from OWASP ASVS 5.0, OWASP WSTG, NIST SP 800-63B-4 or RFC 6265bis.
    Baseline,
}

impl Level {
    /// All levels, the most binding first.
    pub const ALL: [Level; 3] = [Level::Must, Level::Derived, Level::Baseline];

    /// The name used on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Derived => "derived",
            Level::Baseline => "baseline",
        }
    }

    /// The level of that name.
    pub fn named(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One of the three services that ask for the code (NOTICE-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Portal {
    /// 求職者マイページ, for people who look for work.
    Seeker,
    /// 求人者マイページ, for employers; the only one with additional accounts.
    Employer,
    /// 求人・求職情報提供サービス, for those who pass information on.
    Provider,
}

impl Portal {
    /// All portals, in the order of the vocabulary.
    pub const ALL: [Portal; 3] = [Portal::Seeker, Portal::Employer, Portal::Provider];

    /// The name used in profiles, on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Portal::Seeker => "seeker",
            Portal::Employer => "employer",
            Portal::Provider => "provider",
        }
    }

    /// The portal of that name.
    pub fn named(name: &str) -> Option<Portal> {
        Portal::ALL.into_iter().find(|portal| portal.name() == name)
    }
}

impl fmt::Display for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule: one answer of the FAQ, one point of the notice, or one group of the baseline.
#[derive(Debug)]
pub struct Rule {
    /// Permanent id, e.g. `FAQ-12`.
    pub id: &'static str,
    /// Subject in a few words.
    pub title: &'static str,
    /// Subject in Japanese.
    pub title_ja: &'static str,
    /// Where it is written, e.g. `FAQ answer 12`, or which standard.
    pub source: &'static str,
    /// Where the rule and a baseline contradict each other: both sides, for the report.
    pub conflict: Option<&'static str>,
    /// What it asks, letter by letter.
    pub clauses: &'static [Clause],
}

impl Rule {
    /// What the ids of this rule's checks begin with: `faq12-` for `FAQ-12`, `base-code-` for `BASE-CODE`.
    pub fn check_prefix(&self) -> String {
        let id = self.id.to_ascii_lowercase();
        match id.strip_prefix("base-") {
            Some(_) => format!("{id}-"),
            None => format!("{}-", id.replace('-', "")),
        }
    }
}

/// One letter of a rule.
#[derive(Debug)]
pub struct Clause {
    /// Permanent id, e.g. `FAQ-12h`.
    pub id: &'static str,
    /// How binding it is.
    pub level: Level,
    /// What must hold, in our own words.
    pub text: &'static str,
    /// The same in Japanese.
    pub text_ja: &'static str,
    /// Which standard asks for it, with its section, where that differs from clause to clause (the baseline); else the rule's source
    /// counts.
    pub source: Option<&'static str>,
    /// How it is seen from outside.
    pub evidence: Evidence,
}

impl Clause {
    /// The same clause with the standard that asks for it.
    #[must_use]
    pub(crate) const fn by(self, source: &'static str) -> Clause {
        Clause { source: Some(source), ..self }
    }

    /// The checks that decide this clause; empty where there is none.
    pub const fn checks(&self) -> &'static [&'static str] {
        match self.evidence {
            Evidence::Checks(checks) => checks,
            Evidence::Unobservable(_) => &[],
        }
    }

    /// Why no check decides this clause, if none does.
    pub const fn unobservable_reason(&self) -> Option<&'static str> {
        match self.evidence {
            Evidence::Checks(_) => None,
            Evidence::Unobservable(reason) => Some(reason),
        }
    }
}

/// How a clause is seen from outside.
#[derive(Debug, Clone, Copy)]
pub enum Evidence {
    /// These checks decide it.
    Checks(&'static [&'static str]),
    /// It cannot be seen from outside, for this reason.
    Unobservable(&'static str),
}

/// A clause that the source states.
pub(crate) const fn must(
    id: &'static str,
    text: &'static str,
    text_ja: &'static str,
    checks: &'static [&'static str],
) -> Clause {
    Clause { id, level: Level::Must, text, text_ja, source: None, evidence: Evidence::Checks(checks) }
}

/// A clause that follows from the source.
pub(crate) const fn derived(
    id: &'static str,
    text: &'static str,
    text_ja: &'static str,
    checks: &'static [&'static str],
) -> Clause {
    Clause { id, level: Level::Derived, text, text_ja, source: None, evidence: Evidence::Checks(checks) }
}

/// A clause of the baseline.
pub(crate) const fn baseline(
    id: &'static str,
    text: &'static str,
    text_ja: &'static str,
    checks: &'static [&'static str],
) -> Clause {
    Clause { id, level: Level::Baseline, text, text_ja, source: None, evidence: Evidence::Checks(checks) }
}

/// A clause of the baseline that cannot be seen from outside, and why.
pub(crate) const fn unobservable(
    id: &'static str,
    text: &'static str,
    text_ja: &'static str,
    reason: &'static str,
) -> Clause {
    Clause { id, level: Level::Baseline, text, text_ja, source: None, evidence: Evidence::Unobservable(reason) }
}
