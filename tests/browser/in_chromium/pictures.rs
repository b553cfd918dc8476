//! The pictures of the main screens. `cargo xtask screenshots` has them written into `docs/screenshots`; otherwise they are
//! taken all the same, so that those that are kept are known to be the ones that can be made.

use std::collections::BTreeMap;
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

/// Where the pictures are to be written; a folder that the test then has for itself.
const FOLDER: &str = "SEKISHO_SCREENSHOTS";

#[tokio::test]
async fn screenshots_of_the_main_screens() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    let elsewhere = tempfile::tempdir().unwrap();
    let is_kept = std::env::var_os(FOLDER).is_some();
    let folder = if is_kept { kept.clone() } else { elsewhere.path().to_owned() };
    if is_kept {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
    }
    let venues = Venues::open().await;
    let mut visitor = Visitor::new(venues.usual(), "employer", Kind::Desktop).await;
    let mut photographer = Photographer { folder: folder.clone(), taken: 0 };
    all_screens(&venues, &mut visitor, &mut photographer).await;
    assert_eq!(photographer.taken, SHOWN.len(), "a screen has another name on the tour");
    assert_eq!(widths(&folder), widths(&kept), "docs/screenshots is not up to date\n\nhint: cargo xtask screenshots");
}

/// The pictures of a folder with their widths in pixels. Heights depend on the fonts of the machine.
fn widths(folder: &Path) -> BTreeMap<String, u32> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let width = |file: PathBuf| {
        let picture = std::fs::read(&file).unwrap();
        // PNG: eight bytes of signature, then the header's length, its name, and the width.
        let width = u32::from_be_bytes(picture[16..20].try_into().unwrap());
        (file.file_name().unwrap().to_string_lossy().into_owned(), width)
    };
    files.map(width).collect()
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
