//! The server over real sockets, with a small browser and mails that are caught or go to a scripted mail host.
#![allow(clippy::unwrap_used, missing_docs)]

mod baseline;
mod browser;
mod control;
mod corpus;
mod durable;
mod flow;
mod hostile;
mod logs;
mod malformed;
mod metrics;
mod office;
mod pressure;
mod raw;
mod settings;
mod smtp;
mod tls;
mod wire;
mod world;
