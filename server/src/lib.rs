//! The reference server of a login with a mailed one-time password.
//!
//! Small enough to read in an evening: [`core`] is what happens to an account, pure; [`decisions`] is what the rules decide,
//! one method each; the rest is the world around them. It knows neither the simulator nor the scenarios.

pub mod core;
pub mod decisions;
pub mod mail;
pub mod pages;
