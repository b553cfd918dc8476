//! The target: its profile, compiled once, and the driver that turns a step of a story into a request by it.
//!
//! What differs between systems is data here. Nothing in this module judges; nothing in it knows a rule.

mod compile;
mod driver;
mod error;
mod profile;
mod template;
mod vocabulary;

pub use compile::{Control, Loading, Target};
pub use driver::{DriverError, Status};
pub use error::ProfileError;
pub use profile::{
    AccountSource, ClockDriver, Limit, Numbers, OfficeDriver, Policies, Profile, SkipsAfter, Span, Superseded,
};
pub use template::Vars;
pub use vocabulary::{Screen, Step};
