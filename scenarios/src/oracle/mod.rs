//! The model of the rules: what must be seen at each step of a story, and from which clause that follows.
//!
//! It is a second, deliberately simple statement of the published rules, to hold any login against, whether in process or over
//! the wire. It knows accounts, browsers, codes by their place in a row, skips and time; what the source leaves to a target
//! (limits, superseded codes, the life of a session) is a parameter, the [`Policy`]. No server, no page, no token, no I/O, no
//! clock and no generator may come in here: a bug shared with what is judged would hide from both.

mod action;
mod address;
mod code;
mod expected;
mod policy;
mod sign_in;
mod skip;
mod world;

#[cfg(test)]
mod tests;

pub use action::{AccountId, Action, BrowserId, Page, Planted, Story, Typed};
pub use expected::{Address, Contradiction, Expected, Outcome, Screen, Seen, Status};
pub use policy::{Answer, Limit, Policy, Span};
pub use world::World;
