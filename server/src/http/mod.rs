//! HTTP: from a request to the desk and back to an answer.
//!
//! Paths, forms, cookies, header lines and limits live here; what a rule decides does not.

mod account;
mod accounts;
mod address;
mod body;
mod connection;
mod cookies;
mod form;
mod guard;
mod host;
mod limits;
mod password;
mod pulse;
mod registry;
mod reply;
mod routes;
mod sign_in;
mod site;
mod stream;
mod tls;

pub(crate) use body::{Body, read_body};
pub(crate) use connection::{Answer, Edge, bind, plain_refusal, serve};
pub use limits::Limits;
pub(crate) use registry::Registry;
pub(crate) use site::{Scheme, Site};
pub(crate) use tls::Tls;
