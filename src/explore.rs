//! `sekisho explore`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_reports::record::{CheckRow, CheckVerdict, ExitCode};
use sekisho_rules::{Clause, Level, Portal, Rule};
use sekisho_scenarios::check::{Kept, Told};
use sekisho_scenarios::explore::{self, Explored, Finding, Options, Prose, StoryFile, Tale};
use sekisho_simulator::Trouble;
use sekisho_simulator::world::World;

use crate::cli::{Explore, Format};
use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::outcome::{Found, Showing, Underway};
use crate::progress;
use crate::selftest::defective;
use crate::venue::{Demand, Setting, Venue, seed_or_fresh};

/// The folder of the stories, within that of the report.
const STORIES: &str = "explore";

/// Under what name a row stands that is about no clause in particular: what every story needs is a sign-in that works.
const NOTHING_TOLD: &str = "FAQ-01d";

pub(crate) async fn explore(options: &Explore, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let saved = options.replay.as_deref().map(read).transpose()?;
    let seed = seed_or_fresh(options.seed.or_else(|| saved.as_ref().and_then(|(file, _)| file.seed.parse().ok())));
    let venue = match &options.defect {
        Some(id) => {
            let venue = Venue::embedded(defective(id)?, Setting::of(seed), interrupt.token.clone()).await?;
            venue.with_defect(Some(id))
        }
        None => {
            // How many stories come to be told nobody knows beforehand.
            let demand = Demand { account_offset: options.account_offset, needs: &|_, _| Ok(Vec::new()) };
            Venue::of(options.target.as_deref(), demand, seed, interrupt.token.clone()).await?
        }
    };
    let underway = Underway::begin(seed, &Level::ALL, &options.report.report_dir)?;
    let found = match &saved {
        Some((file, tale)) => tell_again(&venue.world, file, tale).await,
        None => tell_many(&venue.world, options, seed).await,
    };
    if options.format != Format::Json {
        for finding in &found.findings {
            anstream::println!("{}", told_to_people(finding, options));
        }
    }
    let showing =
        Showing { report_dir: &options.report.report_dir, evidence: options.report.evidence, format: options.format };
    let (told, notes) = (found.told(), found.notes);
    let code = underway.end(&venue, Found { told, notes, ..Found::default() }, interrupt, &showing);
    venue.close().await;
    // Only now is the report's folder known to be ours.
    save(&found.findings, seed, options)?;
    code
}

/// What a run or a replay found.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    /// Rows about clauses that no story contradicted.
    others: Vec<CheckRow>,
    notes: Vec<String>,
}

async fn tell_many(world: &Arc<World>, options: &Explore, seed: u64) -> Outcome {
    progress::line(&format!("exploring {}, seed {seed}", world.target.name));
    let bar = progress::bar("exploring", options.cases as usize);
    let drawing = Options {
        seed,
        cases: options.cases as usize,
        max_steps: options.steps as usize,
        jobs: usize::from(options.jobs),
    };
    let explored = explore::explore(world, drawing, || bar.inc(1)).await;
    bar.finish_and_clear();
    match explored {
        Ok(explored) => Outcome { others: others(&explored), notes: notes(&explored), findings: explored.findings },
        Err(trouble) => nothing_told(&trouble),
    }
}

async fn tell_again(world: &Arc<World>, file: &StoryFile, tale: &Tale) -> Outcome {
    progress::line(&format!("telling a story of {} steps again, seed {}", tale.steps.len(), file.seed));
    match explore::replay(world, tale).await {
        Ok(Some(finding)) => Outcome { findings: vec![finding], ..Outcome::default() },
        Ok(None) => {
            let observed = format!("all {} steps of the story went as the rules say", tale.steps.len());
            let row = row(&file.clause, CheckVerdict::Pass, observed);
            Outcome {
                others: row.into_iter().collect(),
                notes: vec!["The story holds now.".to_owned()],
                ..Outcome::default()
            }
        }
        Err(trouble) => nothing_told(&trouble),
    }
}

fn nothing_told(trouble: &Trouble) -> Outcome {
    let row = row(NOTHING_TOLD, CheckVerdict::Inconclusive, String::new());
    let row = row.map(|row| CheckRow { reason: trouble.to_string(), ..row });
    let notes = vec![format!("No story could be told: {trouble}.")];
    Outcome { others: row.into_iter().collect(), notes, ..Outcome::default() }
}

impl Outcome {
    /// As the record takes it: each finding with its evidence, all else together.
    fn told(&self) -> Vec<Told> {
        let of_finding = |finding: &Finding| {
            let contradiction = &finding.story.contradiction;
            let row = row(contradiction.rule, CheckVerdict::Fail, contradiction.seen.screen.to_string())?;
            let portal = finding.story.tale.portal;
            let expected = contradiction.expected.clone();
            let row = CheckRow { expected, portal: Some(portal.name().to_owned()), ..row };
            Some(Told {
                scenario: "explore",
                portal,
                rows: vec![row],
                failed_later: Vec::new(),
                resting_on_time: Vec::new(),
                kept: finding.kept.clone(),
            })
        };
        let others = Told {
            scenario: "explore",
            portal: Portal::Seeker,
            rows: self.others.clone(),
            failed_later: Vec::new(),
            resting_on_time: Vec::new(),
            kept: Kept::default(),
        };
        self.findings.iter().filter_map(of_finding).chain((!self.others.is_empty()).then_some(others)).collect()
    }
}

/// A row for each clause by which steps were judged, and what is in doubt.
fn others(explored: &Explored) -> Vec<CheckRow> {
    let contradicted =
        |clause: &str| explored.findings.iter().any(|finding| finding.story.contradiction.rule == clause);
    let held = explored.judged.iter().filter(|(clause, _)| !contradicted(clause));
    let held =
        held.filter_map(|(clause, times)| row(clause, CheckVerdict::Pass, format!("{times} steps were judged by it")));
    let doubt = explored.is_inconclusive() && explored.findings.is_empty();
    let reasons: Vec<String> =
        explored.doubts.iter().map(|(reason, times)| format!("{times} times: {reason}")).collect();
    let in_doubt = row(NOTHING_TOLD, CheckVerdict::Inconclusive, format!("{} stories held", explored.held))
        .map(|row| CheckRow { id: "explore-stories".to_owned(), reason: reasons.join("; "), ..row });
    held.chain(in_doubt.filter(|_| doubt)).collect()
}

fn row(clause: &str, verdict: CheckVerdict, observed: String) -> Option<CheckRow> {
    let (rule, clause): (&Rule, &Clause) = sekisho_rules::clauses().find(|(_, known)| known.id == clause)?;
    Some(CheckRow {
        id: format!("explore-{}", clause.id.to_ascii_lowercase()),
        rule: rule.id.to_owned(),
        clause: clause.id.to_owned(),
        level: clause.level.into(),
        portal: None,
        verdict,
        reason: String::new(),
        expected: clause.text.to_owned(),
        observed,
        duration_ms: 0,
        evidence: Vec::new(),
    })
}

fn notes(explored: &Explored) -> Vec<String> {
    let mut notes = vec![format!(
        "{} stories, {} steps, {:.0} steps/s; {} held, {} broke a rule, {} could not be told to their end.",
        explored.stories(),
        explored.steps,
        explored.steps_per_s(),
        explored.held,
        explored.contradicted,
        explored.doubted(),
    )];
    if explored.cut_short {
        notes.push("Enough was wrong: no more stories were begun.".to_owned());
    }
    notes.extend(explored.doubts.iter().map(|(reason, times)| format!("In doubt, {times} times: {reason}.")));
    notes.extend(
        explored
            .not_offered
            .iter()
            .map(|(what, times)| format!("Told no further, {times} times, at what is not offered: {what}.")),
    );
    notes.extend(explored.left_out.iter().map(|what| format!("Left out of the stories: {what}.")));
    notes
}

/// Where the story of a clause is kept.
fn place(finding: &Finding, options: &Explore) -> PathBuf {
    let clause = finding.story.contradiction.rule.to_ascii_lowercase();
    options.report.report_dir.join(STORIES).join(format!("{clause}.json"))
}

/// Writes each story to a file that `--replay` reads. Those of an earlier run go, unless it is one of them that was told again.
fn save(findings: &[Finding], seed: u64, options: &Explore) -> Result<(), CliError> {
    let folder = options.report.report_dir.join(STORIES);
    let unwritable = |path: &Path, error: std::io::Error| {
        CliError::Usage(format!("`{}` cannot be written: {error}", path.display()))
    };
    if options.replay.is_none() && folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
    }
    for finding in findings {
        let path = place(finding, options);
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&path, StoryFile::of(&finding.story, seed).to_json()));
        written.map_err(|error| unwritable(&path, error))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<(StoryFile, Tale), CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("the story in `{shown}` cannot be read: {error}")))?;
    StoryFile::parse(&text).map_err(|error| {
        CliError::Usage(format!(
            "`{shown}` holds no story: {error}\n\nhint: `sekisho explore` writes such files into its report folder"
        ))
    })
}

fn told_to_people(finding: &Finding, options: &Explore) -> String {
    let mut words = vec!["sekisho".to_owned(), "explore".to_owned()];
    let target = options.target.as_ref().map(|target| ("--target", target.display().to_string()));
    for (option, value) in target.into_iter().chain(options.defect.clone().map(|defect| ("--defect", defect))) {
        words.extend([option.to_owned(), value]);
    }
    words.extend(["--replay".to_owned(), place(finding, options).display().to_string()]);
    let command = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
    let shortened = format!("{} steps, drawn with {}", finding.story.tale.steps.len(), finding.drawn_steps);
    format!("{}     ({shortened}; to see it again: {command})\n", Prose(&finding.story))
}
