//! The screens, in Japanese: names, texts and HTML.
//!
//! Nothing is decided here; what a screen shows is handed to it. A screen is its content within the one layout.

mod message;
mod screen;
mod templates;

pub(crate) use message::{Message, lines_of};
pub use screen::Screen;
pub(crate) use templates::{
    AccountsForm, AddressForm, AtOffice, CodeForm, Fault, MyPage, NumberForm, PasswordForm, PortalList, ResumeForm,
    STYLE, Settings, SignInForm, SkipForm, SkipSettings, html, layout,
};
