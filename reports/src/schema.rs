//! The JSON schema of `run.json`, generated from the types and published in `reports/schema/run.schema.json`.

use crate::ReportError;
use crate::record::RunRecord;

/// The schema as it is published, for those who validate records offline.
pub const PUBLISHED: &str = include_str!("../schema/run.schema.json");

/// The schema that the types of this version describe. `xtask` writes it over the published one when the record changes;
/// a test holds both together.
///
/// # Errors
/// Where the schema cannot be written as JSON.
pub fn generate() -> Result<String, ReportError> {
    let mut schema = schemars::schema_for!(RunRecord);
    schema.insert("title".to_owned(), "Run record of Sekisho".into());
    let text = serde_json::to_string_pretty(&schema);
    let mut text = text.map_err(|source| ReportError::Render { what: "run.schema.json", source: source.into() })?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixtures::{clean_run, eventful_run};
    use crate::record::Run;

    fn errors(record: &serde_json::Value) -> Vec<String> {
        let schema = serde_json::from_str(PUBLISHED).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        validator.iter_errors(record).map(|error| error.to_string()).collect()
    }

    fn json(run: Run) -> serde_json::Value {
        serde_json::to_value(RunRecord::judge(run)).unwrap()
    }

    /// `UPDATE_SCHEMA=1 cargo test -p sekisho-reports schema` rewrites the published file.
    #[test]
    fn the_published_schema_is_that_of_the_types() {
        let generated = generate().unwrap();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/run.schema.json"), &generated).unwrap();
        } else {
            assert_eq!(generated, PUBLISHED, "run with UPDATE_SCHEMA=1 to rewrite the published schema");
        }
    }

    #[test]
    fn records_of_ours_are_valid() {
        assert_eq!(errors(&json(clean_run())), Vec::<String>::new());
        assert_eq!(errors(&json(eventful_run())), Vec::<String>::new());
    }

    #[test]
    fn a_missing_field_a_strange_verdict_or_another_version_is_rejected() {
        let mut record = json(eventful_run());
        record.as_object_mut().unwrap().remove("seed");
        assert_eq!(errors(&record).len(), 1);
        let mut record = json(eventful_run());
        record["checks"][0]["verdict"] = "probably".into();
        assert_eq!(errors(&record).len(), 1);
        let mut record = json(eventful_run());
        record["schema"] = 2.into();
        assert_eq!(errors(&record).len(), 1);
    }
}
