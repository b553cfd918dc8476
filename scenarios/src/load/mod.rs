//! Runs stories by the thousand. goose starts the users and paces them; the stories, their assertions and the latencies are
//! ours (goose's own client and metrics cost more than the target and end at the headers).

mod crowd;
mod health;
mod means;
mod meter;
mod mix;

pub use crowd::{LoadError, Plan, left_out, needs, run};
pub use meter::Progress;
pub use mix::{Mix, MixError};
