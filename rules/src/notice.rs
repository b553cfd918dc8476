//! The four points of the notice.

use crate::rule::{Rule, derived, must};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "NOTICE-1",
        title: "go-live",
        title_ja: "開始日時",
        source: "notice, start of the one-time password",
        conflict: None,
        clauses: &[
            must(
                "NOTICE-1a",
                "Before the go-live instant, ID and password suffice and no code is mailed.",
                "開始日時より前は、IDとパスワードだけでログインでき、コードは送られない。",
                &["notice1-no-code-is-asked-before-go-live"],
            ),
            must(
                "NOTICE-1b",
                "From the go-live instant on, a code is asked.",
                "開始日時以降は、コードの入力が求められる。",
                &["notice1-a-code-is-asked-after-go-live"],
            ),
            derived(
                "NOTICE-1c",
                "Who signed in before go-live is not thrown out by it; the next sign-in asks a code.",
                "開始前からのログインは切られず、次のログインからコードが求められる。",
                &["notice1-a-session-from-before-go-live-stays"],
            ),
            must(
                "NOTICE-1d",
                "The change comes at the instant: one second before no code, at it and after it a code.",
                "切り替わりは開始日時ちょうど。1秒前は不要、その時刻と以降は必要。",
                &["notice1-the-change-comes-at-the-instant"],
            ),
        ],
    },
    Rule {
        id: "NOTICE-2",
        title: "all three portals",
        title_ja: "三つのサービス",
        source: "notice, first paragraph",
        conflict: None,
        clauses: &[must(
            "NOTICE-2",
            "Each of the three portals asks for the code.",
            "三つのサービスのいずれもコードの入力を求める。",
            &["notice2-the-portal-asks-for-the-code"],
        )],
    },
    Rule {
        id: "NOTICE-3",
        title: "sign-in ID",
        title_ja: "IDとしてのメールアドレス",
        source: "notice, first point",
        conflict: None,
        clauses: &[must(
            "NOTICE-3",
            "The sign-in ID is the registered mail address, and the code goes to that address.",
            "IDは登録したメールアドレスで、コードはその宛先に届く。",
            &["notice3-the-code-goes-to-the-sign-in-address"],
        )],
    },
    Rule {
        id: "NOTICE-4",
        title: "changing the address",
        title_ja: "メールアドレスの変更",
        source: "notice, second point",
        conflict: None,
        clauses: &[must(
            "NOTICE-4",
            "A user who is signed in can change the address in My Page, also before go-live; from then on codes go to the new one only.",
            "ログイン中はマイページでアドレスを変更でき(開始前も可)、以後コードは新しい宛先だけに届く。",
            &[
                "notice4-the-address-changes-in-my-page",
                "notice4-the-address-changes-before-go-live-too",
                "notice4-codes-go-to-the-new-address-only",
                "notice4-until-it-is-confirmed-the-old-address-stays",
            ],
        )],
    },
];
