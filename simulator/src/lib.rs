//! The simulated world: the mail sink, browsers, people, and the target with its clock.
//!
//! What lives here acts and observes; it never judges (that is what the scenarios do), and it knows no server: it speaks HTTP
//! and SMTP only, by what a target profile says.

pub mod account;
pub mod browser;
pub mod clock;
pub mod control;
mod description;
pub mod draft;
mod habits;
pub mod hook;
pub mod mailbox;
pub mod office;
mod person;
pub mod population;
pub mod recorder;
pub mod sink;
pub mod target;
mod trouble;
mod visitor;
pub mod walk;
pub mod world;

pub use habits::Haste;
pub use person::Person;
pub use trouble::Trouble;
pub use visitor::{AskedChange, Mailed, Seen, SkipBox, Started, Visitor};
