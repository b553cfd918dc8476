//! A row: a login that differs from others in something, what its profile says of that, and what must come of it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::time::Duration;

use toml::{Table, Value};

use crate::house::House;
use crate::odd::{Flaws, Odd, Shape};
use crate::support::{Outcome, Sekisho};
use crate::web::{Asked, Reply, Site};
use crate::{api, one_page, pages};

/// How often a command is begun whose port was taken by somebody else.
const TRIES: usize = 5;
/// How many rows are tried side by side.
const SIDE_BY_SIDE: usize = 2;

/// What is checked of a login that is wrong in each way, and must fail there.
const WRONG: [(Flaws, &[&str]); 5] = [
    (Flaws { mails_another_code: true, ..Flaws::NONE }, &["faq01-the-mailed-code-opens-my-page"]),
    (
        Flaws { takes_every_code: true, ignores_skips: true, ..Flaws::NONE },
        &["faq06-a-wrong-code-sets-no-skip", "faq06-confirmed-skip-skips"],
    ),
    (
        Flaws { always_sets_a_skip: true, needs_no_cookie: true, ..Flaws::NONE },
        &["faq06-unticked-sets-no-skip", "faq10-cleared-cookies-ask-again"],
    ),
    (
        Flaws { codes_never_end: true, ends_no_skip: true, ..Flaws::NONE },
        &["faq03-code-is-refused-after-30-minutes", "faq12-resume-ends-the-skip-of-a-lost-browser"],
    ),
    (
        Flaws { skips_never_end: true, says_none: true, ..Flaws::NONE },
        &["faq08-a-kept-cookie-does-not-outlive-90-days", "faq13-one-skip-shows-some"],
    ),
];

/// What is checked beside it: one of the two still ends in every wrong login. These have no `Date`, and where nothing at all ends it may be
/// their clock that stands.
const ENDS: [&str; 2] = ["faq03-code-is-refused-after-30-minutes", "faq08-a-kept-cookie-does-not-outlive-90-days"];

/// What the right login must pass in every row, where the row does not say that it has nothing of the kind.
const PASSED: [&str; 17] = [
    "faq01-the-mailed-code-opens-my-page",
    "faq01-one-mail-goes-to-the-registered-address",
    "faq01-a-wrong-password-mails-nothing",
    "faq03-code-is-accepted-just-inside-30-minutes",
    "faq03-code-is-refused-after-30-minutes",
    "faq06-confirmed-skip-skips",
    "faq06-unticked-sets-no-skip",
    "faq06-a-wrong-code-sets-no-skip",
    "faq06-a-skipped-sign-in-mails-nothing",
    "faq08-code-is-asked-after-90-days",
    "faq10-cleared-cookies-ask-again",
    "faq10-the-skip-can-be-set-again",
    "faq10-other-browsers-keep-their-skip",
    "faq10-deleting-the-session-keeps-the-skip",
    "faq12-resume-ends-the-skip-of-a-lost-browser",
    "faq12-resume-ends-the-skip-of-every-browser",
    "faq13-one-skip-shows-some",
];

/// One login.
pub struct Row {
    pub name: &'static str,
    pub odd: Odd,
    /// Another login that is the second portal.
    pub second: Option<Odd>,
    /// The profile that the difference is told from: [`crate::bases::PAGES`] or another.
    pub base: &'static str,
    /// What it says otherwise: tables are merged, a step, a screen or the status is replaced.
    pub profile: &'static str,
    /// What is left out of it, by its keys.
    pub without: &'static [&'static str],
    /// Checks that must not pass, or are not there, by the beginning of their ids, each with the reason: findings that are right, or what
    /// the login has not.
    pub open: &'static [(&'static str, &'static str)],
}

impl Row {
    pub const fn of(name: &'static str, odd: Odd, base: &'static str, profile: &'static str) -> Row {
        Row { name, odd, second: None, base, profile, without: &[], open: &[] }
    }

    /// The same with checks that must not pass, or are not there.
    pub const fn with_open(self, open: &'static [(&'static str, &'static str)]) -> Row {
        Row { open, ..self }
    }
}

/// Tries all rows of a group, and says of each what was wrong.
#[track_caller]
pub fn try_rows(rows: Vec<Row>) {
    let left = Mutex::new(rows.iter());
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some(row) = left.lock().unwrap().next() else { break };
                    let found = try_row(row);
                    faults.lock().unwrap().extend(found.into_iter().map(|fault| format!("{}: {fault}", row.name)));
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn try_row(row: &Row) -> Vec<String> {
    let mut faults = Vec::new();
    let is_open = |id: &str| row.open.iter().any(|(open, _)| id.starts_with(open));
    let walked = walk(row, Flaws::NONE);
    if walked.code != Some(0) {
        faults.push(format!("the dry walk ends with {:?}\n{}\n{}", walked.code, walked.stdout, walked.stderr));
    }
    let verdicts = run(row, Flaws::NONE, &[]).verdicts();
    for wanted in PASSED.iter().filter(|id| !is_open(id)) {
        if verdicts.get(*wanted).is_none_or(|(verdict, _)| verdict != "pass") {
            faults.push(format!("the right login does not pass {wanted}: {:?}", verdicts.get(*wanted)));
        }
    }
    for (id, (verdict, reason)) in &verdicts {
        if ["fail", "inconclusive", "skipped"].contains(&verdict.as_str()) && !is_open(id) {
            faults.push(format!("the right login: {id} is {verdict}: {reason}"));
        }
    }
    for (open, why) in row.open {
        let mut of_it = verdicts.iter().filter(|(id, _)| id.starts_with(open)).peekable();
        if of_it.peek().is_none() || of_it.all(|(_, (verdict, _))| verdict == "pass") {
            faults.push(format!("{open} passes, or is not there, though it is said that {why}"));
        }
    }
    for (flaws, ids) in WRONG {
        let ids: Vec<&str> = ids.iter().copied().filter(|id| !is_open(id)).collect();
        if ids.is_empty() {
            continue;
        }
        let with_an_end: Vec<&str> = ids.iter().copied().chain(ENDS).collect();
        let verdicts = run(row, flaws, &with_an_end).verdicts();
        for id in ids {
            match verdicts.get(id) {
                Some((verdict, _)) if verdict == "fail" => {}
                other => faults.push(format!("{id} does not fail where {flaws:?}: {other:?}")),
            }
        }
    }
    faults
}

/// Walks through a login by its profile.
pub fn walk(row: &Row, flaws: Flaws) -> Outcome {
    let mut walks = (0..PORT_TRIES).map(|_| open(row, flaws, &["profile", "check", "target.toml"]));
    let free = walks.find(|(_, walked)| !walked.stderr.contains("is in use"));
    free.unwrap_or_else(|| panic!("{}: no port stays free", row.name)).1
}

/// Verdict and reason by check.
pub type Verdicts = BTreeMap<String, (String, String)>;

/// A check that was run, and the logins that it was run against: one, or two where the second portal has its own.
pub struct Run {
    pub sekisho: Sekisho,
    pub houses: Vec<House>,
}

/// How many stories are told of a login.
const STORIES: &str = "40";

/// How often another port is tried.
const PORT_TRIES: usize = 5;

/// Checks a login by its profile; everything where no checks are named.
pub fn run(row: &Row, flaws: Flaws, only: &[&str]) -> Run {
    let mut args = vec!["check", "--target", "target.toml", "--seed", "1", "--jobs", "8"];
    if !only.is_empty() {
        args.extend(["--level", "must,derived,baseline", "--only"]);
        args.extend(only);
    }
    // Between the choice of a free port and its use somebody else may take it.
    let mut tries = (0..PORT_TRIES).map(|_| open(row, flaws, &args));
    let free = tries.find(|(_, outcome)| !outcome.stderr.contains("is in use"));
    let (run, outcome) = free.unwrap_or_else(|| panic!("{}: no port stays free", row.name));
    assert!(
        [Some(0), Some(10), Some(12)].contains(&outcome.code),
        "{}: {}\n{}",
        row.name,
        outcome.stdout,
        outcome.stderr
    );
    run
}

/// Explores a login by its profile: how the command ended, and what it found.
pub fn explore(row: &Row, flaws: Flaws) -> (Outcome, Verdicts) {
    let (run, outcome) =
        open(row, flaws, &["explore", "--target", "target.toml", "--seed", "11", "--cases", STORIES, "--jobs", "4"]);
    (outcome, run.verdicts())
}

/// Puts a login under load by its profile: how the command ended, and the record where there is one.
pub fn load(row: &Row, mix: &str) -> (Outcome, Option<serde_json::Value>) {
    let (run, outcome) = open(
        row,
        Flaws::NONE,
        &["load", mix, "--target", "target.toml", "--users", "20", "--ramp", "1", "--seed", "3"],
    );
    let record = run.sekisho.report().join("run.json").exists().then(|| run.sekisho.record());
    (outcome, record)
}

/// Starts a login, and a command that is given its profile as `target.toml`; anew where somebody else was quicker to take the port that
/// was found for the mail.
fn open(row: &Row, flaws: Flaws, args: &[&str]) -> (Run, Outcome) {
    for _ in 1..TRIES {
        let (run, outcome) = open_once(row, flaws, args);
        if !outcome.stderr.contains("is in use") {
            return (run, outcome);
        }
    }
    open_once(row, flaws, args)
}

fn open_once(row: &Row, flaws: Flaws, args: &[&str]) -> (Run, Outcome) {
    let mail = free_address();
    let houses: Vec<House> = std::iter::once(row.odd).chain(row.second).map(|odd| House::new(odd, flaws)).collect();
    let start = |own: &House| {
        let (own, all) = (own.clone(), houses.clone());
        Site::start(mail, move |asked| answer(&own, &all, asked))
    };
    let sites: Vec<Site> = houses.iter().map(start).collect();
    let mut addresses: Vec<(&str, String)> =
        ["ADDRESS1", "ADDRESS2"].into_iter().zip(&sites).map(|(name, site)| (name, site.address.to_string())).collect();
    addresses.push(("MAIL", mail.to_string()));
    let sekisho = Sekisho::new();
    sekisho.file("target.toml", &profile(row, &addresses));
    let outcome = sekisho.run(args);
    (Run { sekisho, houses }, outcome)
}

impl Run {
    /// What came of it. Where a check has a row for each portal, the worst counts.
    pub fn verdicts(&self) -> Verdicts {
        let record = self.sekisho.record();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let mut worst = Verdicts::new();
        for row in record["checks"].as_array().unwrap() {
            let reason = if row["reason"] == "" { text(&row["observed"]) } else { text(&row["reason"]) };
            let id = text(&row["id"]);
            match worst.get(&id) {
                Some((verdict, _)) if verdict != "pass" => {}
                _ => drop(worst.insert(id, (text(&row["verdict"]), reason))),
            }
        }
        worst
    }
}

/// An address at which nobody listens.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Answers for a login. The clock is one for all.
fn answer(house: &House, all: &[House], asked: &Asked) -> Reply {
    if asked.is("POST", "/hooks/clock") {
        let by = Duration::from_millis(asked.member("by_ms").as_u64().unwrap());
        all.iter().for_each(|house| house.move_clock(by));
        return Reply::json(200, &serde_json::json!({}));
    }
    // Says that it did.
    if asked.is("POST", "/hooks/idle") {
        return Reply::json(200, &serde_json::json!({}));
    }
    match house.odd.shape {
        Shape::Json => api::answer(house, asked),
        Shape::OnePage => one_page::answer(house, asked),
        Shape::Pages | Shape::OneAddress | Shape::TwoPages => pages::answer(house, asked),
    }
}

/// The profile of a row, with the addresses put in.
fn profile(row: &Row, addresses: &[(&str, String)]) -> String {
    let mut whole: Table = row.base.parse().unwrap();
    for key in row.without {
        let (table, name) = key.rsplit_once('.').unwrap();
        let table = table.split('.').fold(&mut whole, |table, name| table[name].as_table_mut().unwrap());
        assert!(table.remove(name).is_some(), "there is no `{key}` to leave out");
    }
    merge(&mut whole, row.profile.parse().unwrap(), &mut Vec::new());
    let text = toml::to_string(&whole).unwrap();
    addresses.iter().fold(text, |text, (name, address)| text.replace(name, address))
}

fn merge(into: &mut Table, from: Table, at: &mut Vec<String>) {
    for (name, value) in from {
        at.push(name.clone());
        let replaced = matches!(
            at.iter().map(String::as_str).collect::<Vec<_>>()[..],
            ["steps" | "screens", _] | ["skip", "status"]
        );
        match (into.get_mut(&name), value) {
            (Some(Value::Table(own)), Value::Table(other)) if !replaced => merge(own, other, at),
            (_, value) => drop(into.insert(name, value)),
        }
        at.pop();
    }
}
