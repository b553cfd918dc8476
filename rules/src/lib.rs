//! The published rules of the login, as data.
