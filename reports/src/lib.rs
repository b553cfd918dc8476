//! The run record and everything that renders it.

pub mod exchange;
