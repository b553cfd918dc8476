//! Where in a file of TOML a key stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The key at an offset of a text, with its tables; `None` where there is none, as at the top of the file.
pub(super) fn key_at(text: &str, at: usize) -> Option<String> {
    let (table, _) = DeTable::parse_recoverable(text);
    let keys = keys_down_to(table.get_ref(), at);
    (!keys.is_empty()).then(|| keys.join("."))
}

fn keys_down_to(table: &DeTable<'_>, at: usize) -> Vec<String> {
    let within = |span: std::ops::Range<usize>| span.start <= at && at < span.end;
    let found = table.iter().find(|(key, value)| within(key.span()) || holds(value, at));
    let Some((key, value)) = found else { return Vec::new() };
    let mut keys = vec![key.get_ref().to_string()];
    if within(key.span()) {
        return keys;
    }
    match value.get_ref() {
        DeValue::Table(inner) => keys.extend(keys_down_to(inner, at)),
        DeValue::Array(all) => {
            let inner = all.iter().filter(|one| holds(one, at)).find_map(|one| match one.get_ref() {
                DeValue::Table(inner) => Some(keys_down_to(inner, at)),
                _ => None,
            });
            keys.extend(inner.unwrap_or_default());
        }
        _ => {}
    }
    keys
}

/// Whether an offset lies in a value: a table written with a header has entries outside its own span.
pub(super) fn holds(value: &Spanned<DeValue<'_>>, at: usize) -> bool {
    let span = value.span();
    if span.start <= at && at < span.end {
        return true;
    }
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().any(|(key, value)| (key.span().start <= at && at < key.span().end) || holds(value, at))
        }
        DeValue::Array(all) => all.iter().any(|one| holds(one, at)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_with_its_tables() {
        let text = "a = 1\n[b.c]\nd = { e = 2 }\n[[f]]\ng = 3\n[[f]]\nh = [4, { i = 5 }]\n";
        for (at, key) in [("a =", Some("a")), ("1", Some("a")), ("e =", Some("b.c.d.e")), ("2", Some("b.c.d.e"))] {
            assert_eq!(key_at(text, text.find(at).unwrap_or(0)).as_deref(), key, "{at}");
        }
        for (at, key) in [("g =", Some("f.g")), ("h =", Some("f.h")), ("5", Some("f.h.i"))] {
            assert_eq!(key_at(text, text.find(at).unwrap_or(0)).as_deref(), key, "{at}");
        }
        assert_eq!(key_at("", 0), None);
        assert_eq!(key_at("a = ", 3), None, "what is no TOML has no keys to tell");
    }
}
