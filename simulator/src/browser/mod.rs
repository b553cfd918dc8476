//! The simulated browser: what a person holds in the hand, as the target sees it.
//!
//! [`Browser`] keeps cookies ([`Jar`]) and navigates over its own connections, [`Page`] reads what came back, and every
//! exchange is shown to a [`Witness`]. Must not live here: anything about logins, codes or profiles, and any verdict.

mod agent;
mod answer;
mod client;
mod error;
mod hop;
mod jar;
mod navigation;
mod page;
mod request;
pub mod site;
mod witness;

pub use agent::UserAgent;
pub use answer::{Answer, OfferedCookie};
pub use client::{Network, NetworkConfig, NetworkSetupError};
pub use error::NetworkError;
pub use jar::{Cookie, Ignored, Jar, SameSite, SiteContext, Stored};
pub use navigation::Browser;
pub use page::{Button, Checkbox, Choice, Control, Dom, Form, FormError, Link, Page, Press, Selector, SelectorError};
pub use request::{Body, Initiator, Kind, Request};
pub use witness::{AnswerView, Everything, ExchangeView, LastFew, Witness};
