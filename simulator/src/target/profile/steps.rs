//! How steps are done: one request or several in a row, each a form on the page that is open, a link on it, or a request of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::screens::{Marks, Several};
use super::spanned::Spanned;

/// How a step is done: one request, or several in a row, written as an array of tables (`[[steps.submit-code]]`).
#[derive(Debug, Clone)]
pub struct Way(pub Vec<Spanned<Act>>);

/// One request of a step. Exactly one of `form`, `follow`, `get` and `path` says what is sent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Act {
    /// A CSS selector of the one form on the open page that is sent, with all its fields as they stand there: hidden ones, and with them
    /// the token against forged requests, go along as a browser sends them.
    pub form: Option<Spanned<String>>,
    /// A CSS selector of the one link on the open page that is followed.
    pub follow: Option<Spanned<String>>,
    /// A path, or a whole address, that is opened; with placeholders. One placeholder alone for what an answer gave (`"{next}"`) is an
    /// address as it stands there, and must lead to an origin of the target's own.
    pub get: Option<Spanned<String>>,
    /// A path, or a whole address, to which a request of the profile's own making goes; with placeholders, as in `get`. Needs `method`.
    pub path: Option<Spanned<String>>,
    /// The method of a request with `path`: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Option<Spanned<String>>,
    /// With `path`: the fields of a URL-encoded body, with placeholders. A list sends the field once for each of its values.
    pub fields: BTreeMap<String, Spanned<Several<String>>>,
    /// With `path`: a JSON body. Texts in it may hold placeholders; `"{skip}"` alone becomes `true` or `false`, `{ "$number" = "…" }` a
    /// number (zeros in front are left out, and where nothing was typed it is null), and `{ "$null" = true }` null, which TOML has not.
    #[schemars(with = "Option<serde_json::Value>")]
    pub json: Option<Spanned<toml::Value>>,
    /// Header fields that replace the browser's own, with placeholders. One in which something is missing that may be (`{name?}`,
    /// `{cookie:NAME?}`) is not sent.
    pub headers: BTreeMap<String, Spanned<String>>,
    /// Who sends it: the window (`page`), which then shows the answer, or a script of the page (`script`), which leaves the page open.
    /// Without it a request with `json` or with a method other than GET and POST is a script's.
    #[serde(rename = "as")]
    pub sent_by: Option<SentBy>,
    /// Whether redirects are followed, as a browser does; true where it is left out. Where they are not, a redirect is the answer, and
    /// the page that was open stays open: for targets where a look at a closed page would end what is under way.
    pub follow_redirects: Option<bool>,
    /// With `form`: what is typed or chosen, by the name of the field, with placeholders. Fields that are not named stay as they are. A
    /// list fills the fields of that name in their order. Where names change from page to page a key is `css:` and a CSS selector of one
    /// control of the form, here and in `tick`, `untick`, `tick_skip` and `with_skip`, e.g. `"css:input[type=password]"`.
    pub fill: BTreeMap<String, Spanned<Several<String>>>,
    /// With `form`: names of check boxes that are ticked.
    pub tick: Vec<Spanned<String>>,
    /// With `form`: names of check boxes that are unticked, for those that come ticked.
    pub untick: Vec<Spanned<String>>,
    /// With `form`: the name of the check box that asks for the skip; ticked or unticked as the story says.
    pub tick_skip: Option<Spanned<String>>,
    /// With `form`: the button that is pressed, where its name and value matter. Without it the first button is, as Enter does.
    pub press: Option<Spanned<Button>>,
    /// Fields, or members of the JSON object, that are sent only where the story asks for the skip. With `form` they are filled in.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub with_skip: Option<Spanned<toml::Table>>,
    /// Sent only where the story asks for the skip (`with-skip`), or only where it does not (`without-skip`).
    pub only: Option<Only>,
    /// Sent only where the last answer of the step, or the open page where there is none yet, fits one of these marks.
    pub if_page: Option<Marks>,
    /// What is taken from the answer, by the name under which later requests of this browser put it in as `{name}`. What is not found
    /// there leaves the value of an earlier answer.
    pub take: BTreeMap<String, Spanned<Take>>,
    /// Whether this is the request that the step is about, which stories alter, repeat and race. Without it the first that puts in what
    /// the step submits (the password, the code, the new address), else the last without `if_page`.
    pub main: bool,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SentBy {
    /// The window navigates: the answer is the page that is open then.
    Page,
    /// A script of the page: the page stays open.
    Script,
}

/// In which stories a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// Where the skip is asked for.
    WithSkip,
    /// Where it is not.
    WithoutSkip,
}

/// Where in an answer a value stands: exactly one of `selector`, `json`, `regex` and `header`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Take {
    /// A CSS selector of one element.
    pub selector: Option<Spanned<String>>,
    /// With `selector`: the attribute that holds the value; without it the element's text.
    pub attribute: Option<String>,
    /// A JSON pointer (RFC 6901) to a text, a number or a truth value; with `where`, to a list or an object.
    pub json: Option<Spanned<String>>,
    /// With `json`: what must stand in an element of that list, by JSON pointers from the element, e.g. `{ "/type" = "email" }`. The first
    /// of which all of it holds is taken.
    #[serde(rename = "where")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub fits: BTreeMap<String, Spanned<toml::Value>>,
    /// With `where`: a JSON pointer from that element to the value; without it the element itself.
    pub then: Option<Spanned<String>>,
    /// A regular expression whose group holds the value, sought in the body.
    pub regex: Option<Spanned<String>>,
    /// With `regex`: sought in the final address instead of the body.
    pub in_address: bool,
    /// The name of a header field.
    pub header: Option<Spanned<String>>,
}

/// A button, by one of: `name`, `name` and `value`, `label`, `css`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// Its name.
    pub name: Option<String>,
    /// Its value; without it the one button of that name.
    pub value: Option<String>,
    /// What stands on it, where it has no name.
    pub label: Option<String>,
    /// A CSS selector of it, where its name changes from page to page.
    pub css: Option<Spanned<String>>,
}

impl JsonSchema for Way {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Way".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Act>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

/// Reads one table or an array of tables.
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Way;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table with a request, or an array of such tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Way, A::Error> {
        let act = Act::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Way(vec![Spanned::new(0..0, act)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut acts: A) -> Result<Way, A::Error> {
        let mut way = Vec::new();
        while let Some(act) = acts.next_element::<Spanned<Act>>()? {
            way.push(act);
        }
        Ok(Way(way))
    }
}

impl<'de> Deserialize<'de> for Way {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}
