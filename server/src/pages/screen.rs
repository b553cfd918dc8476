//! The names of the screens.

/// A screen; its label is both the `h1` and the first part of the title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Screen {
    /// The list of the portals.
    Portals,
    /// ID and password.
    SignIn,
    /// The code entry screen.
    CodeEntry,
    /// The code has run out (FAQ-03).
    CodeExpired,
    /// The attempt is over for another reason.
    StartOver,
    /// The code has been used in this browser: the button was pressed twice, or one went back.
    CodeUsed,
    /// The attempt is over, and the browser is signed in.
    AlreadySignedIn,
    /// Too many wrong codes in one attempt.
    TooManyWrongCodes,
    /// Too many wrong codes for the account; none is taken for a while.
    CodesClosed,
    /// Too many codes were mailed.
    TooManyMails,
    /// The code could not be mailed (FAQ-05 b).
    Undelivered,
    /// The skip confirmation screen (FAQ-06).
    SkipConfirmation,
    /// My Page.
    MyPage,
    /// The settings.
    Settings,
    /// The skip settings screen (FAQ-13).
    SkipSettings,
    /// The resume confirmation screen (FAQ-12).
    ResumeConfirmation,
    /// The change of the address (NOTICE-4).
    AddressChange,
    /// Its confirmation by the number that was mailed to the new address.
    AddressConfirmation,
    /// There is no change to confirm any more.
    AddressChangeOver,
    /// Too many confirmation numbers were mailed.
    TooManyNumbers,
    /// The additional accounts of an employer (FAQ-15).
    Accounts,
    /// Too many additional accounts were refused.
    TooManyRefused,
    /// The change of the password.
    Password,
    /// It was changed.
    PasswordChanged,
    /// Too many wrong current passwords.
    TooManyPasswords,
    /// The session has run out, or there was none.
    SessionOver,
    /// No skip can be set now (FAQ-06 h).
    SkipNotOffered,
    /// The browser keeps no cookies (FAQ-14).
    CookiesNeeded,
    /// A form was not accepted.
    Forbidden,
    /// A request makes no sense.
    BadRequest,
    /// There is no such page.
    NotFound,
    /// The page takes no such method.
    MethodNotAllowed,
    /// The server has more to do than it can.
    Busy,
    /// The disk failed, and what the server knows can no longer be relied on.
    OutOfOrder,
    /// The server itself failed.
    Broken,
}

impl Screen {
    /// All screens.
    pub const ALL: [Self; 35] = [
        Self::Portals,
        Self::SignIn,
        Self::CodeEntry,
        Self::CodeExpired,
        Self::StartOver,
        Self::CodeUsed,
        Self::AlreadySignedIn,
        Self::TooManyWrongCodes,
        Self::CodesClosed,
        Self::TooManyMails,
        Self::Undelivered,
        Self::SkipConfirmation,
        Self::MyPage,
        Self::Settings,
        Self::SkipSettings,
        Self::ResumeConfirmation,
        Self::AddressChange,
        Self::AddressConfirmation,
        Self::AddressChangeOver,
        Self::TooManyNumbers,
        Self::Accounts,
        Self::TooManyRefused,
        Self::Password,
        Self::PasswordChanged,
        Self::TooManyPasswords,
        Self::SessionOver,
        Self::SkipNotOffered,
        Self::CookiesNeeded,
        Self::Forbidden,
        Self::BadRequest,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Busy,
        Self::OutOfOrder,
        Self::Broken,
    ];

    /// The screen's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Portals => "サービスの選択",
            Self::SignIn => "ログイン",
            Self::CodeEntry => "ワンタイムパスワード入力画面",
            Self::CodeExpired => "ワンタイムパスワードの有効期間が過ぎました",
            Self::StartOver => "ログインをやり直してください",
            Self::CodeUsed => "このワンタイムパスワードは使用済みです",
            Self::AlreadySignedIn => "すでにログインしています",
            Self::TooManyWrongCodes => "ワンタイムパスワードの入力回数が上限に達しました",
            Self::CodesClosed => "ワンタイムパスワードの入力を一時的に停止しています",
            Self::TooManyMails => "ワンタイムパスワードの発行回数が上限に達しました",
            Self::Undelivered => "メールを送信できませんでした",
            Self::SkipConfirmation => "ワンタイムパスワード省略設定確認画面",
            Self::MyPage => "マイページ",
            Self::Settings => "各種設定",
            Self::SkipSettings => "ワンタイムパスワード入力省略設定",
            Self::ResumeConfirmation => "ワンタイムパスワード入力再開確認画面",
            Self::AddressChange => "メールアドレスの変更",
            Self::AddressConfirmation => "メールアドレス変更確認画面",
            Self::AddressChangeOver => "メールアドレスの変更をやり直してください",
            Self::TooManyNumbers => "確認番号の発行回数が上限に達しました",
            Self::Accounts => "追加アカウント",
            Self::TooManyRefused => "追加アカウントの登録を一時的に停止しています",
            Self::Password => "パスワードの変更",
            Self::PasswordChanged => "パスワードを変更しました",
            Self::TooManyPasswords => "パスワードの変更を一時的に停止しています",
            Self::SessionOver => "もう一度ログインしてください",
            Self::SkipNotOffered => "省略の設定は受け付けられません",
            Self::CookiesNeeded => "Cookieを有効にしてください",
            Self::Forbidden => "この操作は受け付けられません",
            Self::BadRequest => "入力内容を確認してください",
            Self::NotFound => "ページが見つかりません",
            Self::MethodNotAllowed => "この操作はできません",
            Self::Busy => "ただいま混み合っています",
            Self::OutOfOrder => "ただいまご利用いただけません",
            Self::Broken => "エラーが発生しました",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_screens_bear_one_name() {
        let labels: HashSet<&str> = Screen::ALL.iter().map(|screen| screen.label()).collect();
        assert_eq!(labels.len(), Screen::ALL.len());
    }
}
