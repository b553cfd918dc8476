//! What breaks in the train of a defect: rules beside its own that forbid what it does too, and why.
//!
//! The selftest holds it against what really fails: a must-check of another rule that fails without a reason here is a fault, for it
//! may be a check that fails for the wrong cause.

use crate::Defect;

/// Defect, other rule, and why that rule is broken too.
const TRAINS: &[(&str, &str, &str)] = &[
    ("notice1-go-live-comes-a-week-late", "NOTICE-4", "after go-live it mails no code, to the changed address neither"),
    (
        "notice3-mail-is-addressed-to-somebody-else",
        "FAQ-01",
        "whoever the mail is addressed to gets a code that is not theirs",
    ),
    (
        "faq01-code-is-mailed-twice",
        "NOTICE-1",
        "the second mail of the control's sign-in cannot be told from one of before go-live",
    ),
    ("faq01-code-is-mailed-twice", "NOTICE-4", "where no code may go, the second mail of a right one is one too many"),
    (
        "faq01-code-is-mailed-twice",
        "FAQ-06",
        "the second mail of the control's sign-in cannot be told from one of the skipped",
    ),
    ("faq01-code-is-mailed-twice", "FAQ-09", "the second mail of the control's sign-in cannot be told from a notice"),
    ("faq01-mail-names-another-code", "NOTICE-2", "no sign-in by code succeeds, in any portal"),
    ("faq01-mail-names-another-code", "NOTICE-4", "nobody gets in by a code, at the new address neither"),
    ("faq01-mail-names-another-code", "FAQ-02", "no browser of any kind gets in by a code"),
    ("faq01-mail-names-another-code", "FAQ-03", "the mailed code is not accepted inside its 30 minutes either"),
    ("faq01-mail-names-another-code", "FAQ-04", "the code of the new attempt does not work either"),
    (
        "faq03-expired-code-spoils-the-next",
        "NOTICE-4",
        "the address is confirmed too late first, and the code of the sign-in after it is spoilt",
    ),
    (
        "faq03-code-lives-one-second-too-long",
        "FAQ-06",
        "in that second an expired code with the box ticked leads to the skip",
    ),
    ("faq03-seconds-are-not-counted", "FAQ-06", "in that minute an expired code with the box ticked leads to the skip"),
    (
        "faq04-only-the-deleted-code-is-taken",
        "NOTICE-4",
        "a sign-in after an abandoned one fails, after a change of the address too",
    ),
    (
        "faq04-starting-over-needs-no-code",
        "NOTICE-4",
        "a sign-in after an abandoned one is asked no code, and none is mailed",
    ),
    ("faq04-starting-over-needs-no-code", "FAQ-03", "who starts over after the expiry is asked no new code"),
    (
        "faq04-starting-over-needs-no-code",
        "FAQ-05",
        "who comes back half signed in is let in, as far as the change of the address",
    ),
    (
        "faq04-starting-over-needs-no-code",
        "FAQ-06",
        "who gave a wrong or an expired code is let in without one the next time",
    ),
    (
        "faq04-starting-over-needs-no-code",
        "FAQ-12",
        "a browser that is asked after the resume and tries again is let in",
    ),
    (
        "faq04-starting-over-needs-no-code",
        "FAQ-08",
        "beside the skip an attempt is left open to show that time passes, and the next needs no code",
    ),
    (
        "faq04-three-mails-lock-the-account-out",
        "FAQ-05",
        "the story of the lost address starts more sign-ins than are mailed",
    ),
    (
        "faq05-old-address-gets-the-codes-after-the-office",
        "NOTICE-4",
        "it takes every change of the address for one of the office",
    ),
    (
        "faq05-both-addresses-get-the-codes-after-the-office",
        "NOTICE-4",
        "it takes every change of the address for one of the office",
    ),
    ("faq06-confirmed-skip-does-nothing", "FAQ-07", "not one browser holds a skip, so many do not either"),
    ("faq06-skipped-sign-in-is-mailed", "FAQ-09", "the skipped sign-ins of the last days are told by mail too"),
    (
        "faq07-new-skip-ends-the-others",
        "FAQ-08",
        "the skip that is probed at its 90 days was ended by that of another browser",
    ),
    (
        "faq08-one-skip-lets-every-browser-in",
        "FAQ-10",
        "a browser whose cookies were cleared is let in by the skip of another",
    ),
    (
        "faq08-unticked-sign-in-ends-the-skips",
        "FAQ-12",
        "the acting browser has signed in unticked, which ended the skips already",
    ),
    ("faq10-skip-set-again-is-not-honoured", "FAQ-07", "of many browsers only the first two are skipped"),
    (
        "faq10-open-attempt-suspends-the-other-browsers",
        "FAQ-08",
        "beside the skip an attempt is left open to show that time passes",
    ),
    (
        "faq11-all-browsers-share-one-id",
        "FAQ-12",
        "a skip set after the resume revives the old ones, which have its id",
    ),
    (
        "faq11-altered-id-is-not-noticed",
        "FAQ-12",
        "a skip set after the resume revives the old ones, which have its expiry",
    ),
    ("faq12-lost-browser-keeps-its-skip", "FAQ-13", "the skips that are left show in the status"),
    (
        "faq12-every-second-look-is-at-a-stale-replica",
        "FAQ-13",
        "the look at the status after the resume may be one at the stale replica",
    ),
    ("faq12-completion-does-nothing", "FAQ-13", "the skips that are left show in the status"),
    ("faq12-browsers-signed-in-keep-their-skips", "FAQ-13", "the skips that are left show in the status"),
    (
        "faq12-browsers-just-let-in-are-let-in-again",
        "FAQ-13",
        "a skip that is remembered counts as one in the status too",
    ),
    (
        "faq12-revocation-is-forgotten-after-a-day",
        "FAQ-13",
        "the skips that are to come back are kept, and show in the status",
    ),
    (
        "faq15-main-session-lets-the-additional-account-in",
        "FAQ-16",
        "what lets the additional account in cannot be told from the main account's skip",
    ),
    (
        "base-cookie-goes-along-from-other-sites",
        "FAQ-06",
        "browsers refuse such a cookie over plain http, so nothing skips",
    ),
    (
        "base-cookie-goes-along-from-other-sites",
        "FAQ-07",
        "browsers refuse such a cookie over plain http, so nothing skips",
    ),
];

/// Defects that show for some milliseconds only: which checks come in that time differs from run to run.
const IN_REAL_TIME: &[&str] = &[
    "base-code-guesses-at-once-count-as-one",
    "base-code-is-consumed-too-late",
    "base-code-use-is-seen-by-every-second-node",
    "faq12-browsers-just-let-in-are-let-in-again",
    "faq12-every-second-look-is-at-a-stale-replica",
];

impl Defect {
    /// Whether which checks catch it differs from run to run.
    pub fn varies(&self) -> bool {
        IN_REAL_TIME.contains(&self.id)
    }

    /// The other rules that this defect breaks too, each with the reason.
    pub fn train(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let id = self.id;
        TRAINS.iter().filter(move |(defect, ..)| *defect == id).map(|(_, rule, reason)| (*rule, *reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_name_defects_and_other_rules_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (defect, rule, _) in TRAINS {
            let known = crate::defect(defect).unwrap_or_else(|| panic!("{defect} is no defect"));
            assert!(sekisho_rules::rule(rule).is_some_and(|rule| rule.id != known.rule), "{defect}: {rule}");
            assert!(seen.insert((defect, rule)), "{defect}: {rule} stands twice");
        }
        for id in IN_REAL_TIME {
            assert!(crate::defect(id).is_some(), "{id} is no defect");
        }
    }
}
