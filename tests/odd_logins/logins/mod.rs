//! The rows, by what they are odd in.

mod accused;
mod entrance;
mod interfaces;
mod mails;
mod skips;
mod time;
