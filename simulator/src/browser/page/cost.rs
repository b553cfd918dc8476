//! What building the tree of a page would cost, found out without building it. A tree takes time by the depth of its elements, by the
//! attributes of one tag squared, and room by the formatting elements that every block repeats: pages that a target makes for that
//! purpose would keep a processor busy for hours.

use std::collections::HashMap;

/// Elements that may be open at once. Browsers stop at 512.
const MAX_DEPTH: usize = 2_000;
/// Attributes of one tag.
const MAX_ATTRIBUTES: usize = 1_000;
/// Formatting elements that are left open, times all tags: how many elements repeating them would make at the most.
const MAX_REPEATED: usize = 4_000_000;

/// Pages up to this size are read in one pass whatever is on them. In bytes.
const SHORT_PAGE_BYTES: usize = 64 * 1024;

/// Elements that never have an end tag (HTML standard, void elements).
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements that the next of their kind, or of their row, closes where the page leaves them open.
const CLOSED_BY_THE_NEXT: [&str; 14] =
    ["p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "caption"];
/// Elements that a new block opens again where they were left open (HTML standard, list of active formatting elements).
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Why no tree should be built of this page, where that is so.
pub(super) fn too_costly(html: &str) -> Option<&'static str> {
    let mut open: HashMap<String, usize> = HashMap::new();
    let (mut depth, mut formatting, mut tags) = (0_usize, 0_usize, 0_usize);
    let bytes = html.as_bytes();
    for at in memchr::memchr_iter(b'<', bytes) {
        let rest = &bytes[at + 1..];
        let (ends, rest) = rest.strip_prefix(b"/").map_or((false, rest), |rest| (true, rest));
        let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        tags += 1;
        if formatting * tags > MAX_REPEATED {
            return Some("its formatting is left open too often to look into");
        }
        if !ends && attributes(&rest[length..]) > MAX_ATTRIBUTES {
            return Some("a tag has too many attributes to look into");
        }
        let name = String::from_utf8_lossy(&rest[..length.min(16)]).to_ascii_lowercase();
        if VOID.contains(&name.as_str()) || CLOSED_BY_THE_NEXT.contains(&name.as_str()) {
            continue;
        }
        let formats = FORMATTING.contains(&name.as_str());
        let count = open.entry(name).or_default();
        if !ends {
            *count += 1;
            depth += 1;
            formatting += usize::from(formats);
        } else if *count > 0 {
            *count -= 1;
            depth -= 1;
            formatting -= usize::from(formats);
        }
        if depth > MAX_DEPTH {
            return Some("its elements are nested too deep to look into");
        }
    }
    None
}

/// Whether a tag of the page has so many attributes that even one pass over it would take long: each is compared with those before it.
/// Short pages are not looked at, for on those it does not matter.
pub(super) fn has_too_many_attributes(html: &str) -> bool {
    let bytes = html.as_bytes();
    bytes.len() > SHORT_PAGE_BYTES
        && memchr::memchr_iter(b'<', bytes)
            .filter(|at| bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic))
            .any(|at| attributes(&bytes[at + 1..]) > MAX_ATTRIBUTES)
}

/// About how many attributes the tag has whose name ends here: the white space outside quotes, counted no farther than the limit.
fn attributes(rest: &[u8]) -> usize {
    let mut quote = None;
    let mut found = 0;
    let mut between = false;
    for &byte in rest {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' || found > MAX_ATTRIBUTES => break,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte.is_ascii_whitespace() || byte == b'/' => between = true,
            None if between => {
                found += 1;
                between = false;
            }
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_page_is_looked_into() {
        let page = "<!DOCTYPE html><html><body><p><b>a</b><br><input name=a value='x > y'><ul><li>1<li>2</ul></body>";
        assert_eq!(too_costly(page), None);
        assert_eq!(too_costly(&"<form method=post><input name=a></form>".repeat(50_000)), None);
        assert_eq!(too_costly(&format!("<svg><path d=\"{}\"/></svg>", "1 2 ".repeat(10_000))), None);
    }

    #[test]
    fn pages_made_to_be_costly_are_not() {
        let letters = |count: usize| (0..count).map(|n| format!("<b id={n}>")).collect::<String>();
        let pages = [
            ("<div>".repeat(100_000), "nested"),
            (format!("{}{}", "<div>".repeat(100_000), "</div>".repeat(100_000)), "nested"),
            ("<div></span>".repeat(100_000), "nested"),
            (format!("{}{}", letters(1_000), "<p>x</p>".repeat(10_000)), "formatting"),
            (format!("<p {}>", (0..100_000).map(|n| format!("a{n} ")).collect::<String>()), "attributes"),
        ];
        for (page, reason) in pages {
            assert!(too_costly(&page).is_some_and(|found| found.contains(reason)), "{reason}");
        }
    }
}
