//! Faulty variants of the reference server, one override each.
