//! The rows, by what they are odd in.

mod accused;
mod entrance;
mod explored;
mod interfaces;
mod loaded;
mod mails;
mod skips;
mod time;
