//! How near a page comes to the screens of the profile: for people who write one. Not on the way of a run, which asks only what fits.

use serde::Serialize;
use serde_json::Value;

use super::compile::Target;
use super::marks::{CompiledMark, Misfit, Sight, text_of};
use super::profile::MailPart;
use super::{Screen, Step};
use crate::browser::{Answer, Page};
use crate::description::shortened;
use crate::mailbox::Letter;
use sekisho_rules::Portal;

/// How near a page comes to a screen by the mark that fits it best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearMiss {
    /// The screen.
    pub screen: Screen,
    /// Which of its marks, from 1.
    pub mark: usize,
    /// How many of the mark's conditions hold.
    pub met: usize,
    /// How many it has.
    pub of: usize,
    /// Those that do not hold, for people: what is wanted, and what is there.
    pub unmet: Vec<String>,
    /// How much the title is like the one that is wanted, from 0 to 1.
    #[serde(skip)]
    likeness: f64,
}

impl Target {
    /// How near an answer comes to each screen, the nearest first. `step` is what led to it.
    pub fn near_misses(&self, portal: Portal, step: Option<Step>, answer: &Answer) -> Vec<NearMiss> {
        let page = Page::of(answer);
        let sight = Sight::of(answer, &page, step);
        let nearest = |(screen, marks): &(Screen, Vec<CompiledMark>)| {
            let misses = marks.iter().enumerate().map(|(place, mark)| mark.near_miss(*screen, place + 1, &sight));
            misses.max_by(|one, other| one.nearness().total_cmp(&other.nearness()))
        };
        let mut all: Vec<NearMiss> = self.ways(portal).screens.iter().filter_map(nearest).collect();
        all.sort_by(|one, other| other.nearness().total_cmp(&one.nearness()));
        all
    }
}

impl Target {
    /// Whether the profile says how this screen is recognised.
    pub fn knows_screen(&self, portal: Portal, screen: Screen) -> bool {
        self.ways(portal).screens.iter().any(|(known, _)| *known == screen)
    }

    /// The part of a mail in which the code is sought, by its name, and what stands there.
    pub fn code_place<'a>(&self, letter: &'a Letter) -> (&'static str, Option<&'a str>) {
        match self.mail_part {
            MailPart::Text => ("text", Some(&letter.text)),
            MailPart::Subject => ("subject", letter.subject.as_deref()),
            MailPart::Html => ("html", letter.html.as_deref()),
        }
    }
}

impl NearMiss {
    /// A mark of which half holds is nearer than one of which nothing does; among those a title that is nearly the one wanted.
    fn nearness(&self) -> f64 {
        // No mark has so many conditions that the loss of precision would matter.
        #[allow(clippy::cast_precision_loss)]
        let share = self.met as f64 / self.of.max(1) as f64;
        share + self.likeness / 2.0
    }
}

impl CompiledMark {
    fn near_miss(&self, screen: Screen, mark: usize, sight: &Sight<'_>) -> NearMiss {
        let all = self.every_condition();
        let of = all.len();
        let unmet: Vec<String> = all.iter().filter_map(|condition| condition.unmet(sight)).collect();
        let found = sight.page.title().unwrap_or_default();
        let likeness = self.title.as_ref().map_or(0.0, |title| strsim::normalized_damerau_levenshtein(title, found));
        NearMiss { screen, mark, met: of - unmet.len(), of, unmet, likeness }
    }

    /// Each condition as a mark of its own: what [`CompiledMark::misfit`] says of such a mark, it says of the condition.
    fn every_condition(&self) -> Vec<Alone<'_>> {
        let whole = || CompiledMark::default();
        let mut all = Vec::new();
        let mut add = |mark: CompiledMark| all.push(Alone { mark, whole: self });
        if self.after.is_some() {
            add(CompiledMark { after: self.after.clone(), ..whole() });
        }
        if self.status.is_some() {
            add(CompiledMark { status: self.status.clone(), ..whole() });
        }
        if self.redirected.is_some() {
            add(CompiledMark { redirected: self.redirected, ..whole() });
        }
        if self.path.is_some() {
            add(CompiledMark { path: self.path.clone(), ..whole() });
        }
        if self.header.is_some() {
            add(CompiledMark { header: self.header.clone(), ..whole() });
        }
        if self.title.is_some() {
            add(CompiledMark { title: self.title.clone(), ..whole() });
        }
        for text in &self.text {
            add(CompiledMark { text: vec![text.clone()], ..whole() });
        }
        for text in &self.no_text {
            add(CompiledMark { no_text: vec![text.clone()], ..whole() });
        }
        for condition in &self.json {
            add(CompiledMark { json: vec![condition.clone()], ..whole() });
        }
        if self.selector.is_some() {
            add(CompiledMark { selector: self.selector.clone(), ..whole() });
        }
        if self.no_selector.is_some() {
            add(CompiledMark { no_selector: self.no_selector.clone(), ..whole() });
        }
        all
    }
}

/// One condition of a mark.
struct Alone<'a> {
    mark: CompiledMark,
    whole: &'a CompiledMark,
}

impl Alone<'_> {
    /// Why it does not hold; `None` where it does.
    fn unmet(&self, sight: &Sight<'_>) -> Option<String> {
        let answer = sight.answer;
        Some(match self.mark.misfit(sight)? {
            Misfit::After => {
                let steps: Vec<_> = self.whole.after.iter().flatten().map(|step| step.name()).collect();
                format!("`after` names {}, and this came after `{}`", steps.join(", "), after(sight))
            }
            Misfit::Status => {
                let wanted: Vec<_> = self.whole.status.iter().flatten().map(u16::to_string).collect();
                format!("`status` is {}, and should be {}", answer.status, wanted.join(" or "))
            }
            Misfit::Redirected => {
                let (is, wanted) = if answer.redirects.is_empty() { ("no", "a") } else { ("a", "no") };
                format!("{is} redirect led here, and {wanted} redirect should have (`redirected`)")
            }
            Misfit::Path => {
                let wanted = self.whole.path.as_deref().unwrap_or_default();
                format!("the path is `{}`, and should begin with `{wanted}`", shortened(answer.url.path()))
            }
            Misfit::Title => {
                let wanted = self.whole.title.as_deref().unwrap_or_default();
                match sight.page.title() {
                    None => format!("there is no title, and it should begin with `{wanted}`"),
                    Some(found) => format!("the title is `{}`, and should begin with `{wanted}`", shortened(found)),
                }
            }
            Misfit::Selector => {
                format!("`selector` matches nothing: `{}`", text_or_nothing(self.whole.selector.as_ref()))
            }
            Misfit::NoSelector => {
                format!("`no_selector` matches something: `{}`", text_or_nothing(self.whole.no_selector.as_ref()))
            }
            Misfit::Json(at) => {
                let found = sight.json().map(|body| body.pointer(at));
                format!("{}, and it is {}", Misfit::Json(at), in_words(found))
            }
            other @ (Misfit::Header | Misfit::Text(_) | Misfit::NoText(_)) => other.to_string(),
        })
    }
}

fn after(sight: &Sight<'_>) -> &'static str {
    sight.step.map_or("no step", Step::name)
}

fn text_or_nothing(selector: Option<&crate::browser::Selector>) -> String {
    selector.map(ToString::to_string).unwrap_or_default()
}

/// What stands at a place of a JSON body, as far as it may be shown: the kind of texts, the value of what cannot be a secret.
fn in_words(found: Option<Option<&Value>>) -> String {
    match found {
        None => "no JSON".to_owned(),
        Some(None) => "absent".to_owned(),
        Some(Some(Value::String(text))) => format!("a text of {} characters", text.chars().count()),
        Some(Some(value @ (Value::Null | Value::Bool(_)))) => value.to_string(),
        Some(Some(Value::Array(all))) => format!("an array of {}", all.len()),
        Some(Some(Value::Object(all))) => format!("an object of {} members", all.len()),
        Some(Some(value)) => text_of(value).map_or_else(String::new, |_| "a number".to_owned()),
    }
}
