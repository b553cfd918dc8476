//! Reading a page: its title, text, links and forms. Nothing is run, loaded or sent here.
//!
//! `scan` reads what every user needs of every page in one pass over html5gum's tokens, without building a tree: on the
//! hot path of a load run that is several times cheaper. `document` offers it together with CSS selectors, for which
//! scraper builds the tree, only when asked. `form` is what a person fills in, `submission` what is then sent.

mod chosen;
mod cost;
mod document;
mod form;
mod scan;
mod selector;
mod submission;
mod tag;
mod text;

pub use chosen::Chosen;
pub use document::{Dom, Link, Page};
pub use form::{Button, Checkbox, Choice, Control, Form, FormError, Press};
pub use selector::{Selector, SelectorError};
