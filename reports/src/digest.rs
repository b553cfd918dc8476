//! The checks as a person reads them: what several rows say alike is told once. The record itself keeps every row.

use crate::record::{CheckRow, CheckVerdict, RunRecord};

/// Rows of one check that differ in nothing but the portal, and in what their evidence and time are.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    /// The first of the rows: what it says, all say.
    pub(crate) check: &'a CheckRow,
    pub(crate) rows: Vec<&'a CheckRow>,
}

impl<'a> Entry<'a> {
    /// The portals of its rows, in the order of the record; none where the check does not run per portal.
    pub(crate) fn portals(&self) -> Vec<&'a str> {
        let mut portals: Vec<&str> = Vec::new();
        for portal in self.rows.iter().filter_map(|row| row.portal.as_deref()) {
            if !portals.contains(&portal) {
                portals.push(portal);
            }
        }
        portals
    }

    /// The id with the portals: `faq01-… [seeker, employer]`.
    pub(crate) fn title(&self) -> String {
        format!("{}{}", self.check.id, bracketed(&self.portals()))
    }
}

/// ` [seeker, employer]`, or nothing.
pub(crate) fn bracketed(portals: &[&str]) -> String {
    if portals.is_empty() { String::new() } else { format!(" [{}]", portals.join(", ")) }
}

/// The rows as entries, in the order of their first rows.
pub(crate) fn entries<'a>(rows: impl IntoIterator<Item = &'a CheckRow>) -> Vec<Entry<'a>> {
    let says =
        |row: &'a CheckRow| (&row.id, &row.clause, row.level, row.verdict, &row.expected, &row.observed, &row.reason);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for row in rows {
        match entries.iter_mut().find(|entry| says(entry.check) == says(row)) {
            Some(entry) => entry.rows.push(row),
            None => entries.push(Entry { check: row, rows: vec![row] }),
        }
    }
    entries
}

/// A check that did not pass; or several that came to nothing for the same reason, such as a story that could not go on.
#[derive(Debug)]
pub(crate) struct Problem<'a> {
    pub(crate) verdict: CheckVerdict,
    /// At least one.
    pub(crate) entries: Vec<Entry<'a>>,
}

impl<'a> Problem<'a> {
    /// The first of its checks.
    pub(crate) fn first(&self) -> &Entry<'a> {
        &self.entries[0]
    }

    /// What the first of its checks says: the one to run again.
    pub(crate) fn check(&self) -> &'a CheckRow {
        self.first().check
    }

    /// Whether it is more than one check, so that only the reason is common to them.
    pub(crate) fn is_shared(&self) -> bool {
        self.entries.len() > 1
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a CheckRow> + '_ {
        self.entries.iter().flat_map(|entry| entry.rows.iter().copied())
    }

    /// The portals of all its checks, where these are the same for each of them.
    pub(crate) fn common_portals(&self) -> Option<Vec<&'a str>> {
        let portals = self.first().portals();
        self.entries.iter().all(|entry| entry.portals() == portals).then_some(portals)
    }
}

/// The checks that failed, were in doubt or are waived, in this order.
pub(crate) fn problems(record: &RunRecord) -> Vec<Problem<'_>> {
    let of = |verdict| record.checks.iter().filter(move |check| check.verdict == verdict);
    let mut problems: Vec<Problem<'_>> = Vec::new();
    for verdict in [CheckVerdict::Fail, CheckVerdict::Inconclusive, CheckVerdict::Waived] {
        for entry in entries(of(verdict)) {
            let reason = &entry.check.reason;
            // Where a check saw nothing at all, the reason is a trouble of its story and no matter of the check.
            let is_trouble = verdict == CheckVerdict::Inconclusive
                && !reason.is_empty()
                && of(verdict).any(|row| row.observed.is_empty() && row.reason == *reason);
            let same = problems.iter_mut().find(|one| one.verdict == verdict && one.check().reason == *reason);
            match same.filter(|_| is_trouble) {
                Some(problem) => problem.entries.push(entry),
                None => problems.push(Problem { verdict, entries: vec![entry] }),
            }
        }
    }
    problems
}

/// Whether one reason kept every check from being judged, so that nothing else is worth telling.
pub(crate) fn nothing_was_judged(record: &RunRecord, problems: &[Problem<'_>]) -> bool {
    let looked = |check: &CheckRow| !matches!(check.verdict, CheckVerdict::Skipped | CheckVerdict::NotApplicable);
    matches!(problems, [problem] if problem.verdict == CheckVerdict::Inconclusive && problem.is_shared()
        && record.checks.iter().filter(|check| looked(check)).all(|check| check.verdict == CheckVerdict::Inconclusive))
}

/// The evidence of a portal.
#[derive(Debug)]
pub(crate) struct Exhibits<'a> {
    pub(crate) portal: Option<&'a str>,
    /// Paths of the archives of exchanges.
    pub(crate) archives: Vec<&'a str>,
    /// Paths of everything else: the mails.
    pub(crate) mails: Vec<&'a str>,
}

/// The evidence of the rows by portal, each path once: the checks of a story share theirs.
pub(crate) fn exhibits<'a>(rows: impl IntoIterator<Item = &'a CheckRow>) -> Vec<Exhibits<'a>> {
    let mut exhibits: Vec<Exhibits<'_>> = Vec::new();
    for row in rows.into_iter().filter(|row| !row.evidence.is_empty()) {
        let portal = row.portal.as_deref();
        let place = exhibits.iter().position(|one| one.portal == portal).unwrap_or_else(|| {
            exhibits.push(Exhibits { portal, archives: Vec::new(), mails: Vec::new() });
            exhibits.len() - 1
        });
        let Exhibits { archives, mails, .. } = &mut exhibits[place];
        for path in &row.evidence {
            let paths = if path.ends_with(".har") { &mut *archives } else { &mut *mails };
            if !paths.contains(&path.as_str()) {
                paths.push(path);
            }
        }
    }
    exhibits
}

/// Where rules and baselines contradict each other, for the rules that were looked at: each contradiction once, though the
/// record has it at every level.
pub(crate) fn conflicts(record: &RunRecord) -> Vec<(&str, &str)> {
    let mut conflicts: Vec<(&str, &str)> = Vec::new();
    for rule in record.rules.iter().filter(|rule| record.checks.iter().any(|check| check.rule == rule.id)) {
        let conflict = rule.conflict.as_deref().map(|conflict| (rule.id.as_str(), conflict));
        conflicts.extend(conflict.filter(|conflict| !conflicts.contains(conflict)));
    }
    conflicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{check, on_portals, rule, run};
    use crate::record::Level;

    fn doubt(name: &str, reason: &str, observed: &str) -> CheckRow {
        CheckRow {
            reason: reason.to_owned(),
            observed: observed.to_owned(),
            ..check("FAQ-12", name, Level::Must, CheckVerdict::Inconclusive)
        }
    }

    fn record(checks: Vec<CheckRow>) -> RunRecord {
        RunRecord::judge(run(Vec::new(), checks, None))
    }

    #[test]
    fn portals_that_say_the_same_are_told_once_and_others_apart() {
        let mut rows = on_portals(&check("FAQ-03", "a", Level::Must, CheckVerdict::Fail));
        assert_eq!(entries(&rows)[0].title(), "faq03-a [seeker, employer, provider]");
        rows[1].observed = "something else".to_owned();
        let titles: Vec<String> = entries(&rows).iter().map(Entry::title).collect();
        assert_eq!(titles, ["faq03-a [seeker, provider]", "faq03-a [employer]"]);
    }

    #[test]
    fn no_row_is_lost_or_told_twice() {
        let checks = [doubt("a", "no mail", ""), doubt("b", "no mail", "seen before"), doubt("c", "unclear", "x")];
        let record = record(checks.iter().flat_map(on_portals).collect());
        let problems = problems(&record);
        assert_eq!(problems.iter().map(|problem| problem.entries.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(problems.iter().flat_map(Problem::rows).count(), record.checks.len());
    }

    #[test]
    fn checks_that_each_saw_something_unclear_stay_apart() {
        let record = record(vec![doubt("a", "unclear", "x"), doubt("b", "unclear", "y")]);
        assert_eq!(problems(&record).len(), 2);
    }

    #[test]
    fn nothing_was_judged_only_where_one_reason_explains_it_all() {
        let verdict = |checks: Vec<CheckRow>| {
            let record = record(checks);
            nothing_was_judged(&record, &problems(&record))
        };
        let refused = || vec![doubt("a", "refused", ""), doubt("b", "refused", "")];
        let with = |check: CheckRow| refused().into_iter().chain([check]).collect::<Vec<_>>();
        assert!(verdict(refused()));
        assert!(verdict(with(check("FAQ-15", "x", Level::Must, CheckVerdict::NotApplicable))));
        assert!(!verdict(with(check("FAQ-01", "x", Level::Must, CheckVerdict::Pass))));
        assert!(!verdict(with(doubt("c", "another reason", ""))));
        assert!(!verdict(Vec::new()));
    }

    #[test]
    fn a_contradiction_is_told_once_for_all_levels() {
        let mut rules = vec![rule("FAQ-03", Level::Must, "x", &[]), rule("FAQ-03", Level::Derived, "x", &[])];
        rules.iter_mut().for_each(|rule| rule.conflict = Some("10 minutes".to_owned()));
        let passed = check("FAQ-03", "a", Level::Must, CheckVerdict::Pass);
        let record = RunRecord::judge(run(rules, vec![passed], None));
        assert_eq!(conflicts(&record), [("FAQ-03", "10 minutes")]);
    }

    #[test]
    fn evidence_that_checks_share_is_listed_once_by_portal() {
        let mut rows = on_portals(&check("FAQ-03", "a", Level::Must, CheckVerdict::Fail));
        for row in &mut rows {
            let stem = format!("evidence/faq03.{}", row.portal.as_deref().unwrap_or_default());
            row.evidence = vec![format!("{stem}.har"), format!("{stem}.mail-1.eml")];
        }
        rows.push(CheckRow { id: "faq03-b".to_owned(), ..rows[0].clone() });
        let exhibits = exhibits(&rows);
        assert_eq!(exhibits.iter().map(|one| (one.archives.len(), one.mails.len())).collect::<Vec<_>>(), [(1, 1); 3]);
    }
}
