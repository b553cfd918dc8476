//! The record as one page of HTML that needs no script and fetches nothing, so that it can be mailed, printed and kept.
//! What is shown is decided here and in `plot`; how it looks, in `templates/`.

mod plot;
mod view;

use askama::Template;

use crate::ReportError;
use crate::digest;
use crate::record::{CheckVerdict, Level, RunRecord};
use crate::units::counted;
use plot::Plot;
use view::{LevelView, LoadView, ProblemView, RuleView};

/// The page.
#[derive(Template)]
#[template(path = "report.html")]
struct Report<'a> {
    record: &'a RunRecord,
    sentence: String,
    /// Whether one reason, that of the only problem, kept every check from being judged.
    nothing_was_judged: bool,
    levels: Vec<LevelView>,
    problems: Vec<ProblemView<'a>>,
    rules: Vec<RuleView<'a>>,
    load: Option<LoadView<'a>>,
}

/// The record as a page of HTML.
///
/// # Errors
/// Where a histogram of the record is damaged.
pub fn render(record: &RunRecord) -> Result<String, ReportError> {
    let problems = digest::problems(record);
    let nothing_was_judged = digest::nothing_was_judged(record, &problems);
    let problems = view::problems(record, problems);
    let report = Report {
        sentence: sentence(record),
        nothing_was_judged,
        levels: Level::ALL.map(|level| LevelView::of(record, level)).into(),
        rules: view::rules(record, &problems),
        problems,
        load: record.load.as_ref().map(LoadView::of).transpose()?,
        record,
    };
    report.render().map_err(|source| ReportError::Render { what: "index.html", source: source.into() })
}

/// What the checks came to, in a sentence.
fn sentence(record: &RunRecord) -> String {
    if record.checks.is_empty() {
        return "No check was run by itself.".to_owned();
    }
    let count = |verdict| record.checks.iter().filter(|check| check.verdict == verdict).count();
    let told = CheckVerdict::ALL.map(|verdict| (count(verdict), verdict.counted()));
    let told = told.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    format!("{}: {}.", counted(record.checks.len() as u64, "check"), told.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixtures::{clean_run, eventful_run, refused_run, run};
    use crate::record::{LoadRecord, Run};

    fn page(run: Run) -> String {
        let mut record = RunRecord::judge(run);
        record.tool_version = "0.1.0".to_owned();
        render(&record).unwrap()
    }

    #[test]
    fn an_eventful_run_shows_everything() {
        insta::assert_snapshot!(page(eventful_run()));
    }

    #[test]
    fn a_clean_run_names_no_problem_and_no_load() {
        let page = page(clean_run());
        assert!(page.contains("3 checks: 3 passed."));
        assert!(!page.contains("id=\"problems\"") && !page.contains("id=\"load\""));
    }

    #[test]
    fn a_target_that_is_not_there_is_said_once_in_the_banner() {
        let page = page(refused_run());
        assert!(page.split("</header>").next().unwrap().contains("refused the connection"));
        assert_eq!(page.matches("refused the connection").count(), 1);
    }

    #[test]
    fn what_portals_and_checks_share_is_told_once() {
        let page = page(eventful_run());
        let (problems, rules) = page.split_once("<h2 id=\"rules\"").unwrap();
        assert_eq!(problems.matches("an earlier judgement").count(), 1);
        assert_eq!(rules.matches("<code>faq13-status-tells-of-a-skip</code>").count(), 1);
        assert_eq!(rules.matches("href=\"evidence/faq13-story.").count(), 3 * 3 * 2, "each check links all evidence");
    }

    #[test]
    fn every_link_within_the_page_has_its_anchor() {
        let page = page(eventful_run());
        let links: Vec<&str> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(links.len() > 5);
        for link in links {
            assert_eq!(page.matches(&format!("id=\"{link}\"")).count(), 1, "{link}");
        }
        assert!(page.contains("id=\"FAQ-12\""));
    }

    #[test]
    fn nothing_is_fetched_and_nothing_runs() {
        let page = page(eventful_run());
        for forbidden in ["<script", "http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn what_a_target_answers_stays_text() {
        let mut run = eventful_run();
        run.checks[1].observed = "<script>alert(1)</script>".into();
        run.checks[1].evidence = vec!["evidence/\"><script>.har".into()];
        run.load.as_mut().unwrap().steps[0].name = "<script>".into();
        assert!(!page(run).contains("<script"));
    }

    #[test]
    fn an_empty_load_still_makes_a_page() {
        let load = LoadRecord { steps: Vec::new(), intervals: Vec::new(), sign_ins: 0, ..crate::fixtures::load() };
        assert!(page(run(Vec::new(), Vec::new(), Some(load))).contains("id=\"load\""));
    }

    #[test]
    fn tables_have_captions_and_scopes() {
        let page = page(eventful_run());
        assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
        assert_eq!(page.matches("<th ").count(), page.matches(" scope=\"").count());
        assert!(!page.contains("<th>"));
    }
}
