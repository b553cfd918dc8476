//! Putting a report into a folder: the record, its renderings and the evidence. Foreign files are never touched.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::exchange::{Exchange, MailExchange};
use crate::record::RunRecord;
use crate::{ReportError, Scrubber, har, html, junit};

/// Subfolder of the evidence.
const EVIDENCE: &str = "evidence";
/// Mails of one story that are written, at most: those who count ten thousand of them judge by numbers, not by reading.
const MOST_MAILS: usize = 100;
/// Exchanges of one story that are kept from its begin and from its end, at most.
const MOST_EXCHANGES_PER_END: usize = 1_000;

/// What was seen while one story was told in one portal.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Name of the story, which its files bear.
    pub story: String,
    /// The portal it was told in, where it is told per portal.
    pub portal: Option<String>,
    /// Ids of the checks that it decides.
    pub checks: Vec<String>,
    /// Everything that was sent and received, in order.
    pub exchanges: Vec<Exchange>,
    /// The mails that came, in order.
    pub mails: Vec<MailExchange>,
}

/// Writes `run.json`, `junit.xml`, `index.html` and the evidence into `dir`, which is made if there is none, and returns
/// the record as it was written: scrubbed, and with the paths of its evidence. Each file appears as a whole or not at all.
/// `run.json` comes first, so that a run that dies on the way leaves a folder that is known as ours.
///
/// Secrets that `scrubber` knows, and those that stand in an exchange where only a secret can, appear nowhere.
///
/// # Errors
/// Where the folder holds files but no report of ours, where the file system refuses, or where a renderer fails. Evidence
/// of an earlier run is removed only from a folder that holds a report of ours.
pub fn write_report(
    dir: &Path,
    record: &RunRecord,
    evidence: &[Evidence],
    scrubber: &Scrubber,
) -> Result<RunRecord, ReportError> {
    claim(dir)?;
    let mut scrubber = scrubber.clone();
    evidence.iter().flat_map(|story| &story.exchanges).for_each(|exchange| scrubber.learn_from(exchange));
    let mut record = scrubber.record(record);
    let mut files = BTreeSet::new();
    let stories: Vec<Story<'_>> = evidence.iter().map(|story| Story::new(story, &mut files)).collect();
    attach(&mut record, &stories);

    write(&dir.join("run.json"), record.to_json()?.as_bytes())?;
    for story in &stories {
        story.write(dir, &scrubber)?;
    }
    write(&dir.join("junit.xml"), junit::render(&record)?.as_bytes())?;
    write(&dir.join("index.html"), html::render(&record)?.as_bytes())?;
    remove_stale(&dir.join(EVIDENCE), &files)?;
    Ok(record)
}

/// A story and the names of its files, relative to the report.
struct Story<'a> {
    evidence: &'a Evidence,
    archive: String,
    mails: Vec<String>,
}

impl<'a> Story<'a> {
    /// Names files that no other story has; `taken` gets them.
    fn new(evidence: &'a Evidence, taken: &mut BTreeSet<String>) -> Story<'a> {
        let portal = evidence.portal.as_ref().map(|portal| format!(".{portal}")).unwrap_or_default();
        let stem = file_name(&format!("{}{portal}", evidence.story));
        let stems = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}.{number}")));
        let archives = stems.map(|stem| (format!("{EVIDENCE}/{stem}.har"), stem));
        let (archive, stem) = archives.into_iter().find(|(path, _)| !taken.contains(path)).unwrap_or_default();
        taken.insert(archive.clone());
        let written = evidence.mails.len().min(MOST_MAILS);
        let mails: Vec<String> = (1..=written).map(|number| format!("{EVIDENCE}/{stem}.mail-{number}.eml")).collect();
        taken.extend(mails.iter().cloned());
        Story { evidence, archive, mails }
    }

    fn write(&self, dir: &Path, scrubber: &Scrubber) -> Result<(), ReportError> {
        make_dir(&dir.join(EVIDENCE))?;
        let exchanges = &self.evidence.exchanges;
        let kept = 2 * MOST_EXCHANGES_PER_END;
        let (exchanges, left_out) = if exchanges.len() > kept {
            let ends = [&exchanges[..MOST_EXCHANGES_PER_END], &exchanges[exchanges.len() - MOST_EXCHANGES_PER_END..]];
            (ends.concat(), exchanges.len() - kept)
        } else {
            (exchanges.clone(), 0)
        };
        let mut title = self.evidence.story.clone();
        if left_out > 0 {
            title += &format!("; {left_out} exchanges in the middle are left out");
        }
        if self.evidence.mails.len() > self.mails.len() {
            title += &format!("; {} mails after the first are left out", self.evidence.mails.len() - self.mails.len());
        }
        write(&dir.join(&self.archive), har::render(&title, &exchanges, scrubber)?.as_bytes())?;
        for (path, mail) in self.mails.iter().zip(&self.evidence.mails) {
            write(&dir.join(path), &scrubber.mail(&mail.raw))?;
        }
        Ok(())
    }
}

/// Notes in each row where its evidence lies.
fn attach(record: &mut RunRecord, stories: &[Story<'_>]) {
    for check in &mut record.checks {
        let of_check =
            |story: &&Story<'_>| story.evidence.portal == check.portal && story.evidence.checks.contains(&check.id);
        let paths =
            stories.iter().filter(of_check).flat_map(|story| std::iter::once(&story.archive).chain(&story.mails));
        check.evidence = paths.cloned().collect();
    }
}

/// Makes sure that `dir` is there and that a report may be written into it. Ask before a long run, not only after it.
///
/// # Errors
/// Where the folder holds files but no report of ours, or the file system refuses.
pub fn claim(dir: &Path) -> Result<(), ReportError> {
    make_dir(dir)?;
    let foreign = || ReportError::ForeignFolder { dir: dir.to_owned() };
    let mut entries = fs::read_dir(dir).map_err(|source| ReportError::io("read", dir, source))?;
    if entries.next().is_some() && !holds_report(dir) {
        return Err(foreign());
    }
    match fs::symlink_metadata(dir.join(EVIDENCE)) {
        Ok(found) if !found.is_dir() => Err(foreign()),
        _ => Ok(()),
    }
}

/// Whether `dir` holds a record of ours, of whatever version.
fn holds_report(dir: &Path) -> bool {
    #[derive(serde::Deserialize)]
    #[allow(dead_code, reason = "the fields are what a record is known by")]
    struct Known {
        schema: u32,
        tool_version: String,
        verdict: String,
    }
    let text = fs::read_to_string(dir.join("run.json"));
    text.is_ok_and(|text| serde_json::from_str::<Known>(&text).is_ok())
}

/// Removes archives and mails that this run has not written. Other files stay.
fn remove_stale(dir: &Path, written: &BTreeSet<String>) -> Result<(), ReportError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(ReportError::io("read", dir, source)),
    };
    for entry in entries {
        let entry = entry.map_err(|source| ReportError::io("read", dir, source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.ends_with(".har") || name.ends_with(".eml");
        if ours && !written.contains(&format!("{EVIDENCE}/{name}")) {
            fs::remove_file(entry.path()).map_err(|source| ReportError::io("remove", &entry.path(), source))?;
        }
    }
    Ok(())
}

fn make_dir(dir: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(dir).map_err(|source| ReportError::io("make the folder", dir, source))
}

/// Writes a file beside its place and then moves it there. Not forced to disk: a report is made again at will.
fn write(path: &Path, content: &[u8]) -> Result<(), ReportError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::write(&part, content).map_err(|source| ReportError::io("write", &part, source))?;
    fs::rename(&part, path).map_err(|source| ReportError::io("write", path, source))
}

/// `name` as a file name on any system.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.trim_start_matches('.').chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixtures::{eventful_run, exchange, mail};

    fn story(name: &str, portal: Option<&str>, checks: &[&str]) -> Evidence {
        Evidence {
            story: name.to_owned(),
            portal: portal.map(str::to_owned),
            checks: checks.iter().map(|check| (*check).to_owned()).collect(),
            exchanges: vec![exchange("012345", "0123456789abcdef")],
            mails: vec![mail("Subject: code\r\n\r\n012345\r\n")],
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn knowing() -> Scrubber {
        let mut scrubber = Scrubber::new();
        scrubber.learn("code", "012345");
        scrubber
    }

    #[test]
    fn a_report_is_complete_and_shows_no_secret() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("deep/report");
        let mut run = eventful_run();
        run.checks[1].observed = "accepted 012345 of 0123456789abcdef".into();
        let expired = story("faq03-expiry", Some("seeker"), &["faq03-code-is-refused-after-30-minutes"]);
        let record = RunRecord::judge(run);
        let written = write_report(&dir, &record, &[expired], &knowing()).unwrap();
        assert_eq!(names(&dir), ["evidence", "index.html", "junit.xml", "run.json"]);
        assert_eq!(names(&dir.join("evidence")), ["faq03-expiry.seeker.har", "faq03-expiry.seeker.mail-1.eml"]);
        assert_eq!(
            written.checks[1].evidence,
            ["evidence/faq03-expiry.seeker.har", "evidence/faq03-expiry.seeker.mail-1.eml"]
        );
        assert!(written.checks[0].evidence.is_empty());
        assert_eq!(written.checks[1].observed, "accepted code-1 of cookie-session-1");
        assert_eq!(RunRecord::read(&dir.join("run.json")).unwrap(), written);
        for file in
            ["index.html", "junit.xml", "run.json", &written.checks[1].evidence[0], &written.checks[1].evidence[1]]
        {
            let text = fs::read_to_string(dir.join(file)).unwrap();
            assert!(text.contains("code-1"), "{file}");
            for secret in ["012345", "0123456789abcdef", "tok/en", "f00dfeed", "c3RhZ2luZzpvcGVu"] {
                assert!(!text.contains(secret), "{secret} in {file}");
            }
        }
    }

    #[test]
    fn evidence_of_an_earlier_run_goes_and_foreign_files_stay() {
        let dir = tempfile::tempdir().unwrap();
        let record = RunRecord::judge(eventful_run());
        write_report(dir.path(), &record, &[story("old", None, &[])], &knowing()).unwrap();
        fs::write(dir.path().join("evidence/notes.txt"), "mine").unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        write_report(dir.path(), &record, &[story("new", None, &[])], &knowing()).unwrap();
        assert_eq!(names(&dir.path().join("evidence")), ["new.har", "new.mail-1.eml", "notes.txt"]);
        assert!(names(dir.path()).contains(&"notes.txt".to_owned()));
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let record = RunRecord::judge(eventful_run());
        for (file, content) in [("notes.txt", "mine"), ("run.json", "{\"runs\": 3}")] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(file), content).unwrap();
            let error = write_report(dir.path(), &record, &[], &knowing()).unwrap_err();
            assert!(matches!(error, ReportError::ForeignFolder { .. }), "{error}");
            assert_eq!(names(dir.path()), [file]);
            assert_eq!(fs::read_to_string(dir.path().join(file)).unwrap(), content);
        }
    }

    #[cfg(unix)]
    #[test]
    fn evidence_is_never_written_or_removed_through_a_link() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let record = RunRecord::judge(eventful_run());
        write_report(dir.path(), &record, &[], &knowing()).unwrap();
        fs::write(elsewhere.path().join("precious.har"), "mine").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("evidence")).unwrap();
        assert!(write_report(dir.path(), &record, &[story("new", None, &[])], &knowing()).is_err());
        assert_eq!(names(elsewhere.path()), ["precious.har"]);
    }

    #[test]
    fn names_of_files_are_safe_and_apart() {
        let dir = tempfile::tempdir().unwrap();
        let stories = [story("../a b", None, &[]), story("../a b", None, &[])];
        write_report(dir.path(), &RunRecord::judge(eventful_run()), &stories, &knowing()).unwrap();
        let expected = ["-a-b.2.har", "-a-b.2.mail-1.eml", "-a-b.har", "-a-b.mail-1.eml"];
        assert_eq!(names(&dir.path().join("evidence")), expected);
    }

    #[test]
    fn a_story_of_thousands_keeps_its_begin_and_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut long = story("long", None, &[]);
        long.exchanges = vec![Exchange { answer: None, ..long.exchanges[0].clone() }; 2_300];
        long.mails = vec![long.mails[0].clone(); 130];
        write_report(dir.path(), &RunRecord::judge(eventful_run()), &[long], &knowing()).unwrap();
        let archive = fs::read_to_string(dir.path().join("evidence/long.har")).unwrap();
        assert_eq!(archive.matches("\"_step\"").count(), 2_000);
        assert!(
            archive.contains("long; 300 exchanges in the middle are left out; 30 mails after the first are left out")
        );
        assert_eq!(names(&dir.path().join("evidence")).len(), 101);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "mine").unwrap();
        let error = write_report(&root.path().join("file"), &RunRecord::judge(eventful_run()), &[], &knowing());
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("cannot make the folder `") && error.contains("file"), "{error}");
    }
}
