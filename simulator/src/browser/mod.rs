//! The simulated browser: what a person holds in the hand, as the target sees it.
//!
//! [`Browser`] keeps cookies ([`Jar`]) and navigates over its own connections, [`Page`] reads what came back, and every
//! exchange is shown to a [`Witness`]. Must not live here: anything about logins, codes or profiles, and any verdict.

mod agent;
mod answer;
mod client;
mod connection;
mod error;
mod gate;
mod hop;
mod jar;
mod navigation;
mod origin;
mod page;
mod proxy;
mod request;
mod settings;
pub mod site;
mod witness;

pub use agent::UserAgent;
pub use answer::{Answer, OfferedCookie};
pub use client::{Network, NetworkConfig, NetworkSetupError, UnderLoad};
pub use error::NetworkError;
pub use gate::{HeldBack, Waits};
pub use jar::{Cookie, Ignored, Jar, SameSite, SiteContext, Stored};
pub use navigation::Browser;
pub use page::{
    Button, Checkbox, Choice, Chosen, Control, Dom, Form, FormError, Link, Page, Press, Selector, SelectorError,
};
pub use proxy::Proxy;
pub(crate) use proxy::basic;

pub use request::{Body, Initiator, Kind, Request};
pub use settings::{ClientSettings, Loadable, Pace};
pub use witness::{AnswerView, Everything, ExchangeView, LastFew, Witness};
