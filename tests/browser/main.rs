//! The login as people meet it: real Chromium against the reference server, with the mail going to the sink.
//!
//! That the rules hold in every detail is for the scenarios to say; here it is that a browser's own forms, cookies, layout and
//! keyboard lead through the same screens, and that everybody can use them. All tests stand in the module `in_chromium`,
//! which `cargo xtask test --rust-only` leaves out.
#![allow(clippy::unwrap_used)]

mod chromium;
mod judge;
mod tour;
mod venue;
mod visitor;

mod in_chromium {
    mod accessibility;
    mod keyboard;
    mod pictures;
    mod walks;
}
