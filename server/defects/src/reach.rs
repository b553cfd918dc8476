//! Which defects the steps of a story can show at all, and by which rule they show.
//!
//! What a story can show is decided by its steps: what people do in it, and what is read of an answer (the screen, the status, who got a
//! mail). It is written down here before anything is tried, so that a defect which is not found counts as one that was missed.

use crate::Defect;

/// Defects that no step of a story can show, by the reason.
const OUT_OF_REACH: &[(&str, &[&str])] = &[
    (
        "no step gives an ID that nobody has",
        &[
            "base-account-answer-is-longer-for-a-known-id",
            "base-account-unknown-id-is-answered-sooner",
            "base-account-unknown-id-is-told",
            "faq01-unknown-id-is-mailed",
        ],
    ),
    (
        "it shows in the name, value or attributes of a cookie, which a story carries but does not read",
        &[
            "base-cookie-bears-no-host-prefix",
            "base-cookie-goes-along-from-other-sites",
            "base-cookie-goes-over-plain-http",
            "base-cookie-goes-to-a-whole-domain",
            "base-cookie-has-no-path",
            "base-cookie-of-the-session-is-open-to-scripts",
            "base-cookie-of-the-skip-is-kept-for-a-year",
            "faq01-code-stands-in-a-cookie",
            "faq11-cookie-holds-a-hash-of-the-address",
            "faq11-cookie-holds-the-account-number",
            "faq11-cookie-holds-the-address-in-base64",
            "faq11-cookie-holds-the-name-in-hex",
            "faq11-ids-are-counted-up",
            "faq11-ids-have-32-bits",
        ],
    ),
    (
        "every form is sent with the hidden fields of a page that the browser was shown",
        &[
            "base-session-account-is-added-without-the-token",
            "base-session-address-changes-without-the-token",
            "base-session-code-counts-without-the-token",
            "base-session-password-changes-without-the-token",
            "base-session-signs-in-without-the-token",
            "base-session-signs-out-without-the-token",
            "base-session-skip-is-cancelled-without-the-token",
            "base-session-skip-is-confirmed-without-the-token",
            "base-session-changes-without-the-token",
        ],
    ),
    (
        "it shows in headers, cookies or form fields, which a story does not read",
        &["base-session-settings-may-be-stored", "base-session-screens-may-be-stored", "faq01-code-stands-in-a-header"],
    ),
    (
        "it shows in the text of a page only, and a story tells screens apart, not their text",
        &[
            "faq01-code-stands-on-the-page",
            "faq06-cautions-are-missing",
            "faq09-my-page-holds-the-expiry-in-an-attribute",
            "faq09-skip-settings-show-the-remaining-days",
            "faq12-skips-are-offered-one-by-one",
            "faq13-status-shows-a-count",
        ],
    ),
    (
        "it shows in the text of a mail, of which a story takes the code only",
        &[
            "base-account-mail-links-to-the-claimed-host",
            "base-account-mail-links-to-the-forwarded-host",
            "faq01-mail-has-two-numbers",
            "faq01-subject-is-question-marks",
            "faq01-text-is-mangled",
        ],
    ),
    (
        "all browsers of a story are of one kind",
        &["faq02-desktops-are-refused", "faq02-smartphones-are-refused", "faq02-tablets-are-refused"],
    ),
    (
        "what is typed in a story is a code of six digits",
        &[
            "base-code-blank-code-is-taken",
            "base-code-bytes-that-are-no-text-are-a-server-error",
            "base-code-full-width-digits-are-a-server-error",
            "base-code-is-cut-at-a-null-byte",
            "base-code-is-cut-at-six-digits",
            "base-code-quote-ends-the-comparison",
            "base-code-repeated-code-is-a-server-error",
            "faq04-empty-code-is-taken",
        ],
    ),
    (
        "it shows in many codes only, by their distribution",
        &["base-code-is-counted-up", "base-code-is-twenty-bits-modulo-a-million", "base-code-never-begins-with-zero"],
    ),
    (
        "a browser drops the cookies of a session or an attempt that has ended, and no step brings them back",
        &[
            "base-code-is-consumed-too-late",
            "base-code-use-is-seen-by-every-second-node",
            "base-code-works-twice",
            "base-session-outlives-the-sign-out",
        ],
    ),
    ("no step claims another origin", &["base-code-forwarded-for-gives-fresh-guesses"]),
    (
        "no story is long enough to reach a limit of the hour",
        &[
            "base-code-another-browser-gives-fresh-guesses",
            "base-code-mails-are-not-limited",
            "base-code-starting-over-gives-fresh-guesses",
        ],
    ),
    (
        "people of a story act one after the other, and it shows in what happens at once",
        &["base-code-guesses-at-once-count-as-one"],
    ),
    (
        "a page is held against the names of the story's own accounts, not of other people",
        &["base-load-page-of-whoever-looked-before"],
    ),
    (
        "no step changes the password",
        &["base-account-another-password-ends-the-skips", "base-session-password-form-opens-half-signed-in"],
    ),
    (
        "addresses in a story are well-formed",
        &["base-account-new-address-adds-a-recipient", "base-account-sign-in-id-adds-a-recipient"],
    ),
    (
        "the office does its work in one step: nobody acts while its days pass",
        &["faq05-office-change-comes-a-second-early", "faq05-office-change-comes-with-the-identity-check"],
    ),
    ("no step has a mail host refuse mail", &["faq05-refused-mail-is-a-server-error", "faq05-refused-mail-lets-in"]),
    ("a story has three browsers", &["faq07-64th-browser-evicts-the-first"]),
    (
        "every browser of a story keeps cookies",
        &["faq14-missing-cookies-are-a-server-error", "faq14-missing-cookies-are-not-named"],
    ),
];

/// Defects that show as a contradiction of a neighbouring rule, since both forbid what is seen.
const BLAMED_OTHERWISE: &[(&str, &str)] = &[
    ("notice2-one-portal-never-asks", "NOTICE-1"),
    ("notice3-mail-is-addressed-to-somebody-else", "FAQ-01"),
    ("faq01-every-attempt-gets-the-same-code", "BASE-CODE"),
    ("faq04-skip-settings-open-to-an-abandoned-attempt", "FAQ-01"),
    ("faq04-starting-over-needs-no-code", "NOTICE-1"),
    ("faq11-all-browsers-share-one-id", "FAQ-12"),
    ("faq15-accounts-share-one-cookie", "FAQ-16"),
    ("base-account-another-address-ends-the-skips", "FAQ-08"),
    // A new session is then the one that asked for another address, and may confirm it.
    ("base-session-id-is-kept-at-sign-in", "NOTICE-4"),
];

impl Defect {
    /// Why no step of a story can show it; none where some can.
    pub fn out_of_reach(&self) -> Option<&'static str> {
        OUT_OF_REACH.iter().find(|(_, ids)| ids.contains(&self.id)).map(|(reason, _)| *reason)
    }

    /// The rule that a story contradicts by it: its own, or a neighbouring one that forbids the same.
    pub fn shows_as(&self) -> &'static str {
        BLAMED_OTHERWISE.iter().find(|(id, _)| *id == self.id).map_or(self.rule, |(_, rule)| rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defect;

    #[test]
    fn the_lists_name_defects_each_once() {
        let listed: Vec<&str> = OUT_OF_REACH.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
        for id in listed.iter().copied().chain(BLAMED_OTHERWISE.iter().map(|(id, _)| *id)) {
            assert!(defect(id).is_some(), "{id} is no defect");
            assert!(listed.iter().filter(|listed| **listed == id).count() <= 1, "{id} stands twice");
        }
    }
}
