//! The simulated world: mail sink, browsers, people, the target and its clock.
