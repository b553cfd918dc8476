//! HTTP: from a request to the desk and back to an answer.
//!
//! Paths, forms, cookies, header lines and limits live here; what a rule decides does not.

mod account;
mod accounts;
mod address;
mod connection;
mod cookies;
mod form;
mod guard;
mod password;
mod reply;
mod routes;
mod sign_in;
mod site;

pub(crate) use connection::{Answer, bind, serve};
pub(crate) use site::{Site, read_body};
