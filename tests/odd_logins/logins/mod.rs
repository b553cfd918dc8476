//! The rows, by what they are odd in.

mod entrance;
mod interfaces;
mod mails;
mod skips;
mod time;
