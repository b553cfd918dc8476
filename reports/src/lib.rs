//! The run record and everything that renders it.
//!
//! [`record`] says what a run found and adds it up; [`exchange`] is the raw material of evidence; [`scrub`] replaces
//! secrets. Nothing here sends a request, runs a check or reads the command line, and nothing but [`histogram`] knows how
//! latencies are kept.

pub mod annotations;
mod digest;
mod error;
pub mod exchange;
#[cfg(test)]
mod fixtures;
pub mod har;
pub mod histogram;
pub mod html;
pub mod junit;
pub mod record;
pub mod schema;
pub mod scrub;
pub mod terminal;
mod units;
mod write;

pub use error::ReportError;
pub use scrub::Scrubber;
pub use write::{Evidence, claim, write_report};
