//! Which defects the steps of a story can show at all, and by which rule they show.
//!
//! What a story can show is decided by its steps: what people do in it, and what is read of an answer (the screen, the status, who got a
//! mail). It is written down here before anything is tried, so that a defect which is not found counts as one that was missed.

use crate::Defect;

/// Defects that no step of a story can show, by the reason.
const OUT_OF_REACH: &[(&str, &[&str])] = &[
    ("no step gives an ID that nobody has", &["base-account-unknown-id-is-told", "faq01-unknown-id-is-mailed"]),
    (
        "it shows in the name, value or attributes of a cookie, which a story carries but does not read",
        &[
            "base-cookie-of-the-session-is-open-to-scripts",
            "base-cookie-of-the-skip-is-kept-for-a-year",
            "base-session-id-is-kept-at-sign-in",
            "faq01-code-stands-in-a-cookie",
            "faq11-cookie-holds-a-hash-of-the-address",
            "faq11-cookie-holds-the-address-in-base64",
            "faq11-cookie-holds-the-name-in-hex",
            "faq11-ids-are-counted-up",
            "faq11-ids-have-32-bits",
        ],
    ),
    (
        "every form is sent with the hidden fields of a page that the browser was shown",
        &["base-session-changes-without-the-token"],
    ),
    (
        "it shows in headers, cookies or form fields, which a story does not read",
        &["base-session-screens-may-be-stored", "faq01-code-stands-in-a-header"],
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
        &["faq01-mail-has-two-numbers", "faq01-subject-is-question-marks", "faq01-text-is-mangled"],
    ),
    (
        "all browsers of a story are of one kind",
        &["faq02-desktops-are-refused", "faq02-smartphones-are-refused", "faq02-tablets-are-refused"],
    ),
    ("no step leaves the code empty", &["faq04-empty-code-is-taken"]),
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
