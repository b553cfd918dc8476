//! Which checks a run is about: ids with globs, and levels.

use std::collections::BTreeSet;

use globset::Glob;
use sekisho_rules::Level;

use crate::scenario::{Company, Scenario, scenarios};

/// The checks that were selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    checks: BTreeSet<&'static str>,
}

/// Why there is no selection. The user's input.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// No rule, clause, scenario or check has this id.
    #[error("nothing is called `{id}`{}", hint(.nearest))]
    Unknown {
        /// What was asked for.
        id: String,
        /// What there is that resembles it.
        nearest: Option<&'static str>,
    },
    /// The pattern cannot be read.
    #[error("`{pattern}` is no pattern: {cause}")]
    Pattern {
        /// What was asked for.
        pattern: String,
        /// Why not.
        cause: globset::Error,
    },
    /// The ids exist, but none of their checks is of the levels asked for.
    #[error(
        "the selection holds no check of the levels asked for\n\nhint: `--level must,derived,baseline` asks for all, `--statistical` for those that decide by statistics, `--list` shows what there is"
    )]
    Empty,
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map(|id| format!("\n\nhint: did you mean `{id}`? `sekisho check --list` shows all")).unwrap_or_default()
}

impl Selection {
    /// The checks of these levels whose own id, or that of their scenario, clause or rule, fits one of the patterns (all where there
    /// are none). A pattern may have `*` and `?`; letters count alike in either case. Of checks that decide by statistics there are none
    /// among them: see [`Selection::statistical`].
    ///
    /// # Errors
    /// When a pattern fits nothing at all, or nothing of these levels is left.
    pub fn new(patterns: &[String], levels: &[Level]) -> Result<Selection, SelectionError> {
        Selection::of(Company::Everything, patterns, levels)
    }

    /// The same of the checks that decide by statistics, which run apart, and of nothing else.
    ///
    /// # Errors
    /// As [`Selection::new`].
    pub fn statistical(patterns: &[String], levels: &[Level]) -> Result<Selection, SelectionError> {
        Selection::of(Company::Statistical, patterns, levels)
    }

    fn of(company: Company, patterns: &[String], levels: &[Level]) -> Result<Selection, SelectionError> {
        let mut wanted: BTreeSet<&'static str> = BTreeSet::new();
        for pattern in patterns {
            let matcher = Glob::new(&pattern.to_ascii_lowercase())
                .map_err(|cause| SelectionError::Pattern { pattern: pattern.clone(), cause })?
                .compile_matcher();
            let before = wanted.len();
            wanted.extend(named().filter(|(name, _)| matcher.is_match(name)).flat_map(|(_, checks)| checks));
            if wanted.len() == before && !named().any(|(name, _)| matcher.is_match(name)) {
                return Err(SelectionError::Unknown {
                    id: pattern.clone(),
                    nearest: nearest(&pattern.to_ascii_lowercase()),
                });
            }
        }
        if patterns.is_empty() {
            wanted.extend(sekisho_rules::check_ids());
        }
        let of_level =
            |check: &&str| sekisho_rules::check(check).is_some_and(|(_, clause)| levels.contains(&clause.level));
        wanted.retain(of_level);
        wanted.retain(|check| company_of(check) == company);
        if wanted.is_empty() { Err(SelectionError::Empty) } else { Ok(Selection { checks: wanted }) }
    }

    /// Those of the selected checks that are of this rule; may be none.
    pub(crate) fn of_rule(&self, rule: &str) -> Selection {
        let of_rule = |check: &&&str| sekisho_rules::check(check).is_some_and(|(found, _)| found.id == rule);
        Selection { checks: self.checks.iter().filter(of_rule).copied().collect() }
    }

    /// Those of the selected checks that are of these levels; may be none.
    pub(crate) fn of_levels(&self, levels: &[Level]) -> Selection {
        let of_level =
            |check: &&&str| sekisho_rules::check(check).is_some_and(|(_, clause)| levels.contains(&clause.level));
        Selection { checks: self.checks.iter().filter(of_level).copied().collect() }
    }

    /// Those of the selected checks that this scenario decides, and the rest; either may be none.
    #[must_use]
    pub fn split(&self, scenario: &str) -> (Selection, Selection) {
        let decides = |check: &&'static str| scenario_of(check).is_some_and(|found| found.id == scenario);
        let (own, rest) = self.checks.iter().copied().partition(decides);
        (Selection { checks: own }, Selection { checks: rest })
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// Whether a check is selected.
    pub fn contains(&self, check: &str) -> bool {
        self.checks.contains(check)
    }

    /// The scenarios that decide a selected check.
    pub fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> + '_ {
        scenarios().filter(|scenario| scenario.checks.iter().any(|check| self.contains(check)))
    }

    /// The selected checks.
    pub fn checks(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.checks.iter().copied()
    }
}

/// The scenario that decides a check.
fn scenario_of(check: &str) -> Option<&'static Scenario> {
    scenarios().find(|scenario| scenario.checks.contains(&check))
}

fn company_of(check: &str) -> Company {
    scenario_of(check).map_or(Company::Everything, |scenario| scenario.company)
}

/// Everything that has a name, in lower case, with the checks it stands for.
fn named() -> impl Iterator<Item = (String, Vec<&'static str>)> {
    let checks = sekisho_rules::check_ids().map(|check| (check.to_owned(), vec![check]));
    let clauses =
        sekisho_rules::clauses().map(|(_, clause)| (clause.id.to_ascii_lowercase(), clause.checks().to_vec()));
    let rules = sekisho_rules::rules().map(|rule| {
        (rule.id.to_ascii_lowercase(), rule.clauses.iter().flat_map(|clause| clause.checks().iter().copied()).collect())
    });
    let scenarios = scenarios().map(|scenario| (scenario.id.to_owned(), scenario.checks.to_vec()));
    checks.chain(clauses).chain(rules).chain(scenarios)
}

fn nearest(unknown: &str) -> Option<&'static str> {
    let rules = sekisho_rules::rules().map(|rule| rule.id);
    let clauses = sekisho_rules::clauses().map(|(_, clause)| clause.id);
    let scenarios = scenarios().map(|scenario| scenario.id);
    most_alike(unknown, sekisho_rules::check_ids().chain(rules).chain(clauses).chain(scenarios))
}

/// The check that resembles this id most, if any does.
pub(crate) fn nearest_check(unknown: &str) -> Option<&'static str> {
    most_alike(unknown, sekisho_rules::check_ids())
}

fn most_alike(unknown: &str, ids: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let scored = ids.map(|id| (strsim::jaro_winkler(unknown, &id.to_ascii_lowercase()), id));
    scored.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(score, _)| *score > 0.7).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ALL: [Level; 3] = Level::ALL;

    fn ids(patterns: &[&str]) -> Vec<&'static str> {
        let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Selection::new(&patterns, &ALL).unwrap().checks().collect()
    }

    #[test]
    fn rules_clauses_scenarios_checks_and_globs_select() {
        assert_eq!(ids(&["FAQ-03b"]), ["faq03-code-is-refused-after-30-minutes"]);
        assert_eq!(ids(&["faq03-code-is-refused-after-30-minutes"]), ["faq03-code-is-refused-after-30-minutes"]);
        assert_eq!(ids(&["faq-02"]).len(), 3);
        assert_eq!(ids(&["faq02-*"]).len(), 3);
        assert_eq!(ids(&["faq03-expiry"]).len(), 5);
        let statistical = Selection::statistical(&[], &ALL).unwrap();
        assert_eq!(ids(&[]).len() + statistical.checks().count(), sekisho_rules::check_ids().count());
    }

    #[test]
    fn the_nearest_id_is_suggested() {
        let error = Selection::new(&["faq03-expirx".to_owned()], &ALL).unwrap_err();
        assert!(error.to_string().contains("did you mean `faq03-expiry`"), "{error}");
    }

    #[test]
    fn statistical_checks_are_selected_apart_and_by_themselves() {
        let patterns = ["base-code-18".to_owned()];
        assert!(matches!(Selection::new(&patterns, &ALL), Err(SelectionError::Empty)));
        let selection = Selection::statistical(&patterns, &ALL).unwrap();
        assert_eq!(selection.checks().collect::<Vec<_>>(), ["base-code-values-are-equally-likely"]);
        assert!(matches!(Selection::statistical(&["faq-03".to_owned()], &ALL), Err(SelectionError::Empty)));
        let (time, rest) = Selection::statistical(&[], &ALL).unwrap().split("base-account-time");
        assert_eq!((time.checks().count(), rest.checks().count()), (1, 2));
        assert!(rest.split("base-code-chance").1.is_empty());
    }

    #[test]
    fn an_empty_selection_is_an_error() {
        let error = Selection::new(&["base-code".to_owned()], &[Level::Must]).unwrap_err();
        assert!(matches!(error, SelectionError::Empty));
    }
}
