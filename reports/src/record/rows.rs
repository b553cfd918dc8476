//! The rows of the record about rules and checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verdict::{CheckVerdict, Level, Verdict};

/// What a rule asks at one level, before anything was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// Id of the rule, e.g. `FAQ-12`.
    pub id: String,
    /// Level of all its clauses below.
    pub level: Level,
    /// The rule's subject in a few words.
    pub text: String,
    /// Where the rule and a baseline contradict each other: both sides.
    pub conflict: Option<String>,
    /// The rule's clauses of this level.
    pub clauses: Vec<ClauseRow>,
}

/// The texts of `rules`, one for each rule and level at which it has clauses, in the order given.
pub fn rule_texts<'a>(rules: impl IntoIterator<Item = &'a sekisho_rules::Rule>) -> Vec<RuleText> {
    let of_level = |rule: &sekisho_rules::Rule, level: sekisho_rules::Level| {
        let clauses: Vec<ClauseRow> = rule.clauses.iter().filter(|clause| clause.level == level).map(clause).collect();
        (!clauses.is_empty()).then(|| RuleText {
            id: rule.id.to_owned(),
            level: level.into(),
            text: rule.title.to_owned(),
            conflict: rule.conflict.map(str::to_owned),
            clauses,
        })
    };
    rules
        .into_iter()
        .flat_map(|rule| sekisho_rules::Level::ALL.into_iter().filter_map(move |level| of_level(rule, level)))
        .collect()
}

fn clause(clause: &sekisho_rules::Clause) -> ClauseRow {
    ClauseRow {
        id: clause.id.to_owned(),
        checks: clause.checks().iter().map(|id| (*id).to_owned()).collect(),
        unobservable_reason: clause.unobservable_reason().map(str::to_owned),
        text: clause.text.to_owned(),
    }
}

/// A rule at one level, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleRow {
    /// Id of the rule, e.g. `FAQ-12`.
    pub id: String,
    /// Level of all its clauses below.
    pub level: Level,
    /// What the checks of the rule at this level add up to; inconclusive where none of them ran.
    pub verdict: Verdict,
    /// The rule's clauses of this level.
    pub clauses: Vec<ClauseRow>,
    /// The rule's subject in a few words.
    #[serde(default)]
    pub text: String,
    /// Where the rule and a baseline contradict each other: both sides.
    #[serde(default)]
    pub conflict: Option<String>,
}

/// One letter of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClauseRow {
    /// Id of the clause, e.g. `FAQ-12h`.
    pub id: String,
    /// Ids of all checks that decide it, whether they were run or not.
    pub checks: Vec<String>,
    /// Why no check decides it, where none does.
    pub unobservable_reason: Option<String>,
    /// What must hold, in our own words.
    #[serde(default)]
    pub text: String,
}

/// One check that was selected, on one portal where it runs per portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRow {
    /// Permanent id, e.g. `faq03-code-is-refused-after-30-minutes`.
    pub id: String,
    /// Id of the rule it decides.
    pub rule: String,
    /// Id of the clause it decides.
    pub clause: String,
    /// Level of that clause.
    pub level: Level,
    /// The portal it ran on, where it runs per portal.
    pub portal: Option<String>,
    /// What it found.
    pub verdict: CheckVerdict,
    /// Why it found nothing, was skipped or is waived; empty where there is nothing to add.
    pub reason: String,
    /// What had to be seen.
    pub expected: String,
    /// What was seen; empty where nothing was.
    pub observed: String,
    /// Wall-clock time it took, in milliseconds.
    pub duration_ms: u64,
    /// Paths of its evidence, relative to the report.
    pub evidence: Vec<String>,
}

impl CheckRow {
    /// The id, with the portal where there is one: `faq01-… [seeker]`.
    pub fn title(&self) -> String {
        match &self.portal {
            Some(portal) => format!("{} [{portal}]", self.id),
            None => self.id.clone(),
        }
    }
}

/// A waiver that no longer stands for anything and should be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadWaiver {
    /// The check or glob that it names.
    pub check: String,
    /// Why it is dead: the check passes, the date is over, there is no such check.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_of_every_rule_appears_once_under_its_level() {
        let texts = rule_texts(sekisho_rules::rules());
        let listed: Vec<(&str, Level)> =
            texts.iter().flat_map(|rule| rule.clauses.iter().map(|clause| (clause.id.as_str(), rule.level))).collect();
        assert_eq!(listed.len(), sekisho_rules::clauses().count());
        for (_, clause) in sekisho_rules::clauses() {
            assert!(listed.contains(&(clause.id, clause.level.into())), "{}", clause.id);
        }
        assert!(texts.iter().all(|rule| !rule.clauses.is_empty()));
    }
}
