//! The reference server of a login with a mailed one-time password.
