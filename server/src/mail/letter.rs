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

/// The mail with a confirmation number, to the address that is to be registered (NOTICE-4). Whoever gets it by mistake
/// learns no more than that somebody mistyped.
pub fn number_letter(number: &Code, portal: Portal) -> Letter {
    let name = portal.name();
    let number = number.as_str();
    Letter {
        subject: format!("【{name}】メールアドレス変更の確認"),
        body: format!(
            "{name}をご利用いただきありがとうございます。\n\
             \n\
             このメールアドレスへの変更の手続きを受け付けました。\n\
             まだ変更は完了していません。\n\
             \n\
             確認番号：{number}\n\
             \n\
             メールアドレス変更確認画面に入力し、［変更する］ボタンを押してください。\n\
             有効期間は発行から30分間です。過ぎた場合は、［各種設定］の「メールアドレスの変更」からやり直してください。\n\
             \n\
             このメールにお心当たりがない場合は、破棄してください。メールアドレスは変更されません。\n\
             このメールは送信専用です。ご返信いただいてもお答えできません。\n"
        ),
    }
}

/// The notice to the address that was registered before.
pub fn address_notice(portal: Portal) -> Letter {
    let said = "に登録されていたメールアドレスが、マイページで変更されました。\n\
                今後のお知らせとログインに必要なメールは、新しいメールアドレスにお送りします。\n";
    notice(portal, "メールアドレス変更のお知らせ", said)
}

/// The notice to the registered address that the password was changed.
pub fn password_notice(portal: Portal) -> Letter {
    let said = "のパスワードが、マイページで変更されました。\n\
                変更した端末・ブラウザを除き、ログイン中の端末・ブラウザはログアウトしました。\n";
    notice(portal, "パスワード変更のお知らせ", said)
}

fn notice(portal: Portal, subject: &str, said: &str) -> Letter {
    let name = portal.name();
    Letter {
        subject: format!("【{name}】{subject}"),
        body: format!(
            "{name}{said}\n\
             お心当たりがない場合は、窓口にご相談ください。\n\
             このメールは送信専用です。ご返信いただいてもお答えできません。\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_like(text: &str) -> Vec<&str> {
        text.split(|c: char| !c.is_numeric()).filter(|run| (4..=8).contains(&run.chars().count())).collect()
    }

    #[test]
    fn a_confirmation_number_cannot_be_taken_for_a_code_and_a_notice_has_neither() {
        for portal in Portal::ALL {
            let letter = number_letter(&Code::from_value(42), portal);
            assert_eq!(code_like(&letter.body), ["000042"]);
            assert!(letter.body.lines().any(|line| line == "確認番号：000042"));
            assert!(!letter.body.contains("ワンタイムパスワード") && !letter.subject.contains("ワンタイムパスワード"));
            for letter in [address_notice(portal), password_notice(portal)] {
                assert!(code_like(&letter.body).is_empty() && code_like(&letter.subject).is_empty());
                assert!(!letter.body.contains("ワンタイムパスワード：") && !letter.body.contains("確認番号："));
            }
        }
    }

    #[test]
    fn faq01_h_exactly_one_number_looks_like_a_code() {
        for portal in Portal::ALL {
            let letter = code_letter(&Code::from_value(42), portal);
            assert_eq!(code_like(&letter.body), ["000042"]);
            assert!(letter.body.lines().any(|line| line == "ワンタイムパスワード：000042"));
            assert!(!letter.subject.contains(|c: char| c.is_numeric()));
        }
    }
}
