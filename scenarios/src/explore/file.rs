//! A story in a file: what `--replay` reads, and a person too.

use sekisho_rules::Portal;
use serde::{Deserialize, Serialize};

use super::tale::{ACCOUNTS, Tale};
use super::tell::Contradicted;
use crate::oracle::{AccountId, Action, BrowserId, Page, Planted, Typed};

/// The version of the format.
const SCHEMA: u32 = 1;

/// The most steps that a file may hold.
const MAX_STEPS: usize = 10_000;

/// The most browsers: as many as there are letters.
const MAX_BROWSERS: usize = 26;

/// The longest that a step may wait: ten years, in milliseconds.
const MAX_WAIT_MS: i64 = 10 * 366 * 24 * 3_600_000;

/// A story that contradicted the rules, as a file holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoryFile {
    schema: u32,
    /// The seed of the run that drew it.
    pub seed: String,
    portal: String,
    /// The time of the accounts' clocks at the beginning, RFC 3339.
    begins: String,
    /// The clause that was contradicted.
    pub clause: String,
    /// What should have been seen.
    pub expected: String,
    /// What was.
    pub seen: String,
    /// To whom it happened.
    pub person: String,
    steps: Vec<StepRecord>,
}

/// Why a file holds no story.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoryFileError {
    /// It is not JSON of this form.
    #[error("line {line}, `{field}`: {message}")]
    Malformed {
        /// Where it stands.
        line: usize,
        /// The path of the field.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// A value makes no sense.
    #[error("`{field}`: {message}")]
    Senseless {
        /// The path of the field.
        field: String,
        /// What is wrong.
        message: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum StepRecord {
    SignIn { browser: Letter, account: Named, password: Rightness },
    SubmitCode { browser: Letter, code: CodeRecord, tick: bool },
    ConfirmSkip { browser: Letter },
    CancelSkip { browser: Letter },
    OpenResume { browser: Letter },
    CompleteResume { browser: Letter },
    LookAtMyPage { browser: Letter },
    LookAtSkipStatus { browser: Letter },
    ReloadCodeEntry { browser: Letter },
    ChangeAddress { browser: Letter },
    AskForAddress { browser: Letter },
    ConfirmAddress { browser: Letter, number: Rightness },
    OfficeTakesRequest { account: Named },
    OfficeChangesAddress { account: Named },
    SignOut { browser: Letter },
    ForgetSession { browser: Letter },
    ClearCookies { browser: Letter },
    PutBackSkipCookie { browser: Letter, account: Named },
    AlterSkipCookie { browser: Letter, account: Named, character: usize },
    ShowSkipCookieOf { browser: Letter, account: Named, other: Named },
    Wait { ms: i64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rightness {
    Right,
    Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CodeRecord {
    Right,
    Wrong,
    /// That of so many attempts before.
    Earlier(usize),
    /// The newest of an account.
    NewestOf(Named),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Named {
    Main,
    Additional,
}

/// A browser by its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Letter(BrowserId);

impl TryFrom<String> for Letter {
    type Error = String;

    fn try_from(text: String) -> Result<Letter, String> {
        let browsers = (0..MAX_BROWSERS).map(BrowserId);
        let mut named = browsers.filter(|browser| browser.letter() == text);
        named.next().map(Letter).ok_or_else(|| format!("`{text}` is no browser; they go by the letters A to Z"))
    }
}

impl From<Letter> for String {
    fn from(letter: Letter) -> String {
        letter.0.letter()
    }
}

impl StoryFile {
    /// The file of a story.
    pub fn of(story: &Contradicted, seed: u64) -> StoryFile {
        let Contradicted { tale, contradiction, person, .. } = story;
        let begins = jiff::Timestamp::from_millisecond(tale.begins_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        StoryFile {
            schema: SCHEMA,
            seed: seed.to_string(),
            portal: tale.portal.name().to_owned(),
            begins: begins.to_string(),
            clause: contradiction.rule.to_owned(),
            expected: contradiction.expected.clone(),
            seen: contradiction.seen.screen.to_string(),
            person: person.clone(),
            steps: tale.steps.iter().map(StepRecord::of).collect(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// With line and field: what is not JSON of this form, or makes no sense.
    pub fn parse(text: &str) -> Result<(StoryFile, Tale), StoryFileError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let file: StoryFile = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let (line, message) = (error.inner().line(), error.inner().to_string());
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            StoryFileError::Malformed { line, field: error.path().to_string(), message }
        })?;
        json.end().map_err(|error| StoryFileError::Malformed {
            line: error.line(),
            field: ".".to_owned(),
            message: "something follows the story".to_owned(),
        })?;
        let tale = file.tale()?;
        Ok((file, tale))
    }

    fn tale(&self) -> Result<Tale, StoryFileError> {
        let senseless = |field: &str, message: String| StoryFileError::Senseless { field: field.to_owned(), message };
        if self.schema != SCHEMA {
            return Err(senseless(
                "schema",
                format!("only version {SCHEMA} of the format is known, not {}", self.schema),
            ));
        }
        let portal = Portal::named(&self.portal).ok_or_else(|| {
            senseless(
                "portal",
                format!("`{}` is no portal; there are `seeker`, `employer` and `provider`", self.portal),
            )
        })?;
        let begins: jiff::Timestamp = self.begins.parse().map_err(|_| {
            senseless("begins", format!("`{}` is no instant such as `2025-08-14T06:00:00Z`", self.begins))
        })?;
        if self.steps.is_empty() || self.steps.len() > MAX_STEPS {
            return Err(senseless("steps", format!("a story has 1 to {MAX_STEPS} steps, not {}", self.steps.len())));
        }
        for (index, step) in self.steps.iter().enumerate() {
            if let StepRecord::Wait { ms } = step
                && !(0..=MAX_WAIT_MS).contains(ms)
            {
                return Err(senseless(
                    &format!("steps[{index}].ms"),
                    format!("nobody waits {ms} ms; 0 to {MAX_WAIT_MS} can be waited"),
                ));
            }
        }
        let steps = self.steps.iter().map(StepRecord::action).collect();
        Ok(Tale { portal, begins_ms: begins.as_millisecond(), steps })
    }

    /// As it is written.
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to be written: no map has keys that are no strings.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl StepRecord {
    fn of(action: &Action) -> StepRecord {
        let rightness = |right| if right { Rightness::Right } else { Rightness::Wrong };
        match *action {
            Action::SignIn { browser, account, right_password } => {
                let password = rightness(right_password);
                StepRecord::SignIn { browser: Letter(browser), account: Named::of(account), password }
            }
            Action::SubmitCode { browser, typed, tick } => {
                let code = match typed {
                    Typed::Right => CodeRecord::Right,
                    Typed::Wrong => CodeRecord::Wrong,
                    Typed::Earlier(back) => CodeRecord::Earlier(back),
                    Typed::Of(account) => CodeRecord::NewestOf(Named::of(account)),
                };
                StepRecord::SubmitCode { browser: Letter(browser), code, tick }
            }
            Action::ConfirmSkip(browser) => StepRecord::ConfirmSkip { browser: Letter(browser) },
            Action::CancelSkip(browser) => StepRecord::CancelSkip { browser: Letter(browser) },
            Action::OpenResume(browser) => StepRecord::OpenResume { browser: Letter(browser) },
            Action::CompleteResume(browser) => StepRecord::CompleteResume { browser: Letter(browser) },
            Action::Look(browser, Page::MyPage) => StepRecord::LookAtMyPage { browser: Letter(browser) },
            Action::Look(browser, Page::SkipSettings) => StepRecord::LookAtSkipStatus { browser: Letter(browser) },
            Action::Look(browser, Page::CodeEntry) => StepRecord::ReloadCodeEntry { browser: Letter(browser) },
            Action::ChangeAddress(browser) => StepRecord::ChangeAddress { browser: Letter(browser) },
            Action::AskAddress(browser) => StepRecord::AskForAddress { browser: Letter(browser) },
            Action::ConfirmAddress { browser, right } => {
                StepRecord::ConfirmAddress { browser: Letter(browser), number: rightness(right) }
            }
            Action::OfficeTakesRequest(account) => StepRecord::OfficeTakesRequest { account: Named::of(account) },
            Action::OfficeChangesAddress(account) => StepRecord::OfficeChangesAddress { account: Named::of(account) },
            Action::SignOut(browser) => StepRecord::SignOut { browser: Letter(browser) },
            Action::ForgetSession(browser) => StepRecord::ForgetSession { browser: Letter(browser) },
            Action::ClearCookies(browser) => StepRecord::ClearCookies { browser: Letter(browser) },
            Action::PlantSkipCookie { browser, account, planted } => {
                let (browser, account) = (Letter(browser), Named::of(account));
                match planted {
                    Planted::Kept => StepRecord::PutBackSkipCookie { browser, account },
                    Planted::Altered(character) => StepRecord::AlterSkipCookie { browser, account, character },
                    Planted::Of(other) => StepRecord::ShowSkipCookieOf { browser, account, other: Named::of(other) },
                }
            }
            Action::Wait(ms) => StepRecord::Wait { ms },
        }
    }

    fn action(&self) -> Action {
        let plant = |browser: Letter, account: Named, planted| Action::PlantSkipCookie {
            browser: browser.0,
            account: account.id(),
            planted,
        };
        match *self {
            StepRecord::SignIn { browser, account, password } => {
                let right_password = password == Rightness::Right;
                Action::SignIn { browser: browser.0, account: account.id(), right_password }
            }
            StepRecord::SubmitCode { browser, code, tick } => {
                let typed = match code {
                    CodeRecord::Right => Typed::Right,
                    CodeRecord::Wrong => Typed::Wrong,
                    CodeRecord::Earlier(back) => Typed::Earlier(back),
                    CodeRecord::NewestOf(account) => Typed::Of(account.id()),
                };
                Action::SubmitCode { browser: browser.0, typed, tick }
            }
            StepRecord::ConfirmSkip { browser } => Action::ConfirmSkip(browser.0),
            StepRecord::CancelSkip { browser } => Action::CancelSkip(browser.0),
            StepRecord::OpenResume { browser } => Action::OpenResume(browser.0),
            StepRecord::CompleteResume { browser } => Action::CompleteResume(browser.0),
            StepRecord::LookAtMyPage { browser } => Action::Look(browser.0, Page::MyPage),
            StepRecord::LookAtSkipStatus { browser } => Action::Look(browser.0, Page::SkipSettings),
            StepRecord::ReloadCodeEntry { browser } => Action::Look(browser.0, Page::CodeEntry),
            StepRecord::ChangeAddress { browser } => Action::ChangeAddress(browser.0),
            StepRecord::AskForAddress { browser } => Action::AskAddress(browser.0),
            StepRecord::ConfirmAddress { browser, number } => {
                Action::ConfirmAddress { browser: browser.0, right: number == Rightness::Right }
            }
            StepRecord::OfficeTakesRequest { account } => Action::OfficeTakesRequest(account.id()),
            StepRecord::OfficeChangesAddress { account } => Action::OfficeChangesAddress(account.id()),
            StepRecord::SignOut { browser } => Action::SignOut(browser.0),
            StepRecord::ForgetSession { browser } => Action::ForgetSession(browser.0),
            StepRecord::ClearCookies { browser } => Action::ClearCookies(browser.0),
            StepRecord::PutBackSkipCookie { browser, account } => plant(browser, account, Planted::Kept),
            StepRecord::AlterSkipCookie { browser, account, character } => {
                plant(browser, account, Planted::Altered(character))
            }
            StepRecord::ShowSkipCookieOf { browser, account, other } => {
                plant(browser, account, Planted::Of(other.id()))
            }
            StepRecord::Wait { ms } => Action::Wait(ms),
        }
    }
}

impl Named {
    fn of(account: AccountId) -> Named {
        if account.0 == 0 { Named::Main } else { Named::Additional }
    }

    fn id(self) -> AccountId {
        AccountId(match self {
            Named::Main => 0,
            Named::Additional => ACCOUNTS - 1,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::explore::{Vocabulary, tale};
    use crate::oracle::{Contradiction, Policy, Screen, Seen};

    fn story(tale: Tale) -> Contradicted {
        let seen = Seen { screen: Screen::Inside(AccountId(0)), mails: Vec::new() };
        let contradiction = Contradiction { rule: "FAQ-12b", expected: "the code entry screen".to_owned(), seen };
        Contradicted { tale, contradiction, person: "佐藤 花子".to_owned(), must_recur: false }
    }

    fn short() -> String {
        let sign_in = Action::SignIn { browser: BrowserId(0), account: AccountId(0), right_password: true };
        let steps = vec![sign_in, Action::Wait(1)];
        StoryFile::of(&story(Tale { portal: Portal::Seeker, begins_ms: 1_755_032_400_000, steps }), 7).to_json()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_reads_back(tale in tale(&Vocabulary::everything(&Policy::reference()))) {
            prop_assume!(!tale.steps.is_empty());
            let (file, read) = StoryFile::parse(&StoryFile::of(&story(tale.clone()), 7).to_json()).unwrap();
            prop_assert_eq!(read, tale);
            prop_assert_eq!((file.seed.as_str(), file.clause.as_str()), ("7", "FAQ-12b"));
        }
    }

    #[test]
    fn a_broken_file_is_refused_with_line_and_field() {
        let cases = [
            ("\"do\": \"sign-in\"", "\"do\": \"sing-in\"", "steps[0]"),
            ("\"browser\": \"A\"", "\"browser\": \"a\"", "letters A to Z"),
            ("\"account\": \"main\"", "\"account\": \"mine\"", "line"),
            ("\"password\": \"right\"", "\"password\": \"right\", \"code\": 1", "code"),
            ("\"schema\": 1", "\"schema\": 2", "`schema`: only version 1"),
            ("\"portal\": \"seeker\"", "\"portal\": \"nobody\"", "`portal`: `nobody` is no portal"),
            ("\"ms\": 1", "\"ms\": -1", "`steps[1].ms`"),
            ("2025-08-12T21:00:00Z", "yesterday", "`begins`: `yesterday`"),
            ("\"seed\": \"7\"", "\"seed\": 7", "line 3, `seed`"),
            ("}\n", "", "line"),
        ];
        assert!(StoryFile::parse(&short()).is_ok());
        for (good, bad, said) in cases {
            let text = short();
            assert!(text.contains(good), "{good} in {text}");
            let error = StoryFile::parse(&text.replacen(good, bad, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
        assert!(StoryFile::parse(&format!("{} {{}}", short())).is_err());
    }
}
