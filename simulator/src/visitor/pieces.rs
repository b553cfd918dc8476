//! A code that is sent character by character: its characters are no secret each, and the code is one all the same. What is kept out of
//! reports is each of them with its name.

use serde_json::Value;

use crate::browser::{Body, Request};

/// The texts that a request's body gives the code away by, as they stand in it. In a form those of the names that are known; where none
/// is, every single character may be one.
pub(super) fn pieces(request: &Request, names: &[String]) -> Vec<String> {
    match &request.body {
        Body::Form(fields) => {
            let is_piece = |name: &String| names.is_empty() || names.contains(name);
            let single = fields.iter().filter(|(name, value)| is_piece(name) && is_single(value));
            single.map(|field| form_urlencoded::Serializer::new(String::new()).extend_pairs([field]).finish()).collect()
        }
        Body::Json(document) => {
            let mut found = Vec::new();
            look_into(document, &mut found);
            found
        }
        Body::None | Body::Raw { .. } => Vec::new(),
    }
}

/// The profile says what the document is like, and TOML bounds its depth.
fn look_into(document: &Value, found: &mut Vec<String>) {
    match document {
        Value::Array(all) if !all.is_empty() && all.iter().all(is_piece) => found.push(document.to_string()),
        Value::Array(all) => all.iter().for_each(|one| look_into(one, found)),
        Value::Object(members) => {
            for (name, value) in members {
                if is_piece(value) {
                    found.push(format!("{}:{value}", Value::from(name.as_str())));
                } else {
                    look_into(value, found);
                }
            }
        }
        _ => {}
    }
}

fn is_piece(value: &Value) -> bool {
    value.as_str().is_some_and(is_single)
}

fn is_single(text: &str) -> bool {
    text.chars().count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_hidden_with_their_names() {
        let url = || url::Url::parse("http://127.0.0.1:1/").unwrap_or_else(|_| unreachable!("a fixed address"));
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = Request::post(url(), vec![field("a:d1", "0"), field("stay", "on"), field("d[]", "9")]);
        assert_eq!(pieces(&form, &[]), ["a%3Ad1=0", "d%5B%5D=9"]);
        assert_eq!(pieces(&form, &["d[]".to_owned()]), ["d%5B%5D=9"]);
        let document = serde_json::json!({ "code": ["0", "1"], "x": { "d1": "2", "n": 7, "s": "long" }, "none": [] });
        assert_eq!(pieces(&Request::json(url(), document), &[]), ["[\"0\",\"1\"]", "\"d1\":\"2\""]);
    }
}
