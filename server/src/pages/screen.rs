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
    /// Too many wrong codes.
    TooManyWrongCodes,
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
}

impl Screen {
    /// The screen's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Portals => "サービスの選択",
            Self::SignIn => "ログイン",
            Self::CodeEntry => "ワンタイムパスワード入力画面",
            Self::CodeExpired => "ワンタイムパスワードの有効期間が過ぎました",
            Self::StartOver => "ログインをやり直してください",
            Self::TooManyWrongCodes => "ワンタイムパスワードの入力回数が上限に達しました",
            Self::TooManyMails => "ワンタイムパスワードの発行回数が上限に達しました",
            Self::Undelivered => "メールを送信できませんでした",
            Self::SkipConfirmation => "ワンタイムパスワード省略設定確認画面",
            Self::MyPage => "マイページ",
            Self::Settings => "各種設定",
            Self::SkipSettings => "ワンタイムパスワード入力省略設定",
            Self::ResumeConfirmation => "ワンタイムパスワード入力再開確認画面",
            Self::AddressChange => "メールアドレスの変更",
            Self::CookiesNeeded => "Cookieを有効にしてください",
            Self::Forbidden => "この操作は受け付けられません",
            Self::BadRequest => "入力内容を確認してください",
            Self::NotFound => "ページが見つかりません",
            Self::MethodNotAllowed => "この操作はできません",
            Self::Busy => "ただいま混み合っています",
            Self::OutOfOrder => "ただいまご利用いただけません",
        }
    }
}
