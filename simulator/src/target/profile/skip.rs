//! Where a skip shows.

use schemars::JsonSchema;
use serde::Deserialize;

use super::screens::Marks;
use super::spanned::Spanned;

/// Where a skip shows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// A regular expression that matches the whole name of the cookie that holds a skip.
    pub cookie: Spanned<String>,
    /// A regular expression that matches the names of cookies that hold the session. It can be left out where `session_values` keep
    /// somebody signed in.
    pub session_cookie: Option<Spanned<String>>,
    /// Names of values that are taken from answers (`take`) and keep somebody signed in, as a token in a header does; none by default.
    #[serde(default)]
    pub session_values: Vec<Spanned<String>>,
    /// A regular expression that matches the names of cookies that the target's own scripts must read, such as one with a token against
    /// forged requests; none by default. Only they may do without `HttpOnly`.
    pub script_cookie: Option<Spanned<String>>,
    /// A regular expression that matches the names of cookies that the target needs when another site leads back to it, such as that of a
    /// sign-in at an identity provider which answers by a form; none by default. Only they may have `SameSite=None`, with `Secure`.
    pub cross_site_cookie: Option<Spanned<String>>,
    /// What the cookie may hold beside an id and an expiry, because whoever runs the target has decided so: FAQ-11a looks for anything else.
    #[serde(default)]
    pub may_hold: Vec<Personal>,
    /// Where the skip settings screen says あり or なし.
    pub status: Option<Spanned<Status>>,
    /// Selects the cautions on the skip confirmation screen (FAQ-06g).
    pub cautions: Option<Spanned<String>>,
}

/// What a cookie could hold of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Personal {
    /// The registered address, or the part before its `@`.
    Address,
    /// The name.
    Name,
    /// The sign-in ID, where it is not the address.
    Id,
}

/// How the skip settings screen says whether a skip exists (FAQ-13): a value at a place, or what the whole page is like.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// A CSS selector of the element whose text is the status.
    pub selector: Option<Spanned<String>>,
    /// A JSON pointer (RFC 6901) to the value that is the status, in place of `selector`.
    pub json: Option<Spanned<String>>,
    /// The text, or the JSON value, where a browser of the account holds a skip.
    #[schemars(with = "Option<serde_json::Value>")]
    pub some: Option<Spanned<toml::Value>>,
    /// The text, or the JSON value, where none does.
    #[schemars(with = "Option<serde_json::Value>")]
    pub none: Option<Spanned<toml::Value>>,
    /// What the page is like where a browser of the account holds a skip, in place of `some`.
    pub some_if: Option<Spanned<Marks>>,
    /// What the page is like where none does, in place of `none`.
    pub none_if: Option<Spanned<Marks>>,
}
