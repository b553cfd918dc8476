//! The profiles of the plainest logins of each kind. A row says in what its own differs.

/// What all of them have in common. It stands behind the name, and before every other table.
macro_rules! with_what_is_common {
    ($name:literal, $own:literal) => {
        concat!(
            "\nname = \"",
            $name,
            "\"\n",
            r##"schema = 1
base = "http://ADDRESS1"
portals = ["employer"]

[numbers]
tolerance = "0s"
browsers_tried = 4
wrong_codes = 5
quiet_time = "30ms"
mail_patience = "3s"

[policies]
superseded = "accepted"

[mail]
listen = "MAIL"
code = 'コードは (\d{6}) です'

[clock]
driver = "http"
frozen = true
request = { url = "/hooks/clock", json = { by_ms = "{by_ms}" } }

[accounts]
source = "numbered"
address = "user{number:5}@odd.test"
password = "pass-{number:5}"
last = 500
additional = { address = "user{number:5}-{additional}@odd.test", password = "pass-{number:5}-{additional}" }

[not_applicable]
notice-1 = "it has always asked for a code"
notice-4 = "nobody can change an address"
faq-05a = "nobody can change an address"
faq-05c = "there is no office"
faq-05d = "there is no office"
faq-06c = "there is no confirmation screen"
faq-06g = "there is no confirmation screen"
faq-06h = "there is no confirmation screen"

"##,
            $own
        )
    };
}

/// Pages and forms; the skip is set with the code.
pub const PAGES: &str = with_what_is_common!(
    "An odd login",
    r##"[skip]
cookie = 'skip-[0-9a-f]{16}'
session_cookie = 'sid'
status = { selector = "#status", some = "あり", none = "なし" }

[screens]
sign-in = { selector = "form#login" }
code-entry = { selector = "form#code" }
my-page = { selector = "#home" }
skip-settings = { selector = "form#resume" }
resume-confirmation = { selector = "form#complete" }
password-change = { selector = "form#change-password" }
password-changed = { selector = "#changed" }
cookies-off = { selector = "#cookies" }
mail-failed = { selector = "#mail-failed" }
refused = { status = [403, 404] }

[steps]
open-sign-in = { get = "/login" }
submit-password = { form = "form#login", fill = { id = "{id}", password = "{password}" } }
open-code-entry = { get = "/code" }
submit-code = { form = "form#code", fill = { code = "{code}" }, tick_skip = "remember" }
open-my-page = { get = "/home" }
open-skip-settings = { get = "/settings/skip" }
open-resume = { get = "/settings/skip/resume" }
resume = { form = "form#resume" }
complete-resume = { form = "form#complete" }
open-password-change = { get = "/password" }
submit-password-change = { form = "form#change-password", fill = { present = "{password}", new = "{new_password}" } }
sign-out = { form = "form#logout" }
"##
);

/// What no interface has.
pub const NO_CODE_PAGE: &[(&str, &str)] =
    &[("faq03-reloading-does-not-extend-the-30-minutes", "there is no code page to load again")];

/// JSON alone.
pub const JSON: &str = with_what_is_common!(
    "An odd interface",
    r##"[skip]
cookie = 'skip-[0-9a-f]{16}'
session_cookie = 'sid'
status = { json = "/browsers/trusted", some = true, none = false }

[screens]
cookies-off = { json = { at = "/error", is = "cookies" } }
sign-in = [
  { json = { at = "/ready", is = true } },
  { status = 401 },
  { after = "sign-out", status = 204 },
]
code-entry = [{ json = { at = "/next", is = "code" } }, { json = { at = "/error", is = "code" } }]
attempt-over = [{ json = { at = "/error", is = "late" } }, { json = { at = "/error", is = "over" } }]
my-page = [{ json = { at = "/next", is = "home" } }, { json = { at = "/name", kind = "string" } }]
skip-settings = { after = "open-skip-settings", json = { at = "/browsers", kind = "object" } }
resume-confirmation = { after = ["resume", "open-resume"], json = { at = "/browsers", kind = "object" } }
# Nothing is shown when the skips were ended.
settings = { after = "complete-resume", status = 204 }
mail-failed = { selector = "#mail-failed" }
refused = { status = [403, 404, 422] }

[steps]
open-sign-in = { get = "/api/session", as = "script" }
submit-password = { method = "POST", path = "/api/session", json = { id = "{id}", password = "{password}" } }
submit-code = { method = "POST", path = "/api/code", json = { code = "{code}", trust = "{skip}" } }
open-my-page = { get = "/api/me", as = "script" }
open-skip-settings = { get = "/api/skip", as = "script" }
open-resume = { get = "/api/skip", as = "script" }
resume = { get = "/api/skip", as = "script" }
complete-resume = { method = "DELETE", path = "/api/skip" }
sign-out = { method = "DELETE", path = "/api/session" }
"##
);
