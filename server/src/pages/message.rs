//! Screens that only say something and where to go from there.

use askama::Template;

use super::screen::Screen;

/// A few lines and the ways on (path and text), the likeliest first.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message<'a> {
    pub(crate) lines: &'a [&'a str],
    pub(crate) links: &'a [(String, &'a str)],
}

/// What such a screen says: what happened, and what to do next.
pub(crate) const fn lines_of(screen: Screen) -> &'static [&'static str] {
    match screen {
        Screen::CodeExpired => &[
            "このワンタイムパスワードは使用できません。",
            "この画面を閉じて、ログインからやり直してください。新しいワンタイムパスワードをお送りします。",
        ],
        Screen::StartOver => &[
            "このログインの手続きは、終了しているか、新しい手続きが始まっています。ログインを始めたものとは別のブラウザで開いた場合も、続けることができません。",
            "この画面を閉じて、ログインからやり直してください。新しいワンタイムパスワードをお送りします。",
        ],
        Screen::CodeUsed => &[
            "このワンタイムパスワードは、このブラウザですでに使用されています。［送信］ボタンを2回押した場合は、ログインが完了していることがあります。",
            "マイページを開いてみてください。開けない場合は、ログインからやり直してください。",
        ],
        Screen::AlreadySignedIn => &[
            "このブラウザでは、すでにログインしています。このログインの手続きは終了しました。",
            "マイページへお進みください。別のアカウントを使う場合は、ログインからやり直してください。",
        ],
        Screen::TooManyWrongCodes => &[
            "誤ったワンタイムパスワードが続けて入力されたため、この手続きを終了しました。",
            "この画面を閉じて、ログインからやり直してください。新しいワンタイムパスワードをお送りします。",
        ],
        Screen::CodesClosed => &[
            "短い時間に多くの誤ったワンタイムパスワードが入力されたため、入力の受付を一時的に停止しています。",
            "1時間ほどしてから、ログインからやり直してください。ワンタイムパスワードの入力を省略している端末・ブラウザでは、今もログインできます。",
        ],
        Screen::TooManyMails => &[
            "短い時間に多くのワンタイムパスワードが発行されました。",
            "最後に届いたワンタイムパスワードは、有効期間のうちは使用できます。使用できない場合は、1時間ほどしてから、ログインからやり直してください。",
        ],
        Screen::Undelivered => &[
            "ご登録のメールアドレスにワンタイムパスワードのメールを送信できませんでした。",
            "ログインする前にメールアドレスを変更することはできません。ご登録のメールアドレスが使用できない場合は、窓口にご相談ください。手続きには日数がかかることがあります。",
        ],
        Screen::CookiesNeeded => &[
            "お使いのブラウザでCookieが無効になっているか、Cookieが削除されたため、ログインできません。",
            "端末の設定でCookieを有効にしてから、ログインからやり直してください。設定の方法は、各メーカーのサポート窓口等にお問い合わせください。",
        ],
        Screen::SessionOver => &[
            "ログインしていないか、ログインの有効期間が過ぎたため、受け付けられませんでした。入力した内容は保存されていません。",
            "もう一度ログインしてから、操作をやり直してください。",
        ],
        Screen::SkipNotOffered => &[
            "省略の設定は、ワンタイムパスワードを入力してログインした直後に、一度だけ行うことができます。",
            "すでに設定が完了している場合は、［各種設定］の「ワンタイムパスワード入力省略設定」で確かめることができます。設定されていない場合は、いったんログアウトし、ログインからやり直してください。",
        ],
        Screen::Forbidden => &[
            "この画面は、ほかの画面での操作などにより、古くなっています。送信された内容は受け付けられませんでした。",
            "画面を開き直してから、もう一度お試しください。",
        ],
        Screen::BadRequest => {
            &["送信された内容を読み取れませんでした。", "画面を開き直してから、もう一度お試しください。"]
        }
        Screen::NotFound => {
            &["お探しのページは見つかりませんでした。", "アドレスを確かめるか、次のリンクからお進みください。"]
        }
        Screen::MethodNotAllowed => {
            &["このページでは、この操作はできません。", "画面を開き直してから、もう一度お試しください。"]
        }
        Screen::Busy => &[
            "アクセスが集中しているため、受け付けられませんでした。",
            "少し時間をおいてから、もう一度お試しください。",
        ],
        Screen::OutOfOrder => &[
            "システムに障害が発生しています。今の操作は登録されていない可能性があります。",
            "しばらくしてから、ログインからやり直し、設定をご確認ください。",
        ],
        Screen::Broken => &[
            "申し訳ありません。サーバーで問題が発生し、ご要望を処理できませんでした。",
            "少し時間をおいてから、もう一度お試しください。",
        ],
        _ => lines_behind_the_sign_in(screen),
    }
}

const fn lines_behind_the_sign_in(screen: Screen) -> &'static [&'static str] {
    match screen {
        Screen::AddressChangeOver => &[
            "このメールアドレスの変更の手続きは、終了しています。有効期間（30分間）が過ぎた場合、誤った確認番号が続けて入力された場合、ほかの手続きが始まった場合、ログインし直した場合には、続けることができません。",
            "すでに変更が完了している場合は、「メールアドレスの変更」に新しいメールアドレスが表示されます。表示されない場合は、もう一度お手続きください。",
        ],
        Screen::TooManyNumbers => &[
            "短い時間に多くの確認番号が発行されました。",
            "1時間ほどしてから、もう一度お手続きください。メールアドレスは変更されていません。",
        ],
        Screen::TooManyRefused => &[
            "登録できないメールアドレスが続けて入力されたため、追加アカウントの登録を一時的に停止しています。",
            "1時間ほどしてから、もう一度お手続きください。",
        ],
        Screen::PasswordChanged => &[
            "次回のログインから、新しいパスワードを入力してください。",
            "ほかの端末・ブラウザは、すべてログアウトしました。ワンタイムパスワード入力の省略設定は変わっていません。",
        ],
        Screen::TooManyPasswords => &[
            "誤った現在のパスワードが続けて入力されたため、パスワードの変更を一時的に停止しています。",
            "1時間ほどしてから、もう一度お手続きください。パスワードは変更されていません。",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_such_screen_says_what_happened_and_what_to_do_next() {
        for screen in Screen::ALL {
            let lines = lines_of(screen);
            assert!(lines.is_empty() || lines.len() == 2, "{screen:?}");
            assert!(lines.iter().all(|line| line.ends_with('。')), "{screen:?}");
        }
        assert_eq!(
            Screen::ALL.iter().filter(|screen| lines_of(**screen).is_empty()).count(),
            12,
            "the others are pages"
        );
    }
}
