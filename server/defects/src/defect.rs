//! What a defect is, and how the tables of the rules are written.

use std::sync::Arc;

use sekisho_server::Decisions;

/// One way in which a server breaks a rule.
#[derive(Clone, Copy, Debug)]
pub struct Defect {
    /// Permanent id: the prefix of the rule's checks and what is wrong, e.g. `faq03-code-lives-one-second-too-long`.
    pub id: &'static str,
    /// The rule it breaks, e.g. `FAQ-03`.
    pub rule: &'static str,
    /// The clause it breaks, e.g. `FAQ-03b`.
    pub clause: &'static str,
    /// What it does wrong, in one sentence.
    pub about: &'static str,
    pub(crate) make: fn() -> Arc<dyn Decisions>,
}

impl Defect {
    /// Decisions for one faulty server. Each call makes new ones, which remember nothing of other servers.
    pub fn decisions(&self) -> Arc<dyn Decisions> {
        (self.make)()
    }
}

/// The table of one rule: for each defect the rest of the clause's id, the defect's id, what it does wrong, and its decisions.
macro_rules! defects {
    ($rule:literal: $($clause:literal, $id:literal, $about:literal => $decisions:expr;)+) => {
        &[$(
            $crate::Defect {
                id: $id,
                rule: $rule,
                clause: concat!($rule, $clause),
                about: $about,
                make: || std::sync::Arc::new($decisions),
            },
        )+]
    };
}
pub(crate) use defects;
