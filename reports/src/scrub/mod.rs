//! Taking secrets out of evidence: each is replaced by a pseudonym that stays the same within a run, so that a replayed
//! cookie can be seen as such. What a secret is, the caller says with [`Scrubber::learn`]; cookies, credentials and
//! anti-forgery tokens are found without being told. Nothing here renders or writes.

mod decode;
mod headers;
mod learn;
mod mail;
mod matcher;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use crate::record::RunRecord;
pub(crate) use headers::cookie_pairs;
use matcher::{Edges, Matcher};

/// Secrets shorter than this (in bytes) are replaced only where no letter or digit adjoins.
const SHORTEST_ANYWHERE: usize = 6;
/// What was not named as a secret but only found in the place of one must be this long (in bytes) to be replaced elsewhere
/// too: `theme=dark` must not blacken every page.
const SHORTEST_FOUND: usize = 8;
/// What stands for a value in the place of a secret that nobody learned.
const UNLEARNED: &str = "scrubbed";

/// The secrets of a run and their pseudonyms.
#[derive(Debug, Default)]
pub struct Scrubber {
    secrets: Vec<Secret>,
    by_value: HashMap<String, usize>,
    count_by_kind: HashMap<String, usize>,
    matcher: OnceLock<Matcher>,
}

#[derive(Debug, Clone)]
struct Secret {
    value: String,
    pseudonym: String,
    /// Where it is replaced; `None`: only in the place of a secret, such as a cookie's value.
    edges: Option<Edges>,
}

impl Clone for Scrubber {
    fn clone(&self) -> Self {
        Scrubber {
            secrets: self.secrets.clone(),
            by_value: self.by_value.clone(),
            count_by_kind: self.count_by_kind.clone(),
            matcher: OnceLock::new(),
        }
    }
}

impl Scrubber {
    /// Knows no secret yet.
    pub fn new() -> Scrubber {
        Scrubber::default()
    }

    /// Learns a secret and returns its pseudonym: the kind and a running number, e.g. `code-1`. A secret that is known keeps
    /// the pseudonym it has, whatever kind it is said to be now. An empty one is none, and is returned as it stands.
    ///
    /// A secret of digits only is replaced where no digit adjoins, another of fewer than six bytes where neither letter nor
    /// digit does, a longer one everywhere.
    pub fn learn(&mut self, kind: &str, secret: &str) -> &str {
        let edges = if secret.bytes().all(|byte| byte.is_ascii_digit()) {
            Edges::NoDigit
        } else if secret.len() < SHORTEST_ANYWHERE {
            Edges::NoAlphanumeric
        } else {
            Edges::Any
        };
        self.insert(kind, secret, Some(edges))
    }

    /// Replaces every secret in a text.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.replaced(text.as_bytes()) {
            Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
            None => Cow::Borrowed(text),
        }
    }

    /// Replaces every secret in a body of unknown charset. Secrets are sought as ASCII or UTF-8.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.replaced(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
    }

    /// Replaces every secret in what a record quotes from the target or from the command line.
    pub fn record(&self, record: &RunRecord) -> RunRecord {
        let mut record = record.clone();
        let scrub = |text: &mut String| *text = self.text(text).into_owned();
        scrub(&mut record.command);
        for check in &mut record.checks {
            [&mut check.reason, &mut check.expected, &mut check.observed].into_iter().for_each(scrub);
        }
        record.notes.iter_mut().for_each(scrub);
        for violation in record.load.iter_mut().flat_map(|load| &mut load.violations) {
            scrub(&mut violation.example);
        }
        for row in record.load.iter_mut().flat_map(|load| &mut load.broken_off) {
            scrub(&mut row.cause);
        }
        record
    }

    fn insert(&mut self, kind: &str, secret: &str, edges: Option<Edges>) -> &str {
        if secret.is_empty() {
            return "";
        }
        let index = match self.by_value.get(secret) {
            Some(index) => *index,
            None => {
                let number = self.count_by_kind.entry(kind.to_owned()).or_default();
                *number += 1;
                let pseudonym = format!("{kind}-{number}");
                self.by_value.insert(secret.to_owned(), self.secrets.len());
                self.secrets.push(Secret { value: secret.to_owned(), pseudonym, edges: None });
                self.secrets.len() - 1
            }
        };
        let known = &mut self.secrets[index];
        if known.edges.is_none() && edges.is_some() {
            known.edges = edges;
            self.matcher = OnceLock::new();
        }
        &self.secrets[index].pseudonym
    }

    /// What stands for `value` where only a secret can stand. An empty value shows as such.
    fn in_place(&self, value: &str) -> &str {
        if value.is_empty() {
            return "";
        }
        self.by_value.get(value).map_or(UNLEARNED, |index| &self.secrets[*index].pseudonym)
    }

    fn replaced(&self, source: &[u8]) -> Option<Vec<u8>> {
        let found = self.matcher.get_or_init(|| self.new_matcher()).find(source);
        if found.is_empty() {
            return None;
        }
        let mut scrubbed = Vec::with_capacity(source.len());
        let mut copied = 0;
        for found in found {
            scrubbed.extend_from_slice(&source[copied..found.start]);
            scrubbed.extend_from_slice(self.secrets[found.secret].pseudonym.as_bytes());
            copied = found.end;
        }
        scrubbed.extend_from_slice(&source[copied..]);
        Some(scrubbed)
    }

    fn new_matcher(&self) -> Matcher {
        let secrets = self.secrets.iter().enumerate();
        Matcher::new(secrets.filter_map(|(index, secret)| Some((index, secret.value.as_str(), secret.edges?))))
    }
}

#[cfg(test)]
mod tests;
