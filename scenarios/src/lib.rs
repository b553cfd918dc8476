//! The stories of the login, the model of its rules, and the ways to run them.
//!
//! One file per rule tells its stories once; [`check`] runs each once and keeps the evidence, [`load`] runs them by the thousand
//! through goose, [`explore`] draws stories of the same steps, [`selftest`] runs them against faulty targets. What lives here judges; it knows no server and sends
//! nothing itself.

mod absence;
mod address;
mod base_account;
mod base_account_changes;
mod base_account_mail;
mod base_account_time;
mod base_code;
mod base_code_chance;
mod base_code_conflicts;
mod base_code_cooldown;
mod base_code_input;
mod base_code_limits;
mod base_code_races;
mod base_code_superseded;
mod base_cookie;
mod base_load;
mod base_session;
mod base_session_forms;
mod base_session_half;
pub mod check;
mod evidence;
mod expect;
pub mod explore;
mod faq01_delivery;
mod faq02_devices;
mod faq03_expiry;
mod faq04_deleted_mail;
mod faq05_address_lost;
mod faq06_skip;
mod faq07_no_limit;
mod faq08_90_days;
mod faq09_silence;
mod faq10_cookie_cleared;
mod faq11_cookie;
mod faq12_race;
mod faq12_revocation;
mod faq13_status;
mod faq14_cookies_off;
mod faq15_accounts;
mod faq16_skips_apart;
mod forgery;
mod history;
pub mod load;
mod moves;
mod needs;
mod notice1_go_live;
mod notice2_portals;
mod notice3_address;
mod notice4_address_change;
pub mod oracle;
mod scenario;
mod select;
pub mod selftest;
mod span;
mod stage;
mod statistics;
mod text;

pub use expect::{Expectations, ExpectationsError};
pub use needs::checks_that_need;
pub use scenario::{Company, Portals, Scenario, scenario, scenarios};
pub use select::{Selection, SelectionError};
