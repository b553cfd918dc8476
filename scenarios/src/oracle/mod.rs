//! The model of the rules.
