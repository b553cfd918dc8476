//! Nobody needs a mouse.

use fantoccini::key::Key;

use crate::chromium::Kind;
use crate::venue::{HANAKO, Venue};
use crate::visitor::{CODE_ENTRY, MY_PAGE, SKIP_CONFIRMATION, Visitor};

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

/// The fields follow each other, the space bar ticks, and Enter sends.
#[tokio::test]
async fn the_keyboard_alone_leads_through() {
    assert_eq!((TAB, ENTER), (char::from(Key::Tab), char::from(Key::Enter)));
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "provider", Kind::Desktop).await;
    let mark = venue.mark().await;
    visitor.open("sign-in").await;
    visitor.types(&format!("{TAB}")).await;
    visitor.types(&format!("{}{TAB}", HANAKO.address)).await;
    visitor.types(&format!("{}{ENTER}", HANAKO.password)).await;
    visitor.sees(CODE_ENTRY).await;

    visitor.types(&format!("{TAB}")).await;
    visitor.types(&format!("{}{TAB}", visitor.code_after(mark).await)).await;
    visitor.types(&format!(" {TAB}")).await;
    visitor.types(&format!("{ENTER}")).await;
    // The space bar had ticked the box.
    visitor.sees(SKIP_CONFIRMATION).await;
    visitor.types(&format!("{TAB}")).await;
    visitor.types(&format!("{ENTER}")).await;
    visitor.sees(MY_PAGE).await;
}
