//! Why a foreign system fails a check: a word on each failure, found out by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

/// All failures of one system, by the check's id.
pub struct Explained(BTreeMap<String, Failure>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    failure: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    id: String,
    why: String,
    /// Whether a race decides, so that it fails in one run and not in the next.
    #[serde(default)]
    varies: bool,
}

impl Explained {
    /// Reads the explanations of a system.
    pub fn read(path: &Path) -> Explained {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
        let written: Written = toml::from_str(&text).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
        let mut all = BTreeMap::new();
        for failure in written.failure {
            assert!(failure.why.trim().len() > 40, "`{}` is not explained", failure.id);
            assert!(sekisho_rules::check(&failure.id).is_some(), "no check is called `{}`", failure.id);
            let id = failure.id.clone();
            assert!(all.insert(id, failure).is_none(), "a failure is explained twice");
        }
        Explained(all)
    }

    /// Whether one run and the next may differ in this check.
    pub fn varies(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|failure| failure.varies)
    }

    /// What does not fit the checks that failed; empty where each failure is explained, and each explanation is of a failure.
    pub fn gaps(&self, failed: &BTreeSet<&str>) -> Vec<String> {
        let unexplained = failed.iter().filter(|id| !self.0.contains_key(**id));
        let idle = self.0.values().filter(|failure| !failure.varies && !failed.contains(failure.id.as_str()));
        let unexplained = unexplained.map(|id| format!("`{id}` fails, and nothing says why"));
        unexplained.chain(idle.map(|failure| format!("`{}` is explained, but does not fail", failure.id))).collect()
    }
}

mod tests {
    use super::*;

    fn explained() -> Explained {
        let text = "[[failure]]\nid = 'faq01-the-mail-is-readable'\nwhy = 'The mail is written in a charset that no client reads.'\n\
                    [[failure]]\nid = 'faq03-code-is-refused-after-30-minutes'\nwhy = 'Whether it does is decided by a race of two threads.'\nvaries = true\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("explained.toml");
        std::fs::write(&path, text).unwrap();
        Explained::read(&path)
    }

    #[test]
    fn what_fails_is_explained_and_what_is_explained_fails() {
        let explained = explained();
        let of = |failed: &[&'static str]| explained.gaps(&failed.iter().copied().collect());
        let (readable, refused) = ("faq01-the-mail-is-readable", "faq03-code-is-refused-after-30-minutes");
        assert!(of(&[readable]).is_empty() && of(&[readable, refused]).is_empty());
        assert_eq!(of(&[refused]).len(), 1);
        assert_eq!(of(&[readable, "faq09-no-mail-before-the-skip-lapses"]).len(), 1);
        assert!(explained.varies(refused) && !explained.varies(readable) && !explained.varies("faq"));
    }
}
