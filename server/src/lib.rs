//! The reference server of a login with a mailed one-time password.
//!
//! Small enough to read in an evening, in this order: [`core`] is what happens to an account, pure; [`decisions`] is what
//! the rules decide, one method each; [`store`] keeps accounts; the desk brings requests and accounts together; pages and
//! HTTP are what browsers see; [`mail`] writes and delivers; control makes accounts and moves their clocks; [`Server`]
//! starts it all. It knows neither the simulator nor the scenarios.

mod control;
pub mod core;
pub mod decisions;
mod desk;
mod http;
pub mod mail;
mod pages;
mod passwords;
mod server;
mod status;
pub mod store;
mod watch;

pub use crate::http::Limits;
pub use decisions::{Conforming, Decisions};
pub use pages::Screen;
pub use passwords::{MAX_PASSWORD_BYTES, PasswordCost, PasswordError};
pub use sekisho_certificate::{Certificate, CertificateError, ShownCertificate};
pub use server::{ControlConfig, RunningServer, Server, ServerConfig, ServerError};
pub use watch::Metrics;
