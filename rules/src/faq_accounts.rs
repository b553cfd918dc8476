//! FAQ-12 to FAQ-16: ending every skip, the status, cookies switched off, and accounts side by side.

use crate::rule::{Rule, derived, must};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "FAQ-12",
        title: "resume ends every skip",
        title_ja: "省略設定の一括解除",
        source: "FAQ answer 12",
        conflict: None,
        clauses: &[
            must(
                "FAQ-12a",
                "Resumed from another browser, the skip of the lost one ends.",
                "別の端末から再開すると、手元にない端末の省略は終わる。",
                &["faq12-resume-ends-the-skip-of-a-lost-browser"],
            ),
            must(
                "FAQ-12b",
                "It ends the skips of all browsers, the acting one included.",
                "操作した端末を含む全ての端末の省略が終わる。",
                &["faq12-resume-ends-the-skip-of-every-browser"],
            ),
            must(
                "FAQ-12c",
                "The first button alone changes nothing; [完了] does.",
                "最初のボタンだけでは何も変わらず、[完了]で解除される。",
                &["faq12-the-first-button-alone-changes-nothing"],
            ),
            must(
                "FAQ-12d",
                "A revoked cookie replayed later never skips.",
                "解除されたCookieを後から使っても省略されない。",
                &["faq12-a-revoked-cookie-never-skips"],
            ),
            must(
                "FAQ-12e",
                "A skip set after the resume works, and the old ones stay dead.",
                "解除後に設定した省略は有効で、以前のものは戻らない。",
                &["faq12-a-skip-set-afterwards-works-and-old-ones-stay-dead"],
            ),
            must(
                "FAQ-12f",
                "No way to end the skip of one chosen browser is offered.",
                "端末を選んで解除する方法は用意されていない。",
                &["faq12-no-single-browser-can-be-chosen"],
            ),
            derived(
                "FAQ-12g",
                "The resume is not reachable signed out or half signed in.",
                "ログイン前や途中の状態では解除できない。",
                &["faq12-resume-needs-a-full-sign-in"],
            ),
            derived(
                "FAQ-12h",
                "Once [完了] was answered, no sign-in that starts later is skipped by an old cookie, however many run at once.",
                "[完了]の応答後に始まるログインは、同時にいくつあっても古いCookieで省略されない。",
                &["faq12-no-old-cookie-skips-once-resume-was-answered"],
            ),
        ],
    },
    Rule {
        id: "FAQ-13",
        title: "status of the skips",
        title_ja: "省略設定の確認",
        source: "FAQ answer 13",
        conflict: None,
        clauses: &[
            must(
                "FAQ-13a",
                "Without a skip the status is なし.",
                "省略がなければ「なし」。",
                &["faq13-no-skip-shows-none"],
            ),
            must(
                "FAQ-13b",
                "With one skip the status is あり.",
                "一つあれば「あり」。",
                &["faq13-one-skip-shows-some"],
            ),
            must(
                "FAQ-13c",
                "With many the same screen says あり: no count, no names of devices.",
                "複数でも同じ画面で「あり」。台数も端末名も出ない。",
                &["faq13-many-skips-show-no-count-and-no-names"],
            ),
            must(
                "FAQ-13d",
                "After the resume the status is なし.",
                "再開した後は「なし」。",
                &["faq13-after-resume-shows-none"],
            ),
            derived(
                "FAQ-13e",
                "After the last skip lapsed the status is なし.",
                "最後の省略が期限を過ぎると「なし」。",
                &["faq13-after-the-last-lapsed-shows-none"],
            ),
            derived(
                "FAQ-13f",
                "A cookie cleared in the browser is no revocation: the status is still あり.",
                "ブラウザでCookieを消しただけでは解除ではなく、「あり」のまま。",
                &["faq13-a-cleared-cookie-still-shows-some"],
            ),
        ],
    },
    Rule {
        id: "FAQ-14",
        title: "cookies off",
        title_ja: "Cookieの無効",
        source: "FAQ answer 14",
        conflict: None,
        clauses: &[derived(
            "FAQ-14a",
            "A browser that keeps no cookie never gets in without a code and sees a screen that says so: no server error, no redirect loop.",
            "Cookieを保持しないブラウザはコードなしに入れず、その旨の画面が出る。サーバーエラーや転送の繰り返しはない。",
            &["faq14-without-cookies-a-clear-screen-and-no-way-in"],
        )],
    },
    Rule {
        id: "FAQ-15",
        title: "accounts apart",
        title_ja: "追加アカウントのログイン",
        source: "FAQ answer 15",
        conflict: None,
        clauses: &[
            must(
                "FAQ-15a",
                "A main account's sign-in does not sign the additional one in: it needs its own code.",
                "メインのログインでは追加アカウントに入れず、別にコードが要る。",
                &["faq15-the-additional-account-needs-its-own-code"],
            ),
            derived(
                "FAQ-15b",
                "That code goes to the additional account's own address.",
                "そのコードは追加アカウント自身のアドレスに届く。",
                &["faq15-the-code-goes-to-the-additional-address"],
            ),
            must(
                "FAQ-15c",
                "Each account's skip has a cookie of its own.",
                "省略のCookieはアカウントごとに別。",
                &["faq15-each-account-has-a-cookie-of-its-own"],
            ),
        ],
    },
    Rule {
        id: "FAQ-16",
        title: "skips apart",
        title_ja: "追加アカウントの省略",
        source: "FAQ answer 16",
        conflict: None,
        clauses: &[
            must(
                "FAQ-16a",
                "The main account's skip does not skip the additional one.",
                "メインの省略は追加アカウントに効かない。",
                &["faq16-the-main-skip-does-not-skip-the-additional"],
            ),
            derived(
                "FAQ-16b",
                "Both can be set in one browser, and both then work.",
                "一つのブラウザに両方を設定でき、どちらも有効。",
                &["faq16-both-skips-live-in-one-browser"],
            ),
            derived(
                "FAQ-16c",
                "The resume of one account leaves the other's skips.",
                "一方の再開は他方の省略に影響しない。",
                &["faq16-resume-leaves-the-other-account"],
            ),
            derived(
                "FAQ-16d",
                "Account A's cookie never skips account B.",
                "あるアカウントのCookieで別のアカウントが省略されることはない。",
                &["faq16-a-cookie-never-skips-another-account"],
            ),
        ],
    },
];
