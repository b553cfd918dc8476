//! Stories that nobody wrote: proptest draws them, people act them out over the wire, and the oracle judges every step.
//!
//! [`tale`] draws a story of the steps that the target has; `player` acts it out through the same steps that the scenarios use; the
//! [oracle](crate::oracle) says what must be seen. A story that contradicts the rules is told again, more carefully, and shortened as far
//! as it can be. Trouble on the way (the network, a screen that the profile does not know) is doubt: neither a failure nor a pass.

mod file;
mod player;
mod policy;
mod post;
mod prose;
mod room;
mod run;
mod scout;
mod shorten;
mod strategies;
mod tale;
mod tell;

pub use file::{StoryFile, StoryFileError};
pub use player::altered;
pub use prose::Prose;
pub use run::{Explored, Finding, Options, SeekOutcome, explore, replay, seek};
pub use strategies::tale;
pub use tale::{ACCOUNTS, BROWSERS, MAX_STEPS, Steps, Tale, Vocabulary};
pub use tell::Contradicted;
