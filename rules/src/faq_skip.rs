//! FAQ-06 to FAQ-11: setting a skip, its 90 days, and the cookie that holds it.

use crate::rule::{Rule, derived, must};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "FAQ-06",
        title: "setting a skip",
        title_ja: "入力の省略",
        source: "FAQ answer 6",
        conflict: None,
        clauses: &[
            must(
                "FAQ-06a",
                "With the box unticked, the next sign-in asks a code.",
                "チェックを付けなければ、次のログインでもコードが求められる。",
                &["faq06-unticked-sets-no-skip"],
            ),
            must(
                "FAQ-06b",
                "Box ticked, right code, [OK]: the next sign-in in that browser asks no code.",
                "チェック、正しいコード、[OK]の後は、そのブラウザの次のログインでコードが求められない。",
                &["faq06-confirmed-skip-skips"],
            ),
            derived(
                "FAQ-06c",
                "Ticked, but left at the confirmation (closed, back or cancel): the next sign-in asks.",
                "確認画面で閉じる、戻る、取り消す場合は、次のログインで求められる。",
                &["faq06-closing-the-confirmation-sets-no-skip", "faq06-cancelling-the-confirmation-sets-no-skip"],
            ),
            must(
                "FAQ-06d",
                "Ticked with a wrong or expired code sets no skip.",
                "誤ったコードや期限切れのコードでは省略は設定されない。",
                &["faq06-a-wrong-code-sets-no-skip", "faq06-an-expired-code-sets-no-skip"],
            ),
            must(
                "FAQ-06e",
                "A skipped sign-in still needs the right password.",
                "省略していても正しいパスワードは必要。",
                &["faq06-a-skipped-sign-in-needs-the-password"],
            ),
            must(
                "FAQ-06f",
                "A skipped sign-in mails nothing.",
                "省略したログインではメールは送られない。",
                &["faq06-a-skipped-sign-in-mails-nothing"],
            ),
            must(
                "FAQ-06g",
                "The confirmation screen shows cautions before [OK].",
                "確認画面には[OK]の前に注意事項が表示される。",
                &["faq06-the-confirmation-shows-cautions"],
            ),
            derived(
                "FAQ-06h",
                "A forged confirmation without a right code sets no skip.",
                "正しいコードなしに確認だけを送っても省略は設定されない。",
                &["faq06-a-forged-confirmation-sets-no-skip"],
            ),
        ],
    },
    Rule {
        id: "FAQ-07",
        title: "no limit of browsers",
        title_ja: "端末・ブラウザの上限",
        source: "FAQ answer 7",
        conflict: None,
        clauses: &[must(
            "FAQ-07a",
            "Any number of browsers hold a skip at once, and the first still skips after the last was set.",
            "いくつのブラウザでも同時に省略でき、最後の設定の後も最初のものが有効。",
            &["faq07-many-browsers-hold-a-skip-at-once"],
        )],
    },
    Rule {
        id: "FAQ-08",
        title: "90 days, per browser",
        title_ja: "有効期間90日",
        source: "FAQ answer 8",
        conflict: None,
        clauses: &[
            must(
                "FAQ-08a",
                "A skip still skips just inside its 90 days.",
                "90日を過ぎる直前は省略される。",
                &["faq08-skip-holds-just-inside-90-days"],
            ),
            must(
                "FAQ-08b",
                "Just outside the 90 days a code is asked.",
                "90日を過ぎるとコードが求められる。",
                &["faq08-code-is-asked-after-90-days"],
            ),
            must(
                "FAQ-08c",
                "Set again, it holds for another 90 days from then.",
                "設定し直すと、そこからまた90日間省略される。",
                &["faq08-setting-again-gives-another-90-days"],
            ),
            must(
                "FAQ-08d",
                "Using the skip does not extend it.",
                "使っても期間は延びない。",
                &["faq08-using-a-skip-does-not-extend-it"],
            ),
            must(
                "FAQ-08e",
                "Another browser of the same account asks a code.",
                "同じアカウントでも別のブラウザではコードが求められる。",
                &["faq08-another-browser-is-asked"],
            ),
            derived(
                "FAQ-08f",
                "The server itself enforces the 90 days: a cookie kept past them does not skip.",
                "90日はサーバーが守る。期限後も残したCookieでは省略されない。",
                &["faq08-a-kept-cookie-does-not-outlive-90-days"],
            ),
            derived(
                "FAQ-08g",
                "An attempt opened elsewhere or earlier, and finished unticked, leaves the skip as it was.",
                "別のブラウザや設定前に始めたログインをチェックなしで終えても、省略はそのまま。",
                &["faq08-an-unticked-sign-in-leaves-the-skip"],
            ),
        ],
    },
    Rule {
        id: "FAQ-09",
        title: "nothing tells the remaining days",
        title_ja: "残日数と通知",
        source: "FAQ answer 9",
        conflict: None,
        clauses: &[
            must(
                "FAQ-09a",
                "No screen shows the remaining days.",
                "残りの日数はどの画面にも表示されない。",
                &["faq09-no-screen-shows-the-remaining-days"],
            ),
            must(
                "FAQ-09b",
                "No mail tells of the coming expiry.",
                "期限が近いことを知らせるメールは送られない。",
                &["faq09-no-mail-before-the-skip-lapses"],
            ),
        ],
    },
    Rule {
        id: "FAQ-10",
        title: "cookie deleted",
        title_ja: "Cookieの削除",
        source: "FAQ answer 10",
        conflict: None,
        clauses: &[
            must(
                "FAQ-10a",
                "With the cookies cleared, the next sign-in asks a code.",
                "Cookieを削除すると、次のログインでコードが求められる。",
                &["faq10-cleared-cookies-ask-again"],
            ),
            must(
                "FAQ-10b",
                "Setting the skip again works.",
                "もう一度省略を設定できる。",
                &["faq10-the-skip-can-be-set-again"],
            ),
            derived(
                "FAQ-10c",
                "Other browsers keep their skip.",
                "ほかのブラウザの省略は残る。",
                &["faq10-other-browsers-keep-their-skip"],
            ),
            derived(
                "FAQ-10d",
                "Deleting only the session cookie keeps the skip.",
                "ログイン状態のCookieだけを消しても省略は残る。",
                &["faq10-deleting-the-session-keeps-the-skip"],
            ),
        ],
    },
    Rule {
        id: "FAQ-11",
        title: "the cookie",
        title_ja: "Cookieの中身",
        source: "FAQ answer 11",
        conflict: None,
        clauses: &[
            must(
                "FAQ-11a",
                "The cookie holds an id and an expiry, and nothing of the person, plain or encoded.",
                "CookieにはIDと期限だけがあり、個人の情報は符号化した形でも含まれない。",
                &["faq11-the-cookie-holds-nothing-personal"],
            ),
            derived(
                "FAQ-11b",
                "Ids are unguessable: distinct, without shared structure, of 64 bits at least.",
                "IDは推測できない。重ならず、共通の構造がなく、64ビット以上。",
                &["faq11-ids-are-unguessable"],
            ),
            derived(
                "FAQ-11c",
                "An altered id or expiry does not skip.",
                "IDや期限を書き換えたCookieでは省略されない。",
                &["faq11-an-altered-cookie-does-not-skip"],
            ),
            derived(
                "FAQ-11d",
                "Whether the cookie skips when carried to another client: reported, not judged.",
                "Cookieを別の端末に移した場合に省略されるか(報告のみ)。",
                &["faq11-a-carried-cookie-is-reported"],
            ),
        ],
    },
];
