//! Ending all skips of an account at once, and saying whether there are any (FAQ-12, FAQ-13).

use serde::{Deserialize, Serialize};

use super::account::AccountState;
use super::session::{NotSignedIn, Page, Visitor, admit};
use super::skip;
use super::time::Moment;
use super::token::{BrowserTag, Slot};
use super::{Event, Turn};
use crate::decisions::Step;

/// The last time an account's skips were ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When.
    pub at: Moment,
    /// In which browser it was asked for.
    pub browser: BrowserTag,
}

/// ［完了］ was pressed on the resume confirmation screen.
pub struct CompleteResume<'a> {
    /// Who pressed it.
    pub visitor: &'a Visitor,
    /// The additional accounts of the acting one.
    pub additional: &'a [Slot],
}

impl Event for CompleteResume<'_> {
    /// The other accounts whose skips are to end as well, with [`RevokeSkips`].
    type Answer = Result<Vec<Slot>, NotSignedIn>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::Resume, turn)?;
        let mut reached = turn.decisions.revocation_reaches(&state.identity, self.additional);
        let own = state.identity.slot;
        if reached.contains(&own) {
            skip::follow(Step::ResumeCompleted, state, self.visitor, turn);
        }
        reached.retain(|slot| *slot != own);
        Ok(reached)
    }
}

/// A revocation that was asked for at another account reaches this one.
pub struct RevokeSkips<'a> {
    /// Who asked for it.
    pub visitor: &'a Visitor,
}

impl Event for RevokeSkips<'_> {
    type Answer = ();

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) {
        skip::follow(Step::ResumeCompleted, state, self.visitor, turn);
    }
}

/// Ends every skip in one stroke: those set before belong to an earlier generation from here on (FAQ-12 a, b, d).
pub(super) fn revoke(state: &mut AccountState, visitor: &Visitor, now: Moment) {
    state.generation += 1;
    state.revocation = Some(Revocation { at: now, browser: visitor.browser });
}

/// What the skip settings screen says.
pub(super) fn status(state: &AccountState, visitor: &Visitor, turn: &Turn<'_>) -> String {
    let live = state.skips.iter().filter(|skip| skip::is_live(skip, state, turn.now, turn.decisions)).count();
    turn.decisions.skip_status(state, live, skip::is_live_here(state, visitor, turn))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::Bench;
    use super::super::{SKIP_VALID, ViewPage};
    use super::*;
    use std::time::Duration;

    fn status_in(bench: &mut Bench, browser: &str) -> String {
        bench.page(browser, Page::SkipSettings).unwrap().skip_status.unwrap()
    }

    #[test]
    fn faq12_completing_the_resume_ends_every_skip_for_good() {
        let mut bench = Bench::new();
        for browser in ["lost phone", "tablet", "pc"] {
            bench.set_skip(browser);
        }
        let others = bench.complete_resume("pc").unwrap();
        assert!(others.is_empty(), "FAQ-16 c");
        for browser in ["lost phone", "tablet", "pc"] {
            assert!(!bench.is_skipped(browser), "{browser}");
        }
        bench.set_skip("pc");
        assert!(bench.is_skipped("pc"));
        assert!(!bench.is_skipped("lost phone") && !bench.is_skipped("tablet"), "FAQ-12 d, e");
    }

    #[test]
    fn faq12_c_the_first_button_alone_changes_nothing() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        bench.page("pc", Page::Resume).unwrap();
        assert!(bench.is_skipped("pc"));
    }

    #[test]
    fn faq12_g_no_resume_without_a_full_sign_in() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        let sent = bench.start("pc");
        let half = Visitor { attempt: Some(sent.attempt), ..bench.visitor("pc") };
        assert!(bench.happen(ViewPage { visitor: &half, page: Page::Resume }).is_err());
        assert!(bench.happen(CompleteResume { visitor: &half, additional: &[] }).is_err());
        assert!(bench.is_skipped("home"));
    }

    #[test]
    fn faq13_the_status_says_whether_there_is_any_live_skip_and_no_more() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        assert_eq!(status_in(&mut bench, "pc"), "なし");
        bench.set_skip("phone");
        assert_eq!(status_in(&mut bench, "pc"), "あり");
        bench.set_skip("tablet");
        assert_eq!(status_in(&mut bench, "pc"), "あり");
        bench.forget("phone");
        bench.forget("tablet");
        assert_eq!(status_in(&mut bench, "pc"), "あり", "FAQ-13 f");
        bench.complete_resume("pc").unwrap();
        assert_eq!(status_in(&mut bench, "pc"), "なし", "FAQ-13 d");
    }

    #[test]
    fn faq13_e_the_last_skip_lapses() {
        let mut bench = Bench::new();
        bench.set_skip("phone");
        bench.pass(SKIP_VALID + Duration::from_millis(1));
        bench.sign_in_by_code("pc", false);
        assert_eq!(status_in(&mut bench, "pc"), "なし");
    }
}
