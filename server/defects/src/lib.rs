//! Faulty variants of the reference server, each breaking one rule.
//!
//! A check counts only if it can fail: the selftest runs the suite against every defect, and each must be caught by a
//! check of its own rule. A defect overrides one method of [`Decisions`](sekisho_server::Decisions); where that method
//! serves two rules, or cannot know what the fault needs, a second one keeps the other rule whole or listens along.
//! One file per rule, each with its table first. No state of accounts and no I/O live here, and nothing of the right server.

mod base_account;
mod base_account_changes;
mod base_account_mail;
mod base_code;
mod base_code_chance;
mod base_code_input;
mod base_code_limits;
mod base_code_superseded;
mod base_cookie;
mod base_load;
mod base_session;
mod defect;
mod faq01;
mod faq02;
mod faq03;
mod faq04;
mod faq05;
mod faq06;
mod faq07;
mod faq08;
mod faq09;
mod faq10;
mod faq11;
mod faq12;
mod faq13;
mod faq14;
mod faq15;
mod faq16;
mod memory;
mod notice1;
mod notice2;
mod notice3;
mod notice4;
mod notices;
mod reach;
mod train;

use std::sync::LazyLock;

pub use defect::Defect;

static ALL: LazyLock<Vec<Defect>> = LazyLock::new(|| {
    [
        notice1::DEFECTS,
        notice2::DEFECTS,
        notice3::DEFECTS,
        notice4::DEFECTS,
        faq01::DEFECTS,
        faq02::DEFECTS,
        faq03::DEFECTS,
        faq04::DEFECTS,
        faq05::DEFECTS,
        faq06::DEFECTS,
        faq07::DEFECTS,
        faq08::DEFECTS,
        faq09::DEFECTS,
        faq10::DEFECTS,
        faq11::DEFECTS,
        faq12::DEFECTS,
        faq13::DEFECTS,
        faq14::DEFECTS,
        faq15::DEFECTS,
        faq16::DEFECTS,
        base_code::DEFECTS,
        base_code_limits::DEFECTS,
        base_code_superseded::DEFECTS,
        base_code_input::DEFECTS,
        base_code_chance::DEFECTS,
        base_cookie::DEFECTS,
        base_session::DEFECTS,
        base_account::DEFECTS,
        base_account_changes::DEFECTS,
        base_account_mail::DEFECTS,
        base_load::DEFECTS,
    ]
    .concat()
});

/// All defects in the order of the rules and their clauses.
pub fn defects() -> &'static [Defect] {
    &ALL
}

/// The defect with this id, e.g. `faq03-code-lives-one-second-too-long`.
pub fn defect(id: &str) -> Option<&'static Defect> {
    defects().iter().find(|defect| defect.id == id)
}
