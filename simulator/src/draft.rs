//! A draft of a profile, made from a sign-in page: what can be seen there, and comments on what cannot. It can be read as it is.

use std::fmt::Write;

use url::Url;

use crate::browser::{Answer, Page};
use crate::description::shortened;
use crate::walk::{FieldSeen, FormSeen, forms_on};

/// A draft.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The profile.
    pub text: String,
    /// What whoever asked for it should know.
    pub remarks: Vec<String>,
}

/// What a page has for signing in.
struct SignIn {
    selector: String,
    id: Option<String>,
    password: String,
    boxes: Vec<FieldSeen>,
}

impl SignIn {
    /// What tells its page from others: its password field, which the page that asks for the code has not, though its form may look alike.
    fn mark(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.password.chars().all(is_plain) {
            format!("input[name=\"{}\"]", self.password)
        } else {
            self.selector.clone()
        }
    }
}

/// Drafts a profile from the answer to a request for the sign-in page; `ca_file` is what was trusted for it, as the profile is to name it.
pub fn draft(answer: &Answer, ca_file: Option<&str>) -> Draft {
    let page = Page::of(answer);
    let forms = forms_on(&page);
    let sign_in = forms.iter().find_map(sign_in);
    let mut remarks = Vec::new();
    let locked = asks_for_basic(answer);
    if locked {
        remarks.push(
            "the host asks for a name and a password of its own (HTTP Basic), so the sign-in page was not seen: give them by `username` and `password` under `[client]`, and write the step after what a browser shows".to_owned(),
        );
    } else if !answer.is_success() {
        remarks.push(format!("the page was answered with status {}: is this the sign-in page?", answer.status));
    }
    if sign_in.is_none() && !locked {
        remarks.push(
            "no form with a password field is on the page: it may be drawn by a script. The draft sends JSON instead; its paths and members are guesses".to_owned(),
        );
    }
    let mut text = String::new();
    head(&mut text, answer, ca_file);
    if locked {
        text.push_str(BASIC);
    }
    screens(&mut text, &page, answer, sign_in.as_ref());
    match &sign_in {
        Some(sign_in) => form_steps(&mut text, answer, sign_in, &forms),
        None if locked => {
            open_sign_in(&mut text, answer);
            text.push_str(UNSEEN_FORM);
        }
        None => json_steps(&mut text, answer),
    }
    text.push_str(LATER_STEPS);
    Draft { text, remarks }
}

/// Whether the host lets nobody see the page without a name and a password of its own (RFC 7617).
fn asks_for_basic(answer: &Answer) -> bool {
    let asked = answer.header("www-authenticate");
    answer.status == 401 && asked.is_some_and(|schemes| schemes.to_ascii_lowercase().contains("basic"))
}

/// A form with a password field, where its fields have names: the first field before the password is who signs in.
fn sign_in(form: &FormSeen) -> Option<SignIn> {
    let place = form.fields.iter().position(|field| field.kind == "password" && !field.name.is_empty())?;
    let typed = |field: &&FieldSeen| {
        !field.name.is_empty() && matches!(field.kind.as_str(), "email" | "text" | "tel" | "number" | "search" | "")
    };
    let likely = |field: &&FieldSeen| {
        let name = field.name.to_ascii_lowercase();
        field.kind == "email" || ["mail", "user", "login", "ident", "account"].iter().any(|part| name.contains(part))
    };
    let id = form.fields.iter().filter(typed).find(likely).or_else(|| form.fields[..place].iter().rfind(typed));
    Some(SignIn {
        selector: form.selector.clone().unwrap_or_else(|| "form:has(input[type=\"password\"])".to_owned()),
        id: id.map(|field| field.name.clone()),
        password: form.fields[place].name.clone(),
        boxes: form.fields.iter().filter(|field| field.kind == "checkbox").cloned().collect(),
    })
}

fn head(text: &mut String, answer: &Answer, ca_file: Option<&str>) {
    let mut base = answer.url.clone();
    base.set_path("");
    base.set_query(None);
    base.set_fragment(None);
    // Who signs in to the host itself is no matter of a profile.
    let _ = base.set_username("");
    let _ = base.set_password(None);
    let base = base.as_str().trim_end_matches('/');
    // A cookie that comes with the sign-in page already may be about the browser only.
    let session = "(?i).*(session|sid|auth).*";
    let _ = write!(
        text,
        r##"# A draft. Lines that begin with `#` are comments: fill in what they ask for, take the `#` away, and look with
# `sekisho profile check` (with `--offline` nothing is sent) whether it fits, step by step.

schema = 1
name = {name}
base = {base}
# Which of the three portals the target has: "seeker", "employer", "provider".
portals = ["seeker"]
{tls}
# What the target declares. These are the defaults; take the `#` away where they differ.
[numbers]
# code_validity = "30m"
# skip_validity = "90d"
# tolerance = "2s"
# go_live = "2025-08-13T06:00:00+09:00"
# browsers_tried = 64
# After how many wrong codes an attempt is over, and how many mails an address gets: only where the target has such limits.
# wrong_codes = 5
# mail_limit = {{ count = 10, window = "1h" }}
# How long a mail is waited for, in real time.
# mail_patience = "30s"

# The target must send its mail here, by SMTP.
[mail]
listen = "127.0.0.1:2525"
# Where the code is: in the "text", the "subject" or the "html".
part = "text"
# The group in the expression is the code.
code = '\b(\d{{6}})\b'

# Regular expressions that match the whole names of the cookies that hold the skip and the session: guesses so far.
[skip]
cookie = "(?i).*(skip|trust|remember).*"
session_cookie = {session}
# Where the skip settings say whether a skip is there, and what they say.
# status = {{ selector = "#status", some = "あり", none = "なし" }}

# How the clock is moved. Without a means, what needs time to pass is skipped.
[clock]
driver = "none"

# Accounts that exist already: user00001@example.test and so on. Each is used once in a run.
[accounts]
source = "numbered"
address = "user{{number:5}}@example.test"
password = "password-{{number:5}}"
first = 1
last = 100

"##,
        name = quoted(answer.url.host_str().unwrap_or("target")),
        base = quoted(base),
        tls = ca_file.map(|file| format!("\n[tls]\nca_file = {}\n", quoted(file))).unwrap_or_default(),
        session = quoted(session),
    );
}

fn screens(text: &mut String, page: &Page<'_>, answer: &Answer, sign_in: Option<&SignIn>) {
    let mut conditions = Vec::new();
    let title = page.title().filter(|title| !title.is_empty());
    if let Some(title) = title {
        let _ = writeln!(
            text,
            "# The title of the sign-in page is {}; that of the same page with an error may be another.",
            quoted(&shortened(title))
        );
    }
    match sign_in {
        // The form is there with an error too, where the title may be another.
        Some(sign_in) => conditions.push(format!("selector = {}", quoted(&sign_in.mark()))),
        None => {
            conditions.push(format!("status = {}", answer.status));
            // A path only says how an address begins, and `/` begins every one.
            match title.map(beginning).filter(|title| !title.is_empty()) {
                Some(title) => conditions.push(format!("title = {}", quoted(&title))),
                None => conditions.push(format!("path = {}", quoted(answer.url.path()))),
            }
        }
    }
    let _ = write!(
        text,
        r##"# How each screen is recognised: all conditions of a mark must hold, and any mark of a screen suffices. Look at the page in a browser:
# its title, an element that no other page has (`selector`), a text.
[screens]
sign-in = [{{ {} }}]
# The form that asks for the code.
# code-entry = [{{ title = "…" }}]
# The code or the sign-in is over: start again.
# attempt-over = [{{ text = "…" }}]
# The question whether this browser shall be trusted, where it comes after the code.
# skip-confirmation = [{{ title = "…" }}]
# What somebody signed in sees.
# my-page = [{{ title = "…", status = 200 }}]
# settings = [{{ title = "…" }}]
# skip-settings = [{{ selector = "#status" }}]
# resume-confirmation = [{{ title = "…" }}]
# address-change = [{{ selector = "form#…" }}]
# password-change = [{{ selector = "form#…" }}]
# password-changed = [{{ text = "…" }}]
# Says that cookies are needed.
# cookies-off = [{{ text = "…" }}]
# Says that the code could not be mailed.
# mail-failed = [{{ text = "…" }}]
limited = [{{ status = 429 }}]
refused = [{{ status = [400, 401, 403, 404, 405, 409, 422] }}]

"##,
        conditions.join(", ")
    );
}

fn form_steps(text: &mut String, answer: &Answer, sign_in: &SignIn, forms: &[FormSeen]) {
    open_sign_in(text, answer);
    let _ = writeln!(text, "# The form on that page, with its hidden fields as they stand there.");
    if forms.len() > 1 {
        let all: Vec<_> = forms.iter().map(|form| form.selector.as_deref().map_or("?".to_owned(), shortened)).collect();
        let _ = writeln!(text, "# The page has these forms: {}", all.join(" · "));
    }
    let _ = writeln!(text, "[steps.submit-password]\nform = {}", quoted(&sign_in.selector));
    match &sign_in.id {
        Some(id) => {
            let (id, password) = (quoted(id), quoted(&sign_in.password));
            let _ = writeln!(text, "fill = {{ {id} = \"{{address}}\", {password} = \"{{password}}\" }}");
        }
        None => {
            let _ = writeln!(text, "# No field for the ID was found: is it asked for on a page before?");
            let _ = writeln!(text, "fill = {{ {} = \"{{password}}\" }}", quoted(&sign_in.password));
        }
    }
    for field in &sign_in.boxes {
        let ticked = if field.ticked { ", and comes ticked" } else { "" };
        let _ = writeln!(
            text,
            "# There is a check box {}{ticked}. If it asks for the skip, name it in `tick_skip`; it may also be about the session only.",
            quoted(&field.name)
        );
    }
    let _ = writeln!(text);
}

fn json_steps(text: &mut String, answer: &Answer) {
    open_sign_in(text, answer);
    text.push_str(
        r#"# No form with a password field is on the page. What its script sends stands in the network view of a browser's developer tools:
# method, path, header fields, body.
[steps.submit-password]
path = "/api/login"
method = "POST"
json = { email = "{address}", password = "{password}" }
# A token that an earlier answer gave: take it there, and put it in here.
# headers = { "x-csrf-token" = "{csrf}" }

"#,
    );
}

fn open_sign_in(text: &mut String, answer: &Answer) {
    let _ = writeln!(text, "[steps.open-sign-in]\nget = {}\n", quoted(&braced(&path(&answer.url))));
}

/// The beginning of a title that may be long: a mark compares beginnings, and must hold nothing that was left out.
fn beginning(title: &str) -> String {
    const ENOUGH_CHARS: usize = 80;
    title.chars().take(ENOUGH_CHARS).take_while(|c| !c.is_control()).collect()
}

/// Path and query.
fn path(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// As a template writes it: braces stand for placeholders there.
fn braced(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// As TOML writes it: a basic string, also where a key stands.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Where the host has a door of its own before the login.
const BASIC: &str = r##"# The host asks for a name and a password of its own before it shows anything (HTTP Basic).
# [secrets]
# staging = { env = "STAGING_PASSWORD" }
# [client]
# username = "…"
# password = "{secret:staging}"

"##;

/// The form that could not be seen.
const UNSEEN_FORM: &str = r##"# The page could not be seen. Look at its form in a browser.
# [steps.submit-password]
# form = "form#…"
# fill = { email = "{address}", password = "{password}" }

"##;

/// The steps behind the sign-in page, which only somebody who looks can tell.
const LATER_STEPS: &str = r##"# The form that takes the code. `tick_skip` names the check box by which the skip is asked for; where that is a question of its own after
# the code, give `confirm-skip` and `cancel-skip` instead.
# [steps.submit-code]
# form = "form#…"
# fill = { code = "{code}" }
# tick_skip = "…"

# The code entry screen, opened again.
# [steps.open-code-entry]
# get = "/…"

# [steps.confirm-skip]
# form = "form#…"
# press = { name = "…", value = "…" }

# [steps.cancel-skip]
# form = "form#…"
# press = { name = "…", value = "…" }

# [steps.open-my-page]
# get = "/…"

# [steps.open-settings]
# get = "/…"

# Where the account says whether a skip is there.
# [steps.open-skip-settings]
# get = "/…"

# What ends the skip of every browser, and the confirmation where there is one.
# [steps.resume]
# form = "form#…"
# [steps.complete-resume]
# form = "form#…"

# [steps.open-address-change]
# get = "/…"
# [steps.submit-address]
# form = "form#…"
# fill = { email = "{new_address}" }

# [steps.open-password-change]
# get = "/…"
# [steps.submit-password-change]
# form = "form#…"
# fill = { current = "{password}", new = "{new_password}", again = "{new_password}" }

# [steps.sign-out]
# form = "form#…"

# What the target does not offer: the id of a rule, clause or check, and the reason. `sekisho rules` lists them.
[not_applicable]
# "FAQ-15" = "there are no additional accounts"
"##;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use sekisho_rules::Portal;

    use super::*;
    use crate::target::{Asking, Loading, Screen, Step, Target, Vars};

    fn page(html: &str, url: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
        Answer {
            status: 200,
            headers,
            body: Bytes::from(html.to_owned()),
            url: url.parse().unwrap(),
            redirects: Vec::new(),
            cookies: Vec::new(),
            duration_us: 0,
        }
    }

    /// The draft can be read, recognises its page, and sends it back to where it came from.
    #[track_caller]
    fn fits(answer: &Answer) -> (Target, Draft) {
        let draft = draft(answer, None);
        let target = Target::parse("draft.toml", &draft.text, &Loading::default());
        let target = target.unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
        assert_eq!(target.recognise(Portal::Seeker, None, answer), Some(Screen::SignIn), "{}", draft.text);
        let open = target.request(&Asking::on(Portal::Seeker, Step::OpenSignIn, Vars::default(), None)).unwrap();
        assert_eq!(open.url, answer.url);
        (target, draft)
    }

    #[test]
    fn the_form_with_a_password_is_the_sign_in_form() {
        let html = "<title>Sign in</title><form action=/search><input name=q></form>\
            <form action='/log\"in' method=post><input type=hidden name=csrf value=x><input name='us\"er\\' type=text>\
            <input name='p{w}' type=password><input type=checkbox name=remember checked><button>Go</button></form>";
        let answer = page(html, "https://a.test:8443/in?next=%7Bx%7D&a='b'");
        let (target, draft) = fits(&answer);
        let vars = Vars { address: "a@b.test", password: "secret", ..Vars::default() };
        let request = target.request(&Asking::on(Portal::Seeker, Step::SubmitPassword, vars, Some(&answer))).unwrap();
        let crate::browser::Body::Form(fields) = request.body else { panic!("no form") };
        let value = |name: &str| fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        assert_eq!(value("us\"er\\"), Some("a@b.test"));
        assert_eq!(value("p{w}"), Some("secret"));
        assert!(draft.text.contains("check box \"remember\", and comes ticked"), "{}", draft.text);
        assert!(draft.remarks.is_empty());
    }

    #[test]
    fn a_page_without_a_form_gives_a_draft_that_sends_json() {
        let (target, draft) = fits(&page("<title>App</title><div id=root></div>", "http://127.0.0.1:1/"));
        assert!(draft.remarks[0].contains("drawn by a script"));
        assert!(target.knows(Step::SubmitPassword));
        fits(&page("", "http://127.0.0.1:1/{a}/b"));
        let another = page("<title>Home</title><div id=root></div>", "http://127.0.0.1:1/home");
        assert_eq!(target.recognise(Portal::Seeker, None, &another), None, "the mark fits every page");
        assert!(target.is_session_cookie("JSESSIONID") && target.is_session_cookie("connect.sid"));
    }

    #[test]
    fn a_host_that_asks_for_a_password_of_its_own_is_told_of_and_nothing_is_guessed() {
        let mut answer = page("<title>401</title>", "http://127.0.0.1:1/login");
        answer.status = 401;
        answer.headers.insert("www-authenticate", HeaderValue::from_static("Basic realm=\"staging\""));
        let (target, draft) = fits(&answer);
        assert!(draft.remarks.len() == 1 && draft.remarks[0].contains("`username` and `password` under `[client]`"));
        assert!(!target.knows(Step::SubmitPassword) && draft.text.contains("# username = "), "{}", draft.text);
        assert!(!draft.text.contains("/api/login"), "{}", draft.text);
    }

    proptest! {
        /// Whatever stands on the page, the draft can be read.
        #[test]
        fn every_page_gives_a_draft_that_can_be_read(
            title in any::<String>(), name in any::<String>(), id in any::<String>(), path in any::<String>(),
        ) {
            let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            let html = format!(
                "<title>{}</title><form id=\"{id}\" name=\"{}\" action=\"{id}\"><input name=\"{name}\"><input type=password name=\"{name}p\">\
                 <input type=checkbox name=\"{id}\"></form><form></form>",
                escaped(&title), escaped(&title), id = escaped(&id), name = escaped(&name)
            );
            let mut url: Url = "http://127.0.0.1:1/".parse().unwrap();
            url.set_path(&path);
            let draft = draft(&page(&html, url.as_str()), None);
            let read = Target::parse("draft.toml", &draft.text, &Loading::default());
            prop_assert!(read.is_ok(), "{}\n{}", read.unwrap_err(), draft.text);
        }
    }
}
