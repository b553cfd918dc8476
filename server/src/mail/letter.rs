//! What the code mail says.

use crate::core::{Code, Portal};

/// Subject and body of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The body, plain text.
    pub body: String,
}

/// The mail with a code. No other run of four to eight digits stands in it (FAQ-01 h), and it says for how long the code is
/// valid, what to do when it has run out, and what to do if one did not ask for it. No line has more than 35 full-width characters,
/// as mails in Japanese are written: so none is longer than 78 bytes in ISO-2022-JP (RFC 5322 §2.1.1).
pub fn code_letter(code: &Code, portal: Portal) -> Letter {
    let name = portal.name();
    let code = code.as_str();
    Letter {
        subject: format!("【{name}】ワンタイムパスワードのお知らせ"),
        body: format!(
            "{name}をご利用いただきありがとうございます。\n\
             \n\
             ログインに必要なワンタイムパスワードをお知らせします。\n\
             \n\
             ワンタイムパスワード：{code}\n\
             \n\
             ワンタイムパスワード入力画面に入力し、\n\
             ［送信］ボタンを押してください。\n\
             有効期間は発行から30分間です。\n\
             過ぎた場合は、入力画面を閉じて、ログインからやり直してください。\n\
             \n\
             このメールにお心当たりがない場合は、\n\
             パスワードを変更してください。\n\
             \n\
             このメールは送信専用です。ご返信いただいてもお答えできません。\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faq01_h_exactly_one_number_looks_like_a_code() {
        for portal in Portal::ALL {
            let letter = code_letter(&Code::from_value(42), portal);
            let runs: Vec<&str> = letter
                .body
                .split(|c: char| !c.is_numeric())
                .filter(|run| (4..=8).contains(&run.chars().count()))
                .collect();
            assert_eq!(runs, ["000042"]);
            assert!(letter.body.lines().any(|line| line == "ワンタイムパスワード：000042"));
            assert!(!letter.subject.contains(|c: char| c.is_numeric()));
        }
    }
}
