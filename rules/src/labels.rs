//! Labels of screens and buttons, taken over from the source as they stand.

/// The portal for people who look for work.
pub const PORTAL_SEEKER: &str = "求職者マイページ";
/// The portal for employers.
pub const PORTAL_EMPLOYER: &str = "求人者マイページ";
/// The service for those who pass information on.
pub const PORTAL_PROVIDER: &str = "求人・求職情報提供サービス";
/// What a signed-in user sees.
pub const MY_PAGE: &str = "マイページ";
/// The screen that asks for the code (FAQ-03).
pub const CODE_ENTRY: &str = "ワンタイムパスワード入力画面";
/// The box beside the code (FAQ-06).
pub const SKIP_CHECK_BOX: &str = "次回以降、同じ端末・ブラウザでログインする際にワンタイムパスワードを省略する";
/// The screen with the cautions (FAQ-06).
pub const SKIP_CONFIRMATION: &str = "ワンタイムパスワード省略設定確認画面";
/// Where the skip settings are found (FAQ-12).
pub const SETTINGS: &str = "各種設定";
/// The screen that says whether a skip exists (FAQ-12, FAQ-13).
pub const SKIP_SETTINGS: &str = "ワンタイムパスワード入力省略設定";
/// The status where at least one browser holds a skip (FAQ-13).
pub const STATUS_SOME: &str = "あり";
/// The status where none does; the source has no word for it, this one is ours.
pub const STATUS_NONE: &str = "なし";
/// The first of the two buttons that end every skip (FAQ-12).
pub const RESUME_BUTTON: &str = "ワンタイムパスワードの入力を再開する";
/// The screen that asks once more (FAQ-12).
pub const RESUME_CONFIRMATION: &str = "ワンタイムパスワード入力再開確認画面";
/// The second of the two buttons (FAQ-12).
pub const RESUME_COMPLETE_BUTTON: &str = "完了";
/// Sends the code (FAQ-06).
pub const SEND_BUTTON: &str = "送信";
/// Confirms the skip (FAQ-06).
pub const OK_BUTTON: &str = "OK";
