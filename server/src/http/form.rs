//! Forms: `application/x-www-form-urlencoded`, read strictly.

use percent_encoding::percent_decode;

use crate::decisions::FormFault;

/// How many fields a form has at most.
const MAX_FIELDS: usize = 32;

/// The fields of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body.
    pub(super) fn read(body: &[u8]) -> Result<Self, FormFault> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let split = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = match split {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            let (name, value) = (decoded(name)?, decoded(value)?);
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(FormFault::Twice);
            }
            if fields.len() == MAX_FIELDS {
                return Err(FormFault::TooMany);
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// A field's value; an absent one is empty.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

fn decoded(text: &[u8]) -> Result<String, FormFault> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| FormFault::NotText)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form::read(b"name=%E4%BD%90%E8%97%A4+%E8%8A%B1%E5%AD%90&skip=on&empty&a=b=c").unwrap();
        assert_eq!(form.get("name"), "佐藤 花子");
        assert_eq!(form.get("skip"), "on");
        assert_eq!(form.get("empty"), "");
        assert_eq!(form.get("a"), "b=c");
        assert_eq!(form.get("missing"), "");
    }

    #[test]
    fn what_no_page_sends_is_refused() {
        assert_eq!(Form::read(b"code=%ff"), Err(FormFault::NotText));
        assert_eq!(Form::read(b"code=\xff"), Err(FormFault::NotText));
        assert_eq!(Form::read(b"code=1&code=2"), Err(FormFault::Twice));
        let many: Vec<String> = (0..40).map(|n| format!("f{n}=")).collect();
        assert_eq!(Form::read(many.join("&").as_bytes()), Err(FormFault::TooMany));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..2000)) {
            if let Ok(form) = Form::read(&body) {
                prop_assert!(form.0.len() <= MAX_FIELDS);
            }
        }

        #[test]
        fn what_a_browser_encodes_reads_back(fields in prop::collection::btree_map("\\PC{1,20}", "\\PC{0,40}", 0..8)) {
            let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
            let body: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            let form = Form::read(body.join("&").as_bytes()).unwrap();
            for (name, value) in &fields {
                prop_assert_eq!(form.get(name), value);
            }
        }
    }
}
