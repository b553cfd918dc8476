//! The record as workflow commands of GitHub Actions, which shows them beside the run.

use crate::digest;
use crate::record::{CheckVerdict, RunRecord};

/// How many annotations are written at most: GitHub shows ten errors and ten warnings of a step and drops the rest.
const SHOWN: usize = 10;

/// One line per check that failed or was in doubt (portals that say the same together) and per dead waiver; a last line
/// says how many more there are. Empty where all is well.
pub fn render(record: &RunRecord) -> String {
    let dead = record
        .dead_waivers
        .iter()
        .map(|waiver| command("error", "dead waiver", &format!("`{}`: {}", waiver.check, waiver.reason)));
    let problems = digest::problems(record);
    let judged = problems.iter().filter(|problem| problem.verdict != CheckVerdict::Waived).map(|problem| {
        let check = problem.check();
        let kind = if problem.verdict == CheckVerdict::Fail { "error" } else { "warning" };
        let title = match problem.entries.len() {
            1 => format!("{} {}: {}", check.clause, check.verdict, problem.first().title()),
            more => format!("{more} checks {}, the first is {}", check.verdict, check.id),
        };
        let said = [("expected", &check.expected), ("observed", &check.observed), ("reason", &check.reason)];
        let said: Vec<String> =
            said.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("{name}: {text}")).collect();
        command(kind, &title, &said.join("\n"))
    });
    let mut lines: Vec<String> = dead.chain(judged).collect();
    let more = lines.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.truncate(SHOWN - 1);
        lines.push(command("error", "more", &format!("{} more: see the report", more + 1)));
    }
    lines.concat()
}

/// A workflow command; what would end or continue it is escaped as GitHub's runner undoes it.
fn command(kind: &str, title: &str, message: &str) -> String {
    let message = message.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = title.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = title.replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{message}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{check, on_portals, run};
    use crate::record::{CheckRow, DeadWaiver, Level};

    fn record(checks: Vec<CheckRow>) -> RunRecord {
        RunRecord::judge(run(Vec::new(), checks, None))
    }

    fn failed(name: &str) -> CheckRow {
        CheckRow { observed: "My Page\n100%".to_owned(), ..check("FAQ-03", name, Level::Must, CheckVerdict::Fail) }
    }

    #[test]
    fn a_failure_is_one_error_for_all_portals_and_a_doubt_a_warning() {
        let mut checks = on_portals(&failed("b"));
        checks.push(check("FAQ-12", "d", Level::Must, CheckVerdict::Inconclusive));
        checks.push(check("FAQ-12", "e", Level::Must, CheckVerdict::Pass));
        checks.push(check("FAQ-12", "f", Level::Must, CheckVerdict::Waived));
        let text = render(&record(checks));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "::error title=FAQ-03a fail%3A faq03-b [seeker%2C employer%2C provider]::\
             expected: the code entry screen%0Aobserved: My Page%0A100%25"
        );
        assert!(lines[1].starts_with("::warning title=FAQ-12a inconclusive%3A faq12-d::"));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_dead_waiver_is_an_error_and_a_good_run_says_nothing() {
        let mut bad = run(Vec::new(), vec![check("FAQ-03", "a", Level::Must, CheckVerdict::Pass)], None);
        assert_eq!(render(&RunRecord::judge(bad.clone())), "");
        bad.dead_waivers.push(DeadWaiver { check: "faq03-*".to_owned(), reason: "passes".to_owned() });
        assert_eq!(render(&RunRecord::judge(bad)), "::error title=dead waiver::`faq03-*`: passes\n");
    }

    #[test]
    fn no_more_than_github_shows_and_the_rest_is_counted() {
        let checks = (0..25).map(|number| failed(&format!("c{number}"))).collect();
        let text = render(&record(checks));
        assert_eq!(text.lines().count(), SHOWN);
        assert!(text.ends_with("::error title=more::16 more: see the report\n"), "{text}");
    }
}
