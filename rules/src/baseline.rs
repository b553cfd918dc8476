//! What good practice asks beyond the source. Reported apart, with its own verdict.

use crate::rule::{Rule, baseline};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "BASE-CODE",
        title: "the code withstands misuse",
        title_ja: "コードの堅牢さ",
        source: "OWASP ASVS 5.0 6.5, 6.6; NIST SP 800-63B-4 section 3.1.3",
        conflict: None,
        clauses: &[
            baseline(
                "BASE-CODE-1",
                "A code is good for one use.",
                "コードは一度しか使えない。",
                &["base-code-is-good-for-one-use"],
            ),
            baseline(
                "BASE-CODE-2",
                "A code is bound to the attempt and browser that asked for it.",
                "コードは求めたログインとブラウザに結び付く。",
                &["base-code-is-bound-to-its-browser"],
            ),
            baseline(
                "BASE-CODE-3",
                "A code is bound to its account.",
                "コードはアカウントに結び付く。",
                &["base-code-is-bound-to-its-account"],
            ),
            baseline(
                "BASE-CODE-4",
                "Wrong codes are limited.",
                "誤ったコードの入力回数には上限がある。",
                &["base-code-guesses-are-limited"],
            ),
            baseline(
                "BASE-CODE-5",
                "A code is good for one use also under 50 parallel submissions.",
                "コードは50件を同時に送信しても一度しか使えない。",
                &["base-code-is-good-for-one-use-in-parallel"],
            ),
            baseline(
                "BASE-CODE-6",
                "The limit of wrong codes holds under parallel guesses.",
                "誤ったコードの上限は同時に試しても守られる。",
                &["base-code-guess-limit-holds-in-parallel"],
            ),
        ],
    },
    Rule {
        id: "BASE-COOKIE",
        title: "attributes of cookies",
        title_ja: "Cookieの属性",
        source: "OWASP ASVS 5.0 3.3; RFC 6265bis",
        conflict: None,
        clauses: &[
            baseline(
                "BASE-COOKIE-1",
                "Every cookie is HttpOnly, has SameSite, no Domain, and is Secure on https.",
                "CookieはHttpOnlyとSameSiteを持ち、Domainはなく、httpsではSecure。",
                &["base-cookie-attributes-are-strict"],
            ),
            baseline(
                "BASE-COOKIE-2",
                "The skip cookie's Max-Age or Expires agrees with the 90 days.",
                "省略のCookieの期限は90日と一致する。",
                &["base-cookie-lifetime-agrees-with-the-skip"],
            ),
        ],
    },
    Rule {
        id: "BASE-SESSION",
        title: "the session",
        title_ja: "ログイン状態",
        source: "OWASP ASVS 5.0 7; OWASP WSTG 4.6",
        conflict: None,
        clauses: &[
            baseline(
                "BASE-SESSION-1",
                "The session id is new at sign-in.",
                "ログインのたびに状態のIDは新しくなる。",
                &["base-session-id-is-new-at-sign-in"],
            ),
            baseline(
                "BASE-SESSION-2",
                "Signing out ends the session on the server.",
                "ログアウトはサーバー側でも状態を終える。",
                &["base-session-ends-on-the-server"],
            ),
            baseline(
                "BASE-SESSION-3",
                "A state change without the browser's own token is refused.",
                "ブラウザ自身のトークンがない変更は拒まれる。",
                &["base-session-changes-need-the-token"],
            ),
            baseline(
                "BASE-SESSION-4",
                "Screens with the code field or My Page are not stored in caches.",
                "コード入力画面とマイページはキャッシュに残らない。",
                &["base-session-screens-are-not-cached"],
            ),
        ],
    },
    Rule {
        id: "BASE-ACCOUNT",
        title: "no enumeration",
        title_ja: "登録の有無の秘匿",
        source: "OWASP ASVS 5.0 6.3; OWASP WSTG 4.3.4",
        conflict: None,
        clauses: &[baseline(
            "BASE-ACCOUNT-1",
            "An unknown ID and a wrong password are answered alike, in status and text.",
            "未登録のIDとパスワード誤りは、状態も文面も同じ応答になる。",
            &["base-account-unknown-and-wrong-look-alike"],
        )],
    },
];
