//! Logins that nobody here wrote, walked by their profiles alone: which rules they keep and which not, and a word on each failure.
//!
//! A folder here holds a system: the script that starts it, what it is made of, `NOTES.md` on what it is like, and a file in which
//! each failure is explained. Its profile lies in `profiles/`. All tests stand in the module `in_foreign_systems`, which
//! `cargo xtask test --rust-only` leaves out: they need Python and faketime.
#![allow(clippy::unwrap_used)]

mod explained;
#[path = "../support/mod.rs"]
mod support;
mod system;
mod verdicts;

mod in_foreign_systems {
    mod django;
    mod flask;
}
