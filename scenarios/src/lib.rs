//! The stories of the login, the model of its rules, and the ways to run them.
