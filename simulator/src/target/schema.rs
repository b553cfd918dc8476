//! The JSON schema of profiles and the reference of their keys, both made from the types that read them.

use std::fmt::Write;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::profile::Profile;
use super::{Screen, Step};

/// The schema as it is published, for editors and for those who check profiles by other means.
pub const PUBLISHED: &str = include_str!("../../schema/profile.schema.json");

/// The schema that the types of this version describe; a test holds it against the published one.
///
/// # Panics
/// Never: a schema can be written as JSON.
pub fn generate() -> String {
    let mut generator = SchemaSettings::default().into_generator();
    let (step, screen) = (generator.subschema_for::<Step>(), generator.subschema_for::<Screen>());
    let mut schema = generator.into_root_schema_for::<Profile>().to_value();
    schema["title"] = "Target profile of Sekisho".into();
    // The types know which names there are; the schema of a map only says what stands behind them.
    for table in ["/properties", "/$defs/OwnWays/properties"] {
        for (key, names) in [("steps", &step), ("screens", &screen)] {
            if let Some(map) = schema.pointer_mut(&format!("{table}/{key}")) {
                map["propertyNames"] = names.clone().to_value();
            }
        }
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// The tables of a profile in the order in which people meet them: the type, its key, and what stands before the key.
const TABLES: [(&str, &str); 33] = [
    ("Profile", "the top of the file"),
    ("OwnWays", "`[in_portal.NAME]`"),
    ("Act", "`[steps.NAME]` and `[[steps.NAME]]`"),
    ("Take", "`take.NAME` of a request"),
    ("Button", "`press` of a request"),
    ("Mark", "marks: `[screens]`, `if_page`, `some_if`, `none_if`"),
    ("JsonMark", "`json` of a mark"),
    ("HeaderMark", "`header` of a mark"),
    ("Mail", "`[mail]`"),
    ("Skip", "`[skip]`"),
    ("Status", "`[skip.status]`"),
    ("Accounts", "`[accounts]`"),
    ("Additional", "`[accounts.additional]`"),
    ("Clock", "`[clock]`"),
    ("HookRequest", "`request` of `[clock]`, `[reset]` and `[office]`, `identity` of `[office]`"),
    ("Reset", "`[reset]`"),
    ("Office", "`[office]`"),
    ("Control", "`[control]`"),
    ("Numbers", "`[numbers]`"),
    ("Limit", "limits of `[numbers]` and `[policies]`"),
    ("Cooldown", "`code_cooldown` of `[numbers]`"),
    ("Policies", "`[policies]`"),
    ("Limits", "`[limits]`"),
    ("Client", "`[client]`"),
    ("UserAgents", "`[client.user_agents]`"),
    ("Tls", "`[tls]`"),
    ("SecretSource", "`[secrets.NAME]`"),
    ("Span", "a length of time"),
    ("Instant", "an instant"),
    ("JsonKind", "kinds of JSON values"),
    ("SentBy", "who sends a request"),
    ("Only", "in which stories a request is sent"),
    ("CommandLine", "a command line"),
];

/// Every key of a profile, from the schema, in Markdown.
pub fn reference() -> String {
    let schema: Value = serde_json::from_str(&generate()).unwrap_or_default();
    let mut text = String::from(
        "# Every key of a target profile\n\nMade from the types that read profiles (`UPDATE_SCHEMA=1 cargo nextest run -E 'test(target::schema)'` writes it anew): \
         do not edit. The guide is [profiles.md](profiles.md).\n\nWhat has no default and is not marked as required can be left out.\n",
    );
    named(&mut text, "steps", "Steps", "What a person does; the names under `[steps]`.", &schema["$defs"]["Step"]);
    named(
        &mut text,
        "screens",
        "Screens",
        "What a person sees; the names under `[screens]`, in the order in which they are tried.",
        &schema["$defs"]["Screen"],
    );
    for (name, place) in TABLES {
        let definition = if name == "Profile" { &schema } else { &schema["$defs"][name] };
        if !definition.is_null() {
            table(&mut text, name, place, definition);
        }
    }
    let rest = schema["$defs"].as_object().into_iter().flatten();
    for (name, definition) in rest {
        if !TABLES.iter().any(|(known, _)| known == name) && !["Step", "Screen"].contains(&name.as_str()) {
            table(&mut text, name, "values of keys above", definition);
        }
    }
    text
}

/// A list of names that a key can have.
fn named(text: &mut String, anchor: &str, title: &str, about: &str, definition: &Value) {
    let _ = writeln!(text, "\n## {title}\n<a id=\"{anchor}-names\"></a>\n\n{about}\n\n| name | |\n| --- | --- |");
    for (name, description) in variants(definition) {
        let _ = writeln!(text, "| `{name}` | {} |", cell(&description));
    }
}

fn table(text: &mut String, name: &str, place: &str, definition: &Value) {
    let _ = writeln!(text, "\n## {name}\n\nStands for: {place}.");
    let about = definition["description"].as_str().unwrap_or_default();
    if !about.is_empty() {
        let _ = writeln!(text, "\n{}", cell(about));
    }
    let choices = variants(definition);
    if !choices.is_empty() {
        let _ = writeln!(text, "\n| value | |\n| --- | --- |");
        for (name, description) in choices {
            let _ = writeln!(text, "| `{name}` | {} |", cell(&description));
        }
    }
    let Some(properties) = definition["properties"].as_object() else { return };
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let _ = writeln!(text, "\n| key | type | default | |\n| --- | --- | --- | --- |");
    for (key, property) in properties {
        let default = match &property["default"] {
            _ if required.contains(&key.as_str()) => "**required**".to_owned(),
            Value::Null => String::new(),
            Value::Object(map) if map.is_empty() => String::new(),
            Value::Array(all) if all.is_empty() => String::new(),
            Value::Object(_) => String::new(),
            other => format!("`{other}`"),
        };
        let about = property["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| `{key}` | {} | {default} | {} |", kind(property), cell(about));
    }
}

/// The names of an enumeration with what each means.
fn variants(definition: &Value) -> Vec<(String, String)> {
    let plain = definition["enum"].as_array().into_iter().flatten();
    let plain = plain.filter_map(|name| Some((name.as_str()?.to_owned(), String::new())));
    let described = definition["oneOf"].as_array().into_iter().flatten().flat_map(|one| {
        let about = one["description"].as_str().unwrap_or_default().to_owned();
        let alone = one["const"].as_str().map(|name| (name.to_owned(), about));
        let several = one["enum"].as_array().into_iter().flatten();
        let several = several.filter_map(|name| Some((name.as_str()?.to_owned(), String::new())));
        alone.into_iter().chain(several).collect::<Vec<_>>()
    });
    plain.chain(described).collect()
}

/// A type in words.
fn kind(property: &Value) -> String {
    if let Some(target) = property["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap_or_default();
        return match name {
            "Span" => "[length of time](#span)".to_owned(),
            "Step" => "[step](#steps)".to_owned(),
            "Screen" => "[screen](#screens)".to_owned(),
            name => format!("[{name}](#{})", name.to_ascii_lowercase()),
        };
    }
    if let Some(any) = property["anyOf"].as_array() {
        let mut kinds: Vec<String> = any.iter().filter(|one| one["type"] != "null").map(kind).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let named = |kind: &str| match kind {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("array of {}", self::kind(&property["items"])),
        "object" if property["additionalProperties"].is_object() => {
            format!("table of {}", self::kind(&property["additionalProperties"]))
        }
        "object" => "table".to_owned(),
        other => other.to_owned(),
    };
    match &property["type"] {
        Value::String(kind) => named(kind),
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").map(named);
            kinds.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

/// A description on one line of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    fn holds(path: &str, generated: &str) {
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(format!("{ROOT}/{path}"), generated).unwrap();
        }
        let published = std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap();
        assert!(published == generated, "`{path}` is out of date: run with UPDATE_SCHEMA=1 to write it anew");
    }

    /// `UPDATE_SCHEMA=1 cargo nextest run -E 'test(target::schema)'` rewrites the published files.
    #[test]
    fn the_published_schema_and_reference_are_those_of_the_types() {
        holds("simulator/schema/profile.schema.json", &generate());
        holds("docs/profile-reference.md", &reference());
    }

    fn errors(profile: &str) -> Vec<String> {
        let document: toml::Value = toml::from_str(profile).unwrap();
        let document = serde_json::to_value(document).unwrap();
        let schema = serde_json::from_str(&generate()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn every_profile_of_ours_is_valid_by_the_schema() {
        let mut seen = 0;
        for entry in std::fs::read_dir(format!("{ROOT}/profiles")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                assert_eq!(
                    errors(&std::fs::read_to_string(&path).unwrap()),
                    Vec::<String>::new(),
                    "{}",
                    path.display()
                );
                seen += 1;
            }
        }
        assert!(seen > 0, "no profile was looked at");
    }

    #[test]
    fn what_the_types_refuse_the_schema_refuses_too() {
        let good = std::fs::read_to_string(format!("{ROOT}/profiles/reference.toml")).unwrap();
        for (from, to) in [
            ("schema = 1", "schema = \"one\""),
            ("[numbers]", "[numbers]\nunknown = 1"),
            ("[steps.sign-out]", "[steps.sign-off]"),
            ("part = \"text\"", "part = \"body\""),
            ("get = \"/{portal}/sign-in\"", "gets = \"/{portal}/sign-in\""),
        ] {
            assert!(good.contains(from), "{from}");
            let bad = good.replacen(from, to, 1);
            assert!(toml::from_str::<Profile>(&bad).is_err(), "{to}");
            assert!(!errors(&bad).is_empty(), "{to}");
        }
    }

    #[test]
    fn the_reference_names_every_step_screen_and_key() {
        let text = reference();
        for name in Step::ALL.iter().map(|step| step.name()).chain(Screen::ALL.iter().map(|screen| screen.name())) {
            assert!(text.contains(&format!("| `{name}` |")), "{name}");
        }
        for key in ["tick_skip", "follow_redirects", "mail_cooldown", "also_authorized", "if_page", "some_if"] {
            assert!(text.contains(&format!("| `{key}` |")), "{key}");
        }
    }
}
