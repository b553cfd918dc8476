//! FAQ-01 to FAQ-05: the code, its mail, its 30 minutes, and an address that is lost.

use crate::rule::{Rule, derived, must};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "FAQ-01",
        title: "delivery of the code",
        title_ja: "ワンタイムパスワードの送付",
        source: "FAQ answer 1",
        conflict: Some(
            "NIST SP 800-63B-4 section 3.1.3.1 does not allow mail as the channel of a one-time code; the service mails it.",
        ),
        clauses: &[
            must(
                "FAQ-01a",
                "A right ID and password mail exactly one code to the registered address.",
                "正しいIDとパスワードで、登録アドレスにコードのメールがちょうど1通届く。",
                &["faq01-one-mail-goes-to-the-registered-address"],
            ),
            must(
                "FAQ-01b",
                "Nobody else gets the code, by envelope or by header.",
                "ほかの誰にもコードは届かない(封筒、To、Cc、Bccのいずれでも)。",
                &["faq01-nobody-else-gets-the-code"],
            ),
            must(
                "FAQ-01c",
                "A wrong password or an unknown ID mails nothing.",
                "パスワード誤りや未登録のIDではメールは送られない。",
                &["faq01-a-wrong-password-mails-nothing", "faq01-an-unknown-id-mails-nothing"],
            ),
            must(
                "FAQ-01d",
                "The mailed code opens My Page.",
                "届いたコードでマイページに入れる。",
                &["faq01-the-mailed-code-opens-my-page"],
            ),
            derived(
                "FAQ-01e",
                "My Page and the settings are shut between password and code.",
                "パスワードの後、コードの前は、マイページも設定も開けない。",
                &["faq01-my-page-is-shut-before-the-code"],
            ),
            derived(
                "FAQ-01f",
                "The code appears nowhere in HTTP: no body, header, cookie or address.",
                "コードは画面、ヘッダー、Cookie、URLのどこにも現れない。",
                &["faq01-the-code-is-nowhere-in-http"],
            ),
            derived(
                "FAQ-01g",
                "Each attempt mails a fresh code.",
                "ログインのたびに新しいコードが送られる。",
                &["faq01-each-attempt-mails-a-fresh-code"],
            ),
            derived(
                "FAQ-01h",
                "The mail is readable by real clients: valid MIME, Japanese subject and text, exactly one code-like number.",
                "メールは普通のメールソフトで読める。正しいMIME、日本語の件名と本文、コードらしい数字は一つだけ。",
                &["faq01-the-mail-is-readable"],
            ),
        ],
    },
    Rule {
        id: "FAQ-02",
        title: "devices",
        title_ja: "認証できる端末",
        source: "FAQ answer 2",
        conflict: None,
        clauses: &[must(
            "FAQ-02a",
            "Browsers of desktops, smartphones and tablets can all complete the sign-in.",
            "PC、スマートフォン、タブレットのいずれでもログインを終えられる。",
            &[
                "faq02-a-desktop-browser-signs-in",
                "faq02-a-smartphone-browser-signs-in",
                "faq02-a-tablet-browser-signs-in",
            ],
        )],
    },
    Rule {
        id: "FAQ-03",
        title: "expiry of the code",
        title_ja: "有効期間30分",
        source: "FAQ answer 3",
        conflict: Some("OWASP ASVS 5.0 6.5.5 allows an out-of-band code at most 10 minutes; the service gives 30."),
        clauses: &[
            must(
                "FAQ-03a",
                "A code is accepted just inside its 30 minutes.",
                "30分を過ぎる直前のコードは受け付けられる。",
                &["faq03-code-is-accepted-just-inside-30-minutes"],
            ),
            must(
                "FAQ-03b",
                "A code is refused just outside its 30 minutes.",
                "30分を過ぎたコードは拒否される。",
                &["faq03-code-is-refused-after-30-minutes"],
            ),
            must(
                "FAQ-03c",
                "It is still refused on a second try, and nothing on that screen revives it.",
                "もう一度送っても拒否され、その画面のどの操作でも生き返らない。",
                &["faq03-nothing-on-the-screen-revives-an-expired-code"],
            ),
            must(
                "FAQ-03d",
                "Starting over from the sign-in screen mails a new code, which works.",
                "ログインからやり直せば新しいコードが届き、それで入れる。",
                &["faq03-starting-over-mails-a-code-that-works"],
            ),
            derived(
                "FAQ-03e",
                "The expired code is refused in the new attempt too.",
                "期限切れのコードは、やり直した後も受け付けられない。",
                &["faq03-the-expired-code-stays-refused-in-a-new-attempt"],
            ),
            derived(
                "FAQ-03f",
                "Reloading the screen or submitting wrong codes does not extend the 30 minutes.",
                "再読み込みや誤入力で30分が延びることはない。",
                &["faq03-reloading-does-not-extend-the-30-minutes", "faq03-wrong-codes-do-not-extend-the-30-minutes"],
            ),
        ],
    },
    Rule {
        id: "FAQ-04",
        title: "mail deleted",
        title_ja: "通知メールの削除",
        source: "FAQ answer 4",
        conflict: None,
        clauses: &[
            must(
                "FAQ-04a",
                "Starting over mails a new code, which works.",
                "ログインからやり直せば新しいコードが届き、それで入れる。",
                &["faq04-starting-over-mails-a-code-that-works"],
            ),
            derived(
                "FAQ-04b",
                "The abandoned attempt signs nobody in without a code.",
                "途中でやめたログインは、コードなしには誰も入れない。",
                &["faq04-an-abandoned-attempt-opens-nothing"],
            ),
            derived(
                "FAQ-04c",
                "Abandoning again and again, within the limit the target declares, locks nobody out.",
                "示された上限の範囲で何度やり直しても締め出されない。",
                &["faq04-abandoning-locks-nobody-out"],
            ),
        ],
    },
    Rule {
        id: "FAQ-05",
        title: "address lost",
        title_ja: "アドレスが使えなくなった場合",
        source: "FAQ answer 5",
        conflict: None,
        clauses: &[
            must(
                "FAQ-05a",
                "No change of the address is reachable before signing in, nor half signed in.",
                "ログイン前や途中の状態では、アドレスの変更に届かない。",
                &["faq05-no-address-change-before-signing-in"],
            ),
            derived(
                "FAQ-05b",
                "Where the mail is refused there is no other way in, and a clear screen instead of a server error.",
                "メールが受け取れないときに別の入り方はなく、サーバーエラーではなく分かる画面が出る。",
                &["faq05-refused-mail-opens-no-other-way-in"],
            ),
            derived(
                "FAQ-05c",
                "After the office changed the address, the code goes to the new one and the sign-in works.",
                "窓口でアドレスが変わった後は、新しい宛先にコードが届きログインできる。",
                &[
                    "faq05-after-the-office-the-new-address-signs-in",
                    "faq05-after-the-office-the-old-address-gets-no-code",
                ],
            ),
            derived(
                "FAQ-05d",
                "While the office is at work, the old address still decides.",
                "手続き中は、これまでのアドレスのまま。",
                &["faq05-while-the-office-works-the-old-address-decides"],
            ),
        ],
    },
];
