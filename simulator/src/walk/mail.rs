//! The mail of a walk: which came, and where in it the code is, or should be.

use std::sync::LazyLock;
use std::time::Instant;

use regex::Regex;
use serde::Serialize;

use super::notes::Notes;
use crate::description::shortened;
use crate::mailbox::{Letter, Mark};
use crate::target::Target;
use crate::trouble::Trouble;
use crate::world::World;

/// How many lines of a mail are shown where no code was found in it.
const MAX_LINES: usize = 6;

/// What may be a code: its digits are not shown, for it is one that nobody knows yet.
static CODE_LIKE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[0-9A-Za-z-]*[0-9０-９][0-9A-Za-z０-９-]{3,}|[0-9A-Za-z-]{3,}[0-9０-９][0-9A-Za-z０-９-]*")
        .expect("a fixed expression compiles")
});

/// A mail that came.
#[derive(Debug, Clone, Serialize)]
pub struct MailSeen {
    /// The sender of the envelope.
    pub from: String,
    /// The subject, decoded.
    pub subject: String,
    /// The part in which the code is sought: `text`, `subject` or `html`.
    pub part: &'static str,
    /// What was found there: how long it is.
    pub found: Option<String>,
    /// The lines that may hold the code, where it was not found, with `#` for what may be a part of it.
    pub lines: Vec<String>,
}

/// What waiting for a code came to.
pub(super) struct Waited {
    pub(super) code: Option<String>,
    pub(super) mail: Option<MailSeen>,
    /// For how long, in seconds.
    pub(super) seconds: f64,
    /// Addresses to which other mail came meanwhile.
    pub(super) others: Vec<String>,
}

/// Waits for a mail with a code. Where one without comes, no other is waited for longer than the quiet time.
pub(super) async fn code(world: &World, notes: &Notes, address: &str, since: Mark) -> Result<Waited, Trouble> {
    let numbers = &world.target.numbers;
    let (begun, mut patience, mut after) = (Instant::now(), numbers.mail_patience.0, since);
    let mut unfit = None;
    loop {
        let left = patience.saturating_sub(begun.elapsed());
        let wait = world.cancel.run_until_cancelled(world.mailbox.next_for(address, after, left));
        let Some(mail) = wait.await.ok_or(Trouble::Interrupted)?? else { break };
        let letter = Letter::parse(&mail);
        let code = world.target.code_in(&letter);
        if let Some(code) = &code {
            notes.hide("code", code);
            if let Some(written) = world.target.as_written(&letter, code) {
                notes.hide("code", &written);
            }
        }
        let seen = seen(&world.target, notes, &mail.from, &letter, code.as_deref());
        let seconds = begun.elapsed().as_secs_f64();
        if code.is_some() {
            return Ok(Waited { code, mail: Some(seen), seconds, others: Vec::new() });
        }
        unfit.get_or_insert(seen);
        patience = begun.elapsed() + numbers.quiet_time.0;
        after = mail.mark();
    }
    let others = world.mailbox.everything_after(since).await?;
    let mut others: Vec<String> =
        others.iter().flat_map(|mail| mail.recipients.clone()).filter(|to| !to.eq_ignore_ascii_case(address)).collect();
    others.sort();
    others.dedup();
    Ok(Waited { code: None, mail: unfit, seconds: begun.elapsed().as_secs_f64(), others })
}

fn seen(target: &Target, notes: &Notes, from: &str, letter: &Letter, code: Option<&str>) -> MailSeen {
    let (part, text) = target.code_place(letter);
    let lines = if code.is_some() { Vec::new() } else { lines(text.unwrap_or_default()) };
    MailSeen {
        from: shortened(&notes.shown(from)),
        subject: shortened(&masked(&notes.shown(letter.subject.as_deref().unwrap_or_default()))),
        part,
        found: code.map(|code| format!("{} characters", code.chars().count())),
        lines: lines.iter().map(|line| shortened(&notes.shown(line))).collect(),
    }
}

/// The lines with what looks like a code, or the first ones where none does.
fn lines(text: &str) -> Vec<String> {
    let all = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut chosen: Vec<String> = all().filter(|line| CODE_LIKE.is_match(line)).take(MAX_LINES).map(masked).collect();
    if chosen.is_empty() {
        chosen = all().take(MAX_LINES).map(masked).collect();
    }
    chosen
}

fn masked(text: &str) -> String {
    let mask =
        |found: &regex::Captures<'_>| found[0].chars().map(|c| if c == '-' { '-' } else { '#' }).collect::<String>();
    CODE_LIKE.replace_all(text, mask).into_owned()
}
