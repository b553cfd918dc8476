//! The screens, in Japanese: titles, texts and HTML.
//!
//! Nothing is decided here; what a screen shows is handed to it.

mod screen;

pub use screen::Screen;
