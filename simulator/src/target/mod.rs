//! The target: its profile, compiled once, and the driver that turns a step of a story into a request by it.
//!
//! What differs between systems is data here. Nothing in this module judges; nothing in it knows a rule.

mod acts;
mod compile;
mod driver;
mod error;
mod form_act;
mod holes;
mod keys;
mod marks;
mod nearest;
mod profile;
pub mod schema;
mod scope;
mod status;
mod template;
mod vocabulary;

pub(crate) use acts::ESCAPED_IN_ADDRESSES;
pub(crate) use compile::AccountMeans;
pub use compile::{Advice, Control, Examined, GlobalClockSettings, Loading, MailArrival, Target};
pub use driver::{Asking, DriverError, Status};
pub use error::ProfileError;
pub use nearest::NearMiss;
pub use profile::{
    AccountSource, ClockDriver, ClockScope, Cooldown, Limit, Limits, Numbers, OfficeDriver, Personal, Policies,
    Profile, SkipsAfter, Span, Superseded,
};
pub use scope::{Taken, Vars};
pub use template::Unfilled;
pub(crate) use template::{Fill, Hole, Nothing, Secret, Since, Template, Unit};
pub use vocabulary::{Screen, Step};
