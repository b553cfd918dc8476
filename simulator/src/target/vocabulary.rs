//! The screens a story can meet and the steps it can take, by the names the profile uses.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The name used in profiles and reports.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// What a person sees.
    Screen {
        /// The sign-in form, with or without a message about the last try.
        SignIn = "sign-in",
        /// ワンタイムパスワード入力画面, with or without a message about the last code.
        CodeEntry = "code-entry",
        /// The code or the attempt is over; one must sign in again.
        AttemptOver = "attempt-over",
        /// ワンタイムパスワード省略設定確認画面.
        SkipConfirmation = "skip-confirmation",
        /// マイページ: signed in.
        MyPage = "my-page",
        /// 各種設定.
        Settings = "settings",
        /// ワンタイムパスワード入力省略設定: あり or なし.
        SkipSettings = "skip-settings",
        /// ワンタイムパスワード入力再開確認画面.
        ResumeConfirmation = "resume-confirmation",
        /// The form that asks for another address (NOTICE-4).
        AddressChange = "address-change",
        /// Asks for the number that was mailed to the new address.
        AddressConfirmation = "address-confirmation",
        /// 追加アカウント: the additional accounts of a main one.
        AdditionalAccounts = "additional-accounts",
        /// The form that changes the password.
        PasswordChange = "password-change",
        /// Says that the password was changed.
        PasswordChanged = "password-changed",
        /// The browser keeps no cookies.
        CookiesOff = "cookies-off",
        /// The code could not be delivered.
        MailFailed = "mail-failed",
        /// Too many mails or codes: later.
        Limited = "limited",
        /// Refused: forbidden, not found, or a form that is not this browser's.
        Refused = "refused",
    }
}

named! {
    /// What a person does.
    Step {
        /// Opens the sign-in screen.
        OpenSignIn = "open-sign-in",
        /// Sends ID and password.
        SubmitPassword = "submit-password",
        /// Opens the code entry screen again.
        OpenCodeEntry = "open-code-entry",
        /// Sends the code, with the box ticked or not.
        SubmitCode = "submit-code",
        /// Opens the skip confirmation screen by its address.
        OpenSkipConfirmation = "open-skip-confirmation",
        /// `OK` on the skip confirmation screen.
        ConfirmSkip = "confirm-skip",
        /// Leaves the skip confirmation screen by its cancel button.
        CancelSkip = "cancel-skip",
        /// Opens My Page.
        OpenMyPage = "open-my-page",
        /// Opens the settings.
        OpenSettings = "open-settings",
        /// Opens the skip settings screen.
        OpenSkipSettings = "open-skip-settings",
        /// The first button of the resume.
        Resume = "resume",
        /// Opens the resume confirmation by its address.
        OpenResume = "open-resume",
        /// `完了` on the resume confirmation screen.
        CompleteResume = "complete-resume",
        /// Opens the form that asks for another address.
        OpenAddressChange = "open-address-change",
        /// Sends the new address.
        SubmitAddress = "submit-address",
        /// Sends the number that was mailed to the new address.
        ConfirmAddress = "confirm-address",
        /// Opens the list of the additional accounts.
        OpenAdditionalAccounts = "open-additional-accounts",
        /// Registers an additional account.
        SubmitAdditionalAccount = "submit-additional-account",
        /// Opens the form that changes the password.
        OpenPasswordChange = "open-password-change",
        /// Sends the present password and the one that takes its place.
        SubmitPasswordChange = "submit-password-change",
        /// Signs out.
        SignOut = "sign-out",
    }
}
