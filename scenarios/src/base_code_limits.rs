//! BASE-CODE: how many wrong codes an account takes, and how many mails an address gets. No way round either.

use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Request;
use sekisho_simulator::target::{Limit, Screen, Span, Step, Vars};
use sekisho_simulator::{Haste, Person, Seen, SkipBox, Trouble, Visitor};

use crate::address::needs_code_mails;
use crate::base_code_cooldown::guess_in_haste;
use crate::moves::{ask_for_code, back_to_code_entry, want, wrong_code};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-code-starting-over": "Somebody guesses, and starts over whenever an attempt has ended", Each,
        ["base-code-starting-over-gives-no-fresh-guesses"], starting_over;
    "base-code-another-browser": "Somebody guesses, in a new browser whenever an attempt has ended", Each,
        ["base-code-another-browser-gives-no-fresh-guesses"], another_browser;
    "base-code-claimed-origin": "Somebody guesses, and claims another origin whenever an attempt has ended", Each,
        ["base-code-a-claimed-origin-gives-no-fresh-guesses"], claimed_origin;
    "base-code-mail-limit": "Somebody has mails sent to an address till no more are", Each, ["base-code-mails-are-limited"], mails;
];

/// Limits above this are not reached by a check: it would take minutes.
const REACHED_AT_MOST: u32 = 1_000;

/// Where the profile declares no limit of mails, a target that mails more than this has none: it is more than anybody needs.
const MOST_MAILS: Limit = Limit { count: 100, window: Span(Duration::from_secs(3600)) };

/// Headers in which proxies say where a request comes from.
const ORIGIN_HEADERS: [&str; 4] = ["x-forwarded-for", "x-real-ip", "client-ip", "true-client-ip"];

/// How somebody who guesses would escape the limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dodge {
    /// Not at all.
    Staying,
    StartingOver,
    AnotherBrowser,
    ClaimedOrigin,
}

impl Dodge {
    /// The request of the attempt with this number; addresses are those of RFC 5737.
    fn alter(self, request: Request, attempt: u32) -> Request {
        if self != Dodge::ClaimedOrigin {
            return request;
        }
        let origin = format!("203.0.113.{}", attempt % 250 + 1);
        ORIGIN_HEADERS.iter().fold(request, |request, name| {
            match (name.parse::<http::HeaderName>(), http::HeaderValue::from_str(&origin)) {
                (Ok(name), Ok(value)) => request.with_header(name, value),
                _ => request,
            }
        })
    }
}

async fn starting_over(stage: Arc<Stage>) -> Result<(), Trouble> {
    guess(&stage, "base-code-starting-over-gives-no-fresh-guesses", Dodge::StartingOver).await
}

async fn another_browser(stage: Arc<Stage>) -> Result<(), Trouble> {
    guess(&stage, "base-code-another-browser-gives-no-fresh-guesses", Dodge::AnotherBrowser).await
}

async fn claimed_origin(stage: Arc<Stage>) -> Result<(), Trouble> {
    guess(&stage, "base-code-a-claimed-origin-gives-no-fresh-guesses", Dodge::ClaimedOrigin).await
}

async fn guess(stage: &Stage, check: &'static str, dodge: Dodge) -> Result<(), Trouble> {
    let numbers = stage.numbers();
    let (limit, per_attempt) = match (numbers.wrong_codes_limit, numbers.wrong_codes, numbers.code_cooldown) {
        (Some(limit), Some(per_attempt), _) => (limit, per_attempt),
        (_, None, Some(cooldown)) => return guess_in_haste(stage, check, dodge, cooldown).await,
        _ => return Err(Trouble::Means(
            "the profile declares no limit of wrong codes of an account (`numbers.wrong_codes_limit` and `numbers.wrong_codes`, or \
             `numbers.code_cooldown`)".to_owned(),
        )),
    };
    can_be_reached("numbers.wrong_codes_limit", limit)?;
    needs_code_mails(stage, limit.count.div_ceil(per_attempt.max(1)) + 2)?;
    let (person, account) = stage.person().await?;
    person.hurry(Some(Haste::BeyondLimits));
    let mut guesser = Guesser::new(&person, &account, dodge);
    let mut given = 0;
    while given < limit.count {
        let Some(right) = guesser.begin_anew().await? else { break };
        let guesses = per_attempt.max(1).min(limit.count - given);
        for _ in 0..guesses {
            let seen = guesser.give(&wrong_code(&right)).await?;
            stage.control("a wrong code should be refused", &seen, seen.refuses_code())?;
        }
        given += guesses;
    }
    let expected = format!("after {given} wrong codes the account takes no code, not even the right one");
    let (seen, mut visitor) = match guesser.begin_anew().await? {
        Some(right) => (guesser.give(&right).await?, guesser.visitor),
        None => (guesser.visitor.open_sign_in().await?, guesser.visitor),
    };
    stage.refuses(check, &expected, &mut visitor, &seen).await?;

    person.hurry(None);
    person.wait(limit.window.0 + stage.margin(&person)).await?;
    let mut later = person.browser("later", &account);
    let (_, mailed) = ask_for_code(&mut later, &account).await?;
    let seen = later.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.control("once the window has passed, the right code should sign in", &seen, seen.is_signed_in())
}

/// Somebody who guesses the codes of an account whose password they know.
pub(crate) struct Guesser<'a> {
    pub(crate) visitor: Visitor,
    person: &'a Person,
    account: &'a Account,
    dodge: Dodge,
    attempts: u32,
}

impl<'a> Guesser<'a> {
    pub(crate) fn new(person: &'a Person, account: &'a Account, dodge: Dodge) -> Guesser<'a> {
        Guesser { visitor: person.browser("0", account), person, account, dodge, attempts: 0 }
    }

    /// Begins another attempt; the code that was mailed for it, or none where the target takes no more of them.
    pub(crate) async fn begin_anew(&mut self) -> Result<Option<String>, Trouble> {
        self.attempts += 1;
        let (dodge, attempt) = (self.dodge, self.attempts);
        if dodge == Dodge::AnotherBrowser {
            self.visitor = self.person.browser(&attempt.to_string(), self.account);
        }
        let started = self.visitor.begin_altered(self.account, |request| dodge.alter(request, attempt)).await?;
        match started.seen.screen {
            Some(Screen::CodeEntry) => Ok(Some(self.visitor.mailed_code(self.account, &started).await?.code)),
            Some(Screen::Limited | Screen::AttemptOver | Screen::Refused | Screen::SignIn) => Ok(None),
            _ => want(Step::SubmitPassword, Screen::Limited, &started.seen).map(|()| None),
        }
    }

    /// Gives a code in the attempt that is open.
    pub(crate) async fn give(&mut self, code: &str) -> Result<Seen, Trouble> {
        // A refused code may have led to a page without the form.
        let form = self.visitor.prepare(Step::SubmitCode, Vars { code, ..Vars::default() }, SkipBox::Unticked);
        let request = match form {
            Ok(request) => request,
            Err(_) => {
                back_to_code_entry(&mut self.visitor).await?;
                self.visitor.prepare(Step::SubmitCode, Vars { code, ..Vars::default() }, SkipBox::Unticked)?
            }
        };
        self.visitor.send(Step::SubmitCode, self.dodge.alter(request, self.attempts)).await
    }
}

async fn mails(stage: Arc<Stage>) -> Result<(), Trouble> {
    let numbers = stage.numbers();
    // A cool-down is a limit too: one mail in that time.
    let by_cooldown = numbers.mail_cooldown.map(|window| Limit { count: 1, window });
    let limit = numbers.mail_limit.or(by_cooldown).unwrap_or(MOST_MAILS);
    can_be_reached("numbers.mail_limit", limit)?;
    let (person, account) = stage.person().await?;
    person.hurry(Some(Haste::WithMails));
    let since = person.mark().await?;
    let mut a = person.browser("A", &account);
    for _ in 0..limit.count {
        if !ask_again(&mut a, &account).await?.asks_for_code() {
            break;
        }
    }
    // Beyond the limit in the same browser and in another one. A target may also refuse in silence: what counts is what is mailed.
    for mut visitor in [a, person.browser("B", &account)] {
        let seen = ask_again(&mut visitor, &account).await?;
        stage.control("nobody should be signed in by asking for codes", &seen, !seen.is_signed_in())?;
    }
    person.hurry(None);
    person.wait(limit.window.0 + stage.margin(&person)).await?;
    let mut later = person.browser("later", &account);
    ask_for_code(&mut later, &account).await?;
    later.quiet().await;
    let mails = later.world().mailbox.all_for(&account.key.address, since).await?.len();
    if mails < 2 {
        return Err(Trouble::ControlArm(
            "within the limit codes should be mailed, but only the control mail came".to_owned(),
        ));
    }
    let within = u32::try_from(mails - 1).unwrap_or(u32::MAX);
    let observed = format!(
        "asked {} times within {} s: {within} mails, and one more once the window had passed",
        limit.count + 2,
        limit.window.0.as_secs()
    );
    let expected = format!("at most {} mails within the window", limit.count);
    stage.judge("base-code-mails-are-limited", &expected, observed, within <= limit.count)
}

/// Sends ID and password once more without waiting for the mail.
async fn ask_again(visitor: &mut Visitor, account: &Account) -> Result<Seen, Trouble> {
    let vars = account.vars();
    visitor.open_sign_in().await?;
    visitor.look(Step::SubmitPassword, vars, SkipBox::Unticked).await
}

fn can_be_reached(key: &str, limit: Limit) -> Result<(), Trouble> {
    if limit.count <= REACHED_AT_MOST {
        return Ok(());
    }
    Err(Trouble::Means(format!("`{key}` of {} is more than a check can reach ({REACHED_AT_MOST})", limit.count)))
}
