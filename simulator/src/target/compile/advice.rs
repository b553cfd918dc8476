//! What is allowed in a profile and yet may not be meant.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::error::Source;
use super::super::profile::{Mark, Profile, Several};
use super::super::{Screen, Step};
use super::Target;

/// Something that a profile may not mean as it says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Advice {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The key, with its tables.
    pub key: String,
    /// What may be wrong, and what would help.
    pub message: String,
}

/// Screens and steps without which next to nothing can be judged.
const SCREENS: [(Screen, &str); 3] = [
    (Screen::SignIn, "the sign-in form"),
    (Screen::CodeEntry, "the form that asks for the code"),
    (Screen::MyPage, "what somebody signed in sees"),
];
const STEPS: [Step; 4] = [Step::OpenSignIn, Step::SubmitPassword, Step::SubmitCode, Step::OpenMyPage];

/// What a step is to show: without the screen the step can be done, and nobody knows whether it was.
const SHOWN_BY: [(Step, Screen); 7] = [
    (Step::ConfirmSkip, Screen::SkipConfirmation),
    (Step::OpenSettings, Screen::Settings),
    (Step::OpenSkipSettings, Screen::SkipSettings),
    (Step::CompleteResume, Screen::ResumeConfirmation),
    (Step::OpenAddressChange, Screen::AddressChange),
    (Step::OpenAdditionalAccounts, Screen::AdditionalAccounts),
    (Step::OpenPasswordChange, Screen::PasswordChange),
];

/// Parts of the names of header fields that mostly hold a secret.
const SECRET_FIELDS: [&str; 5] = ["api-key", "apikey", "token", "secret", "password"];

/// Parts of the names of header fields by which a request is known to come from the target's own pages.
const FORGERY_FIELDS: [&str; 5] = ["x-requested-with", "apollo-", "csrf", "xsrf", "x-forgery"];

/// Everything of the kind, in the order of the lines.
pub(super) fn on(source: &Source<'_>, profile: &Profile, target: &Target) -> Vec<Advice> {
    let mut adviser = Adviser { source, all: Vec::new() };
    adviser.portals(profile);
    adviser.screens(profile);
    adviser.steps(profile, target);
    adviser.marks(profile);
    adviser.unused(profile);
    adviser.secrets(profile);
    adviser.forgery(profile);
    adviser.all.sort();
    adviser.all
}

struct Adviser<'a> {
    source: &'a Source<'a>,
    all: Vec<Advice>,
}

impl Adviser<'_> {
    fn say(&mut self, at: usize, key: impl Into<String>, message: impl Into<String>) {
        let (line, column) = self.source.place(at);
        self.all.push(Advice { line, column, key: key.into(), message: message.into() });
    }

    /// The offset of a table's header, or the beginning.
    fn header(&self, header: &str) -> usize {
        self.source.text.find(header).unwrap_or(0)
    }

    fn portals(&mut self, profile: &Profile) {
        let mut seen = BTreeSet::new();
        if let Some(twice) = profile.portals.as_ref().iter().find(|name| !seen.insert(name.as_str())) {
            let message = format!("`{twice}` stands twice: every check would run twice in it");
            self.say(profile.portals.span().start, "portals", message);
        }
    }

    fn screens(&mut self, profile: &Profile) {
        let own = |screen: Screen| profile.in_portal.values().any(|own| own.as_ref().screens.contains_key(&screen));
        let knows = |screen: Screen| profile.screens.contains_key(&screen) || own(screen);
        let at = self.header("[screens");
        for (screen, what) in SCREENS.into_iter().filter(|(screen, _)| !knows(*screen)) {
            let message = format!("without this screen no check can tell {what} from any other page: add its marks");
            self.say(at, format!("screens.{screen}"), message);
        }
        for (step, screen) in SHOWN_BY.into_iter().filter(|(_, screen)| !knows(*screen)) {
            if let Some(way) = profile.steps.get(&step) {
                let message =
                    format!("there is no `screens.{screen}` by which the step could be seen to work: add its marks");
                self.say(way.span().start, format!("steps.{step}"), message);
            }
        }
        if !knows(Screen::AttemptOver) && !knows(Screen::SignIn) {
            let message =
                "neither this screen nor `sign-in` is there: what a code that is over leads to is not recognised";
            self.say(at, "screens.attempt-over", message);
        }
    }

    fn steps(&mut self, profile: &Profile, target: &Target) {
        let at = self.header("[steps");
        for step in STEPS.into_iter().filter(|step| !target.knows(*step)) {
            self.say(at, format!("steps.{step}"), "without this step next to nothing can be judged: add it");
        }
        let asks = |step| target.portals.iter().any(|portal| target.asks_for_skip(*portal, step));
        if target.knows(Step::SubmitCode)
            && ![Step::SubmitPassword, Step::SubmitCode, Step::ConfirmSkip].into_iter().any(asks)
        {
            let message = "nothing in it depends on whether the skip is asked for: name the check box (`tick_skip`), add \
                           `with_skip`, or say in `[not_applicable]` that there is no skip (FAQ-06 and what rests on it)";
            self.say(
                profile.steps.get(&Step::SubmitCode).map_or(at, |way| way.span().start),
                "steps.submit-code",
                message,
            );
        }
        if let (Some(way), None) = (profile.steps.get(&Step::OpenSkipSettings), &profile.skip.status) {
            let message = "there is no `skip.status`, which says where あり or なし stands: FAQ-13 cannot be judged";
            self.say(way.span().start, "steps.open-skip-settings", message);
        }
        if let (Some(way), None) = (profile.steps.get(&Step::CompleteResume), profile.steps.get(&Step::Resume)) {
            let message = "it is only done after the step `resume`, which is not there";
            self.say(way.span().start, "steps.complete-resume", message);
        }
    }

    /// Marks that another screen's mark always comes before: screens are tried in the order of their names' list, the first that fits is it.
    fn marks(&mut self, profile: &Profile) {
        let own =
            profile.in_portal.iter().map(|(name, own)| (format!("in_portal.{name}.screens"), &own.as_ref().screens));
        for (table, screens) in std::iter::once(("screens".to_owned(), &profile.screens)).chain(own) {
            let all: Vec<_> = screens
                .iter()
                .flat_map(|(screen, marks)| {
                    marks.as_ref().0.iter().enumerate().map(move |(place, mark)| (screen, marks, place, mark))
                })
                .collect();
            for (later, (screen, marks, place, mark)) in all.iter().enumerate() {
                let before = all[..later].iter().filter(|(other, ..)| other != screen);
                let mut before = before.filter(|(.., earlier)| covers(earlier.as_ref(), mark.as_ref()));
                if let Some((other, _, other_place, _)) = before.next() {
                    let at = if mark.span().is_empty() { marks.span().start } else { mark.span().start };
                    let message = format!(
                        "mark {} can never count: whatever fits it fits mark {} of `{other}`, which is looked at first; give one of them a condition more",
                        place + 1,
                        other_place + 1
                    );
                    self.say(at, format!("{table}.{screen}"), message);
                }
            }
        }
    }

    /// What looks like a secret and stands there as it is.
    fn secrets(&mut self, profile: &Profile) {
        let fixed = [
            ("client.headers".to_owned(), &profile.client.headers),
            ("mail.headers".to_owned(), &profile.mail.headers),
        ];
        let own = profile.in_portal.iter();
        let own = own.map(|(name, own)| (format!("in_portal.{name}.steps"), &own.as_ref().steps));
        let steps = std::iter::once(("steps".to_owned(), &profile.steps)).chain(own);
        let of_steps = steps.flat_map(|(table, steps)| {
            steps.iter().flat_map(move |(step, way)| {
                let key = format!("{table}.{step}.headers");
                way.as_ref().0.iter().map(move |act| (key.clone(), &act.as_ref().headers))
            })
        });
        for (table, headers) in fixed.into_iter().chain(of_steps) {
            for (name, text) in headers {
                let looks = SECRET_FIELDS.iter().any(|word| name.to_ascii_lowercase().contains(word));
                if looks && !text.as_ref().contains('{') {
                    let message = "if this is a secret it is in every copy of the profile, and may reach the reports: name it in `[secrets]` and write `{secret:NAME}`";
                    self.say(text.span().start, format!("{table}.{name}"), message);
                }
            }
        }
    }

    /// What is defined and put in nowhere.
    fn unused(&mut self, profile: &Profile) {
        for (name, text) in &profile.values {
            if !self.source.text.contains(&format!("{{{name}}}")) {
                self.say(text.span().start, format!("values.{name}"), format!("nothing puts in `{{{name}}}`"));
            }
        }
        for name in profile.secrets.keys() {
            if !self.source.text.contains(&format!("{{secret:{name}}}")) {
                let at = self.header("[secrets");
                self.say(at, format!("secrets.{name}"), format!("nothing puts in `{{secret:{name}}}`"));
            }
        }
        let keeps = |name: &String| profile.skip.session_values.iter().any(|kept| kept.as_ref() == name);
        let acts = profile.steps.iter().flat_map(|(step, way)| way.as_ref().0.iter().map(move |act| (step, act)));
        for (step, act) in acts {
            for (name, take) in &act.as_ref().take {
                let put_in = ["}", "?}"].iter().any(|end| self.source.text.contains(&format!("{{{name}{end}")));
                if !put_in && !keeps(name) {
                    let message = format!("nothing puts in `{{{name}}}`");
                    self.say(take.span().start, format!("steps.{step}.take.{name}"), message);
                }
            }
        }
    }

    /// A header field by which a target knows requests of its own pages: where every request has it, forged ones have it too.
    fn forgery(&mut self, profile: &Profile) {
        for (name, text) in &profile.client.headers {
            let lower = name.to_ascii_lowercase();
            if FORGERY_FIELDS.iter().any(|part| lower.contains(part)) {
                let message = "if the target knows requests of its own pages by it, write it in `headers` of the steps: here it goes with \
                               every request, forged ones too, and whether they are refused is not seen";
                self.say(text.span().start, format!("client.headers.{name}"), message);
            }
        }
    }
}

/// Whether an earlier mark fits wherever a later one does.
fn covers(earlier: &Mark, later: &Mark) -> bool {
    fn all<T>(several: &Option<Several<T>>) -> &[T] {
        several.as_ref().map_or(&[], |several| several.0.as_slice())
    }
    /// Where the earlier asks for one of several, the later asks for one of them too.
    fn within<T: PartialEq>(earlier: &Option<Several<T>>, later: &Option<Several<T>>) -> bool {
        earlier.is_none() || (later.is_some() && all(later).iter().all(|one| all(earlier).contains(one)))
    }
    /// Each that the earlier asks for, the later asks for too.
    fn each<T: PartialEq>(earlier: &Option<Several<T>>, later: &Option<Several<T>>) -> bool {
        all(earlier).iter().all(|one| all(later).contains(one))
    }
    fn same<T: PartialEq>(earlier: &Option<T>, later: &Option<T>) -> bool {
        earlier.is_none() || earlier == later
    }
    fn begins(earlier: &Option<String>, later: &Option<String>) -> bool {
        earlier.as_ref().is_none_or(|start| later.as_ref().is_some_and(|whole| whole.starts_with(start.as_str())))
    }
    begins(&earlier.title, &later.title)
        && begins(&earlier.path, &later.path)
        && within(&earlier.status, &later.status)
        && within(&earlier.after, &later.after)
        && each(&earlier.text, &later.text)
        && each(&earlier.no_text, &later.no_text)
        && each(&earlier.json, &later.json)
        && same(&earlier.selector, &later.selector)
        && same(&earlier.no_selector, &later.no_selector)
        && same(&earlier.redirected, &later.redirected)
        && same(&earlier.header, &later.header)
}
