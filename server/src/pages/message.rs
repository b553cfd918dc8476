//! Screens that only say something and where to go from there.

use askama::Template;

use super::screen::Screen;

/// A few lines and a link (path and text).
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message<'a> {
    pub(crate) lines: &'a [&'a str],
    pub(crate) link: (&'a str, &'a str),
}

/// What such a screen says.
pub(crate) const fn lines_of(screen: Screen) -> &'static [&'static str] {
    match screen {
        Screen::CodeExpired => &[
            "このワンタイムパスワードは使用できません。",
            "この画面を閉じて、ログインからやり直してください。新しいワンタイムパスワードをお送りします。",
        ],
        Screen::StartOver => &[
            "このログインの手続きは終了しているか、新しい手続きが始まっています。",
            "この画面を閉じて、ログインからやり直してください。",
        ],
        Screen::TooManyWrongCodes => &[
            "誤ったワンタイムパスワードが続けて入力されたため、この手続きを終了しました。",
            "しばらくしてから、ログインからやり直してください。",
        ],
        Screen::TooManyMails => &[
            "短い時間に多くのワンタイムパスワードが発行されました。",
            "1時間ほどしてから、ログインからやり直してください。",
        ],
        Screen::Undelivered => &[
            "ご登録のメールアドレスにワンタイムパスワードのメールを送信できませんでした。",
            "ログインする前にメールアドレスを変更することはできません。ご登録のメールアドレスが使用できない場合は、窓口にご相談ください。手続きには日数がかかることがあります。",
        ],
        Screen::CookiesNeeded => &[
            "お使いのブラウザでCookieが無効になっているため、ログインできません。",
            "端末の設定でCookieを有効にしてから、ログインからやり直してください。設定の方法は、各メーカーのサポート窓口等にお問い合わせください。",
        ],
        Screen::Forbidden => {
            &["この操作は受け付けられませんでした。", "画面を開き直してから、もう一度お試しください。"]
        }
        Screen::BadRequest => {
            &["送信された内容を読み取れませんでした。", "画面を開き直してから、もう一度お試しください。"]
        }
        Screen::NotFound => &["お探しのページは見つかりませんでした。"],
        Screen::MethodNotAllowed => &["このページでは、この操作はできません。"],
        Screen::Busy => &["アクセスが集中しています。", "少し時間をおいてから、もう一度お試しください。"],
        Screen::OutOfOrder => &[
            "システムに障害が発生しています。今の操作は登録されていない可能性があります。",
            "しばらくしてから、ログインからやり直し、設定をご確認ください。",
        ],
        Screen::Portals
        | Screen::SignIn
        | Screen::CodeEntry
        | Screen::SkipConfirmation
        | Screen::MyPage
        | Screen::Settings
        | Screen::SkipSettings
        | Screen::ResumeConfirmation
        | Screen::AddressChange => &[],
    }
}
