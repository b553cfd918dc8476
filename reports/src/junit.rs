//! The record as JUnit XML, for CI systems: a suite for each rule, a case for each check and portal, and a suite for the
//! load run's violations, goals and health.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::ReportError;
use crate::record::{CheckRow, CheckVerdict, HealthVerdict, LoadRecord, RunRecord, ThresholdVerdict};
use crate::units::stories;

/// The record as JUnit XML. A doubt is an `error`; what was skipped, is not applicable or is waived is `skipped` with its
/// reason; levels that the run does not judge are `skipped` where they failed, so that a gate and the exit code agree.
///
/// # Errors
/// Where the XML cannot be written.
pub fn render(record: &RunRecord) -> Result<String, ReportError> {
    let mut report = Report::new("sekisho");
    report.timestamp = record.started_at.parse().ok();
    let mut rules: Vec<&str> = record.rules.iter().map(|rule| rule.id.as_str()).collect();
    rules.extend(record.checks.iter().map(|check| check.rule.as_str()));
    let mut seen = std::collections::HashSet::new();
    for rule in rules.into_iter().filter(|rule| seen.insert(*rule)) {
        let checks: Vec<&CheckRow> = record.checks.iter().filter(|check| check.rule == rule).collect();
        if !checks.is_empty() {
            report.add_test_suite(rule_suite(record, rule, &checks));
        }
    }
    if let Some(load) = &record.load {
        report.add_test_suite(load_suite(record, load));
    }
    if !record.dead_waivers.is_empty() {
        let mut suite = TestSuite::new("waivers");
        for waiver in &record.dead_waivers {
            let name = format!("waiver of {}", waiver.check);
            suite.add_test_case(TestCase::new(
                name,
                non_success(NonSuccessKind::Failure, "the waiver is dead", &waiver.reason),
            ));
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|source| ReportError::Render { what: "junit.xml", source: source.into() })
}

fn rule_suite(record: &RunRecord, rule: &str, checks: &[&CheckRow]) -> TestSuite {
    let mut suite = TestSuite::new(rule);
    let text = record.rules.iter().find(|row| row.id == rule).map_or("", |row| &row.text);
    if !text.is_empty() {
        suite.add_property(("text", text));
    }
    suite.set_time(Duration::from_millis(checks.iter().map(|check| check.duration_ms).sum()));
    suite.add_test_cases(checks.iter().map(|check| {
        let mut case = TestCase::new(check.title(), status(record, check));
        case.set_classname(rule);
        case.set_time(Duration::from_millis(check.duration_ms));
        let properties = [
            ("level", check.level.name()),
            ("rule", rule),
            ("clause", check.clause.as_str()),
            ("verdict", check.verdict.name()),
        ];
        case.add_properties(properties);
        case
    }));
    suite
}

fn status(record: &RunRecord, check: &CheckRow) -> TestCaseStatus {
    let not_judged = !record.levels.contains(&check.level);
    match check.verdict {
        CheckVerdict::Pass => TestCaseStatus::success(),
        CheckVerdict::Fail | CheckVerdict::Inconclusive if not_judged => skipped(
            &format!("{}, but level {} is not judged in this run", check.verdict, check.level),
            &details(record, check),
        ),
        CheckVerdict::Fail => non_success(NonSuccessKind::Failure, &check.observed, &details(record, check)),
        CheckVerdict::Inconclusive => non_success(NonSuccessKind::Error, &check.reason, &details(record, check)),
        CheckVerdict::Skipped => skipped(&check.reason, ""),
        CheckVerdict::NotApplicable => skipped(&format!("not applicable: {}", check.reason), ""),
        CheckVerdict::Waived => skipped(&check.reason, &details(record, check)),
    }
}

fn details(record: &RunRecord, check: &CheckRow) -> String {
    let reproduction = record.reproduction(check);
    let lines = [
        ("required", record.clause_text(&check.clause)),
        ("expected", &check.expected),
        ("observed", &check.observed),
        ("reason", &check.reason),
        ("reproduce", &reproduction),
    ];
    let told = lines.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("{name}: {text}"));
    let evidence = check.evidence.iter().map(|path| format!("evidence: {path}"));
    told.chain(evidence).collect::<Vec<_>>().join("\n")
}

fn load_suite(record: &RunRecord, load: &LoadRecord) -> TestSuite {
    let mut suite = TestSuite::new("load");
    suite.add_property(("mix", load.mix.as_str()));
    suite.set_time(Duration::try_from_secs_f64(load.duration_s).unwrap_or_default());
    let health = match load.health.verdict {
        HealthVerdict::Valid => TestCaseStatus::success(),
        HealthVerdict::Invalid => non_success(NonSuccessKind::Error, "the measurement is invalid", &load.health.reason),
    };
    suite.add_test_case(TestCase::new("the generator kept up", health));
    let signed_in = match load.sign_ins {
        0 => non_success(NonSuccessKind::Error, "not a single sign-in", "so nothing can be concluded"),
        _ => TestCaseStatus::success(),
    };
    suite.add_test_case(TestCase::new("somebody signed in", signed_in));
    for violation in load.violations.iter().filter(|violation| violation.count > 0) {
        let message = format!("{} times", violation.count);
        let status = if record.levels.contains(&violation.level) {
            non_success(NonSuccessKind::Failure, &message, &violation.example)
        } else {
            skipped(&format!("{message}, but level {} is not judged in this run", violation.level), &violation.example)
        };
        let mut case = TestCase::new(violation.check.as_str(), status);
        case.set_classname(violation.rule.as_str());
        case.add_properties([("level", violation.level.name()), ("rule", &violation.rule)]);
        suite.add_test_case(case);
    }
    for row in &load.broken_off {
        let message = format!("{} broke off", stories(row.count));
        suite.add_test_case(TestCase::new(
            "every story came to its end",
            non_success(NonSuccessKind::Error, &message, &row.cause),
        ));
    }
    for threshold in &load.thresholds {
        let status = match threshold.verdict {
            ThresholdVerdict::Met => TestCaseStatus::success(),
            ThresholdVerdict::Missed => {
                non_success(NonSuccessKind::Failure, &format!("measured {}", threshold.observed), "")
            }
            ThresholdVerdict::Unknown => non_success(NonSuccessKind::Error, "nothing was measured", ""),
        };
        suite.add_test_case(TestCase::new(threshold.expression.as_str(), status));
    }
    suite
}

fn non_success(kind: NonSuccessKind, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}

fn skipped(message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixtures::{clean_run, eventful_run};
    use crate::record::{Level, RunRecord};

    #[test]
    fn an_eventful_run_tells_everything_a_gate_needs() {
        insta::assert_snapshot!(render(&RunRecord::judge(eventful_run())).unwrap());
    }

    #[test]
    fn a_clean_run_has_no_failure_error_or_skip() {
        let xml = render(&RunRecord::judge(clean_run())).unwrap();
        assert!(xml.contains(r#"tests="3" skipped="0" failures="0" errors="0""#), "{xml}");
        assert!(!xml.contains("<skipped"), "{xml}");
    }

    #[test]
    fn a_level_fails_the_gate_only_where_it_is_judged() {
        let mut run = eventful_run();
        run.checks.retain(|check| check.level == Level::Baseline);
        let failures =
            |run| render(&RunRecord::judge(run)).unwrap().matches("<failure message=\"accepted after 11 min\"").count();
        assert_eq!(failures(run.clone()), 0);
        run.levels.push(Level::Baseline);
        assert_eq!(failures(run), 1);
    }

    #[test]
    fn what_a_target_answers_cannot_break_the_xml() {
        let mut run = clean_run();
        run.checks[0].verdict = CheckVerdict::Fail;
        run.checks[0].observed = "]]><case>\u{1b}[31m\u{0}&\"'".into();
        let xml = render(&RunRecord::judge(run)).unwrap();
        assert!(quick_junit::Report::deserialize_from_str(&xml).is_ok(), "{xml}");
    }
}
