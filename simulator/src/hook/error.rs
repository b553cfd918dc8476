//! Why a hook did nothing.

use crate::browser::NetworkError;
use crate::target::Unfilled;

/// Why a hook did nothing. The blame is the profile's or the target's; secrets are left out of what a program or an answer says.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The program could not be started.
    #[error("`{program}` could not be started: {cause}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The program says that it failed.
    #[error("`{program}` ended with {ending}{}", said(.words))]
    Failed {
        /// The program.
        program: String,
        /// Its exit code, or the signal that ended it.
        ending: String,
        /// The last lines of what it wrote to stderr.
        words: String,
    },
    /// It was not done in time.
    #[error("`{what}` was not done within {seconds} s{}", said(.words))]
    TooSlow {
        /// The program, or method and path of the request.
        what: String,
        /// How long it was waited for.
        seconds: f64,
        /// The last lines of what a program wrote to stderr.
        words: String,
    },
    /// No answer came.
    #[error("`{request}`: {cause}")]
    Network {
        /// Method and path.
        request: String,
        /// What happened instead.
        cause: Box<NetworkError>,
    },
    /// The answer was not one of 2xx.
    #[error("`{request}` was answered with {status}{}", said(.words))]
    Refused {
        /// Method and path.
        request: String,
        /// Status code.
        status: u16,
        /// The first characters of the answer.
        words: String,
    },
    /// The answer came from elsewhere: whoever is sent on to another page has not had done what was asked.
    #[error("`{request}` was redirected to `{place}`, so nothing tells whether it was done")]
    Redirected {
        /// Method and path.
        request: String,
        /// Path of the place.
        place: String,
    },
    /// What the placeholders stand for makes no address or no header field.
    #[error("`{request}`: {message}")]
    Unsendable {
        /// Method and text of the address.
        request: String,
        /// What is wrong.
        message: String,
    },
    /// A placeholder has no value.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
}

fn said(words: &str) -> String {
    if words.trim().is_empty() { String::new() } else { format!(": {}", words.trim()) }
}

/// The same text without the values that nobody may read.
pub(super) fn without_secrets<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let plain: Vec<&str> = secrets.filter(|secret| !secret.is_empty()).collect();
    // The longest first: one may be the beginning of another.
    let mut ordered = plain.clone();
    ordered.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let text = ordered.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[secret]"));
    // Programs that speak of addresses and headers write them encoded.
    let mut scrubber = sekisho_reports::scrub::Scrubber::new();
    for secret in plain {
        scrubber.learn("secret", secret);
    }
    scrubber.text(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_however_they_are_written() {
        let secret = "S3cr3t+Staging/Key==";
        for written in [secret, "S3cr3t%2BStaging%2FKey%3D%3D", "UzNjcjN0K1N0YWdpbmcvS2V5PT0="] {
            let said = without_secrets(&format!("no answer from /?key={written} (22)"), [secret].into_iter());
            assert!(!said.contains(written) && said.contains("no answer from"), "{written}: {said}");
        }
        assert_eq!(without_secrets("abc abcd", ["abc", "abcd", ""].into_iter()), "[secret] [secret]");
    }
}
