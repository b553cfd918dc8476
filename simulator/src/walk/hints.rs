//! What would help: lines that are ready to be put into a profile.

use crate::browser::{Answer, FormError, NetworkError, Page};
use crate::description::shortened;
use crate::target::{DriverError, MailArrival, Screen};
use crate::trouble::Trouble;

use super::forms::FormSeen;

/// A text as TOML writes it.
pub(super) fn toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A mark by which a page could be recognised: its title, what its JSON has, or status and path.
pub(super) fn mark_for(answer: &Answer) -> String {
    let page = Page::of(answer);
    if let Some(title) = page.title().filter(|title| !title.is_empty()) {
        return format!("{{ title = {} }}", toml(&shortened(title)));
    }
    if let Ok(serde_json::Value::Object(members)) = answer.json()
        && let Some(name) = members.keys().next()
    {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        return format!(
            "{{ json = {{ at = {}, kind = \"present\" }}, status = {} }}",
            toml(&shortened(&pointer)),
            answer.status
        );
    }
    format!("{{ path = {}, status = {} }}", toml(&shortened(answer.url.path())), answer.status)
}

/// Where the page is no screen of the profile.
pub(super) fn unrecognised(expected: &[Screen], answer: &Answer) -> String {
    if answer.status >= 500 {
        return format!(
            "the target failed (status {}): look into its log for what it could not do with the request above; this is no screen",
            answer.status
        );
    }
    let mark = mark_for(answer);
    match expected {
        [] => format!("add `{mark}` to the screen that this page is, e.g. `screens.refused`"),
        [screen] => format!("if this is the right page, add `{mark}` to `screens.{screen}`"),
        [screen, ..] => format!("if this is the right page, add `{mark}` to the screen it is, e.g. `screens.{screen}`"),
    }
}

/// Where another screen was recognised than was expected.
pub(super) fn other(expected: &[Screen], found: Screen) -> String {
    let wanted: Vec<_> = expected.iter().map(|screen| format!("`{screen}`")).collect();
    if found == Screen::SignIn && expected.contains(&Screen::CodeEntry) {
        return "the page counts as `sign-in` after the right password: is the password in `[accounts]` right, and does the account exist? an \
                earlier run may have changed it: `--account-offset` takes another. if it is another page, give the marks of `screens.sign-in` a \
                condition more"
            .to_owned();
    }
    if found == Screen::CodeEntry
        && expected.iter().any(|screen| matches!(screen, Screen::MyPage | Screen::SkipConfirmation))
    {
        return "the right code led back to the code page: does the target refuse every code for a while after a wrong one \
                (`numbers.code_cooldown`, and a mark of `screens.limited` for what it says then)? if it is another page, give the marks of \
                `screens.code-entry` a condition more"
            .to_owned();
    }
    format!(
        "the page counts as `{found}`, not as {}: if that is wrong, give the marks of `screens.{found}` a condition more; if it is right, look at what was sent",
        wanted.join(" or ")
    )
}

/// Where no mail came.
pub(super) fn no_mail(arrival: &MailArrival) -> String {
    let arrival = match arrival {
        MailArrival::Sink { listen, .. } => format!("{listen} (`mail.listen`)"),
        MailArrival::Mailpit(_) => "the Mailpit of `mail.url`".to_owned(),
    };
    format!(
        "does the target send its mail to {arrival}? it may also mail nothing so soon after the last code of this account: walk another one with \
         `--account-offset 1`, and say so in `numbers.mail_cooldown`. if it is only slow, raise `numbers.mail_patience`"
    )
}

/// Where no answer came.
pub(super) fn no_answer(error: &NetworkError) -> String {
    match error {
        NetworkError::Tls { .. } => {
            "is its certificate signed by an authority of your own? name that in `tls.ca_file`".to_owned()
        }
        NetworkError::ProxyUnreachable { .. }
        | NetworkError::ProxyRefused { .. }
        | NetworkError::ProxyBroken { .. } => {
            "is `client.proxy` the address of a proxy that lets this machine through?".to_owned()
        }
        NetworkError::ProxyCredentials { .. } => {
            "give the proxy user and password in `client.proxy`, by `{secret:…}`".to_owned()
        }
        _ => "is the target running, and is `base` its address?".to_owned(),
    }
}

/// Where a request could not be put together.
pub(super) fn not_sent(trouble: &Trouble, forms: &[FormSeen]) -> Option<String> {
    let Trouble::Driver(error) = trouble else { return None };
    match error {
        DriverError::Form { error: FormError::None { .. } | FormError::Several { .. }, .. } => {
            let ready: Vec<_> = forms.iter().filter_map(|form| form.selector.as_deref()).map(toml).collect();
            Some(match ready.as_slice() {
                [] => "the page has no form: the step may need a request of its own (`path`, `method`, `json`), or the page before it is another than you think".to_owned(),
                all => format!("set `form` to one of these: {}", all.join(", ")),
            })
        }
        DriverError::Form { error: FormError::NoSuchField { name }, .. } => {
            let names = forms.iter().flat_map(|form| &form.fields).map(|field| field.name.as_str());
            Some(format!("name one of the fields below{}", nearest(name, names)))
        }
        DriverError::Form { error: FormError::CheckboxCount { name, .. }, .. } => {
            let boxes = forms.iter().flat_map(|form| &form.fields).filter(|field| field.kind == "checkbox");
            Some(format!("name one of the check boxes below{}", nearest(name, boxes.map(|field| field.name.as_str()))))
        }
        DriverError::Form { error: FormError::ButtonCount { .. }, .. } => {
            Some("name one of the buttons below by `name`, `name` and `value`, or `label`".to_owned())
        }
        DriverError::Unfilled { .. } => {
            Some("take the value from an earlier answer (`take`), and look there whether it was taken".to_owned())
        }
        DriverError::Form { error: FormError::SeveralFields { name, .. }, .. } => Some(format!(
            "one value for each: `{name} = [\"{{code:1}}\", \"{{code:2}}\", …]`; or the one field by `\"css:…\" = \"…\"`"
        )),
        DriverError::Link { .. } => Some("give a selector that names one link of the page".to_owned()),
        _ => None,
    }
}

fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    let found =
        known.map(|known| (strsim::damerau_levenshtein(wanted, known), known)).filter(|(far, _)| *far <= 3).min();
    found.map(|(_, known)| format!("; did you mean `{known}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_failed_is_not_made_a_screen() {
        let answer = |status| Answer {
            status,
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::from_static(b"<title>Oops</title>"),
            url: url::Url::parse("http://127.0.0.1:1/home").unwrap_or_else(|_| unreachable!("a fixed address")),
            redirects: Vec::new(),
            cookies: Vec::new(),
            duration_us: 0,
        };
        let hint = unrecognised(&[Screen::MyPage], &answer(500));
        assert!(hint.contains("the target failed (status 500)") && !hint.contains("screens.my-page"), "{hint}");
        assert!(unrecognised(&[Screen::MyPage], &answer(404)).contains("`screens.my-page`"));
    }
}
