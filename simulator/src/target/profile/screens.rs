//! How screens are recognised.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::Step;
use super::spanned::Spanned;

/// Ways in which a page is recognised; any one of them suffices. One table, or an array of tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks(pub Vec<Spanned<Mark>>);

/// One way in which a page is recognised: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mark {
    /// The title begins with this.
    pub title: Option<String>,
    /// The status code, or one of several. Redirects are followed: it is that of the final answer.
    pub status: Option<Several<u16>>,
    /// The page holds this text, or each of several.
    pub text: Option<Several<String>>,
    /// The page holds none of these texts.
    pub no_text: Option<Several<String>>,
    /// An element matches this CSS selector.
    pub selector: Option<Spanned<String>>,
    /// No element matches this CSS selector.
    pub no_selector: Option<Spanned<String>>,
    /// The path of the final address begins with this.
    pub path: Option<String>,
    /// Whether the answer came by a redirect.
    pub redirected: Option<bool>,
    /// What stands in a JSON body: one condition, or several that must all hold.
    pub json: Option<Several<JsonMark>>,
    /// A header field that must be there.
    pub header: Option<Spanned<HeaderMark>>,
    /// Only as the answer to one of these steps: for interfaces that answer the same to all.
    pub after: Option<Several<Step>>,
}

/// A condition on a JSON body.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonMark {
    /// A JSON pointer (RFC 6901); `""` is the whole body.
    pub at: Spanned<String>,
    /// The value there equals this.
    #[schemars(with = "Option<serde_json::Value>")]
    pub is: Option<toml::Value>,
    /// The value there is of this kind.
    pub kind: Option<JsonKind>,
    /// A regular expression that the text of the value matches somewhere.
    pub matches: Option<Spanned<String>>,
}

/// Kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JsonKind {
    /// There is nothing at the place.
    Absent,
    /// There is something at the place, null included.
    Present,
    /// Null.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A text.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A condition on a header field.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderMark {
    /// Its name.
    pub name: String,
    /// A regular expression that its value matches somewhere; without it the field only has to be there.
    pub matches: Option<String>,
}

/// One value, or an array of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several<T>(pub Vec<T>);

struct OneOrMany<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
    type Value = Several<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value, or an array of them")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Several<T>, E> {
        one(de::value::BoolDeserializer::new(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Several<T>, E> {
        one(de::value::I64Deserializer::new(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Several<T>, E> {
        one(de::value::StrDeserializer::new(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Several<T>, A::Error> {
        Ok(Several(vec![T::deserialize(de::value::MapAccessDeserializer::new(map))?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Several<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = values.next_element()? {
            all.push(value);
        }
        Ok(Several(all))
    }
}

fn one<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Several<T>, D::Error> {
    Ok(Several(vec![T::deserialize(value)?]))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany(PhantomData))
    }
}

/// The schema of one value or an array of them.
fn one_or_many(one: Schema) -> Schema {
    json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
}

impl<T: JsonSchema> JsonSchema for Several<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Several{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        one_or_many(generator.subschema_for::<T>())
    }
}

impl JsonSchema for Marks {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Marks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        one_or_many(generator.subschema_for::<Mark>())
    }
}

struct MarksVisitor;

impl<'de> Visitor<'de> for MarksVisitor {
    type Value = Marks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table that says how a page is recognised, or an array of such tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Marks, A::Error> {
        Ok(Marks(vec![Spanned::new(0..0, Mark::deserialize(de::value::MapAccessDeserializer::new(map))?)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut marks: A) -> Result<Marks, A::Error> {
        let mut all = Vec::new();
        while let Some(mark) = marks.next_element::<Spanned<Mark>>()? {
            all.push(mark);
        }
        Ok(Marks(all))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MarksVisitor)
    }
}
