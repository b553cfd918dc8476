//! The pictures of the screens: those in `docs/screenshots` are those that `docs/screens.md` shows, and not too large to be kept.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// All pictures together stay below this. In bytes.
const MAX_BYTES: u64 = 1_500_000;

/// What a file of the format begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn the_page_of_screens_shows_every_picture_there_is() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = fs::read_to_string(docs.join("screens.md")).unwrap();
    let kept: BTreeSet<String> = fs::read_dir(docs.join("screenshots"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(kept.len() >= 30, "the pictures are gone: {kept:?}");
    assert_eq!(pictures_in(&page), kept);
}

#[test]
fn the_pictures_are_small_and_are_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let sizes: Vec<u64> = files.inspect(|file| assert!(file.starts_with(PNG))).map(|file| file.len() as u64).collect();
    assert!(!sizes.is_empty());
    let all: u64 = sizes.iter().sum();
    assert!(all <= MAX_BYTES, "{all} bytes of pictures\n\nhint: show fewer screens, or make them smaller");
}

#[test]
fn a_picture_that_is_missing_would_be_noticed() {
    let page = "<img src=\"screenshots/a-desktop.png\" alt=\"\"> <img src=\"screenshots/b.png\">";
    assert_eq!(pictures_in(page), BTreeSet::from(["a-desktop.png".to_owned(), "b.png".to_owned()]));
}

/// The pictures that a page shows.
fn pictures_in(page: &str) -> BTreeSet<String> {
    let after = page.split("src=\"screenshots/").skip(1);
    after.filter_map(|rest| rest.split_once('"')).map(|(name, _)| name.to_owned()).collect()
}
