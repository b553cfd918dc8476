//! The pictures of the main screens in `docs/screenshots`, made by `cargo xtask screenshots`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chromium::{Kind, View};
use crate::tour::{Looker, Venues, all_screens};
use crate::visitor::Visitor;

/// On what a picture is taken, with the end of its name. A page that is longer is shown to its end.
const VIEWS: [(&str, View); 2] =
    [("desktop", View { width: 960, height: 600, ..View::DESKTOP }), ("phone", View { height: 640, ..View::PHONE })];

/// The screens that `docs/screens.md` shows, by their names on the tour.
const SHOWN: [&str; 18] = [
    "sign-in",
    "sign-in-error",
    "code-entry",
    "code-entry-error",
    "code-expired",
    "too-many-wrong-codes",
    "mail-failed",
    "cookies-needed",
    "skip-confirmation",
    "my-page",
    "settings",
    "skip-settings-some",
    "resume-confirmation",
    "accounts",
    "office-checked",
    "address-change",
    "address-confirmation",
    "password-change",
];

/// A blinking caret would be on every other picture.
const WITHOUT_CARET: &str = "const sheet = new CSSStyleSheet(); \
    sheet.replaceSync('* { caret-color: transparent !important }'); document.adoptedStyleSheets = [sheet]";

#[tokio::test]
#[ignore = "writes docs/screenshots: `cargo xtask screenshots`"]
async fn screenshots_of_the_main_screens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let venues = Venues::open().await;
    let mut visitor = Visitor::new(venues.usual(), "employer", Kind::Desktop).await;
    let mut photographer = Photographer { folder, taken: 0 };
    all_screens(&venues, &mut visitor, &mut photographer).await;
    assert_eq!(photographer.taken, SHOWN.len(), "a screen has another name on the tour");
}

struct Photographer {
    folder: PathBuf,
    taken: usize,
}

impl Looker for Photographer {
    async fn look(&mut self, visitor: &Visitor<'_>, name: &'static str) {
        if !SHOWN.contains(&name) {
            return;
        }
        visitor.run(WITHOUT_CARET).await;
        for (end, view) in VIEWS {
            visitor.browser().look_through(view).await;
            let picture = STANDARD.decode(visitor.browser().picture().await).unwrap();
            std::fs::write(self.folder.join(format!("{name}-{end}.png")), picture).unwrap();
        }
        visitor.browser().look_through(View::DESKTOP).await;
        self.taken += 1;
    }
}
