//! Logins that differ from others in every way that was seen on real ones: a profile alone expresses each, the right login passes, and one
//! that is wrong in the point that matters does not.
#![allow(clippy::unwrap_used)]

mod api;
mod bases;
mod house;
mod logins;
mod odd;
mod one_page;
mod pages;
mod row;
#[path = "../support/mod.rs"]
mod support;
mod web;
