//! What good practice asks beyond the source. Reported apart, with its own verdict.
//!
//! Each clause names the standard that asks for it. Where the service's own rule says otherwise, the clause is not judged: both
//! sides are reported as a conflict.

use crate::rule::{Rule, baseline, unobservable};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "BASE-CODE",
        title: "the code withstands misuse",
        title_ja: "コードの堅牢さ",
        source: "OWASP ASVS 5.0 6.5, 6.6; NIST SP 800-63B-4 section 3.1.3",
        conflict: Some(
            "NIST SP 800-63B-4 section 3.1.3.2 and OWASP ASVS 5.0 6.5.5 give a code at most 10 minutes, section 3.1.3.1 and \
             6.3.6 do not allow mail as its channel; FAQ-03 gives it 30 minutes, and FAQ-01 mails it. BASE-CODE-20 and BASE-CODE-21 \
             are reported and not judged.",
        ),
        clauses: &[
            baseline(
                "BASE-CODE-1",
                "A code is good for one use.",
                "コードは一度しか使えない。",
                &["base-code-is-good-for-one-use"],
            )
            .by("OWASP ASVS 5.0 6.5.1; NIST SP 800-63B-4 section 3.1.3.2"),
            baseline(
                "BASE-CODE-2",
                "A code is bound to the attempt and browser that asked for it.",
                "コードは求めたログインとブラウザに結び付く。",
                &["base-code-is-bound-to-its-browser"],
            )
            .by("OWASP ASVS 5.0 6.6.2"),
            baseline(
                "BASE-CODE-3",
                "A code is bound to its account.",
                "コードはアカウントに結び付く。",
                &["base-code-is-bound-to-its-account"],
            )
            .by("OWASP ASVS 5.0 6.6.2"),
            baseline(
                "BASE-CODE-4",
                "Wrong codes are limited.",
                "誤ったコードの入力回数には上限がある。",
                &["base-code-guesses-are-limited"],
            )
            .by("OWASP ASVS 5.0 6.6.3; NIST SP 800-63B-4 section 3.2.2"),
            baseline(
                "BASE-CODE-5",
                "A code is good for one use also under 50 parallel submissions.",
                "コードは50件を同時に送信しても一度しか使えない。",
                &["base-code-is-good-for-one-use-in-parallel"],
            )
            .by("OWASP ASVS 5.0 6.5.1, 15.4.2"),
            baseline(
                "BASE-CODE-6",
                "The limit of wrong codes holds under parallel guesses.",
                "誤ったコードの上限は同時に試しても守られる。",
                &["base-code-guess-limit-holds-in-parallel"],
            )
            .by("OWASP ASVS 5.0 6.6.3, 15.4.2"),
            baseline(
                "BASE-CODE-7",
                "Starting over does not reset the limit of wrong codes.",
                "ログインをやり直しても、誤入力の上限は元に戻らない。",
                &["base-code-starting-over-gives-no-fresh-guesses"],
            )
            .by("NIST SP 800-63B-4 section 3.2.2; OWASP ASVS 5.0 6.6.3"),
            baseline(
                "BASE-CODE-8",
                "Another session or browser does not reset the limit of wrong codes.",
                "別のセッションやブラウザでも、誤入力の上限は元に戻らない。",
                &["base-code-another-browser-gives-no-fresh-guesses"],
            )
            .by("NIST SP 800-63B-4 section 3.2.2; OWASP ASVS 5.0 6.6.3"),
            baseline(
                "BASE-CODE-9",
                "What a request claims of its origin (X-Forwarded-For and the like) does not reset the limit of wrong codes.",
                "送信元を名乗るヘッダー(X-Forwarded-Forなど)でも、誤入力の上限は元に戻らない。",
                &["base-code-a-claimed-origin-gives-no-fresh-guesses"],
            )
            .by("OWASP ASVS 5.0 4.1.3, 6.6.3"),
            baseline(
                "BASE-CODE-10",
                "The mails that one address gets are limited.",
                "一つのアドレスに送られるメールの数には上限がある。",
                &["base-code-mails-are-limited"],
            )
            .by("OWASP ASVS 5.0 2.4.1"),
            baseline(
                "BASE-CODE-11",
                "A code that a newer one has followed is treated as the target declares.",
                "新しいコードが送られた後の古いコードは、対象の宣言どおりに扱われる。",
                &["base-code-superseded-code-is-treated-as-declared"],
            )
            .by("OWASP ASVS 5.0 6.6.2; the profile's `policies.superseded`"),
            baseline(
                "BASE-CODE-12",
                "An empty, missing or blank code signs nobody in and is no server error.",
                "空、欠落、空白だけのコードではログインできず、サーバーエラーにもならない。",
                &["base-code-empty-codes-are-refused"],
            )
            .by("OWASP ASVS 5.0 2.2.1, 16.5.3"),
            baseline(
                "BASE-CODE-13",
                "A code with a null byte, or of bytes that are no text, signs nobody in and is no server error.",
                "ヌル文字や文字でないバイトを含むコードではログインできず、サーバーエラーにもならない。",
                &["base-code-bytes-that-are-no-text-are-refused"],
            )
            .by("OWASP ASVS 5.0 2.2.1, 16.5.3"),
            baseline(
                "BASE-CODE-14",
                "A code that is given several times, or as an array, signs nobody in and is no server error.",
                "複数回、または配列で送られたコードではログインできず、サーバーエラーにもならない。",
                &["base-code-repeated-codes-are-refused"],
            )
            .by("OWASP ASVS 5.0 2.2.1, 15.3.7; OWASP WSTG-INPV-04"),
            baseline(
                "BASE-CODE-15",
                "An over-long code signs nobody in and is no server error.",
                "長すぎるコードではログインできず、サーバーエラーにもならない。",
                &["base-code-over-long-codes-are-refused"],
            )
            .by("OWASP ASVS 5.0 2.2.1, 16.5.3"),
            baseline(
                "BASE-CODE-16",
                "Full-width digits count as digits or are refused; they are no server error.",
                "全角数字は数字として受け付けるか拒否し、サーバーエラーにはならない。",
                &["base-code-full-width-digits-do-no-harm"],
            )
            .by("OWASP ASVS 5.0 1.1.1, 16.5.3"),
            baseline(
                "BASE-CODE-17",
                "A code that looks like part of a query signs nobody in and is no server error.",
                "問い合わせ文の一部のようなコードではログインできず、サーバーエラーにもならない。",
                &["base-code-query-like-codes-are-refused"],
            )
            .by("OWASP ASVS 5.0 1.2.4; OWASP WSTG-INPV-05"),
            baseline(
                "BASE-CODE-18",
                "Codes are drawn from at least a million equally likely values (statistical: over 10,000 mails, error rate 1 in a million).",
                "コードは100万通り以上から等しい確率で選ばれる(統計的検査。1万通、誤判定は100万分の1)。",
                &["base-code-values-are-equally-likely"],
            )
            .by("NIST SP 800-63B-4 section 3.1.3.2; OWASP ASVS 5.0 6.5.3, 6.5.4"),
            baseline(
                "BASE-CODE-19",
                "Leading zeros are kept (statistical: over 10,000 mails, error rate 1 in a million).",
                "先頭の0は省かれない(統計的検査。1万通、誤判定は100万分の1)。",
                &["base-code-leading-zeros-are-kept"],
            )
            .by("NIST SP 800-63B-4 section 3.1.3.2"),
            baseline(
                "BASE-CODE-20",
                "A code is good for at most 10 minutes (reported, not judged: FAQ-03 gives it 30).",
                "コードの有効期間は10分以内(FAQ-03は30分とするため、判定せず報告する)。",
                &["base-code-ten-minutes-conflict-with-faq03"],
            )
            .by("NIST SP 800-63B-4 section 3.1.3.2; OWASP ASVS 5.0 6.5.5"),
            baseline(
                "BASE-CODE-21",
                "Mail is no channel of a one-time code (reported, not judged: FAQ-01 mails it).",
                "メールはワンタイムパスワードの経路として認められない(FAQ-01がメールで送るため、判定せず報告する)。",
                &["base-code-mail-as-channel-conflicts-with-faq01"],
            )
            .by("NIST SP 800-63B-4 section 3.1.3.1; OWASP ASVS 5.0 6.3.6"),
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
                "Every cookie is HttpOnly, has SameSite, and no Domain.",
                "CookieはHttpOnlyとSameSiteを持ち、Domainはない。",
                &["base-cookie-attributes-are-strict"],
            )
            .by("OWASP ASVS 5.0 3.3.2, 3.3.4; RFC 6265bis sections 4.1.2.3, 4.1.2.6, 4.1.2.7"),
            baseline(
                "BASE-COOKIE-2",
                "The skip cookie's Max-Age or Expires agrees with the 90 days.",
                "省略のCookieの期限は90日と一致する。",
                &["base-cookie-lifetime-agrees-with-the-skip"],
            )
            .by("RFC 6265bis sections 4.1.2.1, 4.1.2.2; FAQ answer 8"),
            baseline(
                "BASE-COOKIE-3",
                "Every cookie has a Path.",
                "CookieはPathを持つ。",
                &["base-cookie-path-is-given"],
            )
            .by("RFC 6265bis section 4.1.2.4; OWASP WSTG-SESS-02"),
            baseline(
                "BASE-COOKIE-4",
                "On https every cookie is Secure (not applicable on plain http).",
                "httpsではCookieはSecure(平文のhttpでは対象外)。",
                &["base-cookie-is-secure-on-https"],
            )
            .by("OWASP ASVS 5.0 3.3.1; RFC 6265bis section 4.1.2.5"),
            baseline(
                "BASE-COOKIE-5",
                "On https the cookies of session and skip bear the `__Host-` prefix (not applicable on plain http).",
                "httpsではログイン状態と省略のCookieの名前は`__Host-`で始まる(平文のhttpでは対象外)。",
                &["base-cookie-host-prefix-is-used-on-https"],
            )
            .by("OWASP ASVS 5.0 3.3.3; RFC 6265bis section 4.1.3.2"),
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
            )
            .by("OWASP ASVS 5.0 7.2.4; OWASP WSTG-SESS-03"),
            baseline(
                "BASE-SESSION-2",
                "Signing out ends the session on the server.",
                "ログアウトはサーバー側でも状態を終える。",
                &["base-session-ends-on-the-server"],
            )
            .by("OWASP ASVS 5.0 7.4.1; OWASP WSTG-SESS-06"),
            baseline(
                "BASE-SESSION-3",
                "A resume or a change of the address without the browser's own token is refused.",
                "ブラウザ自身のトークンがない入力再開やアドレス変更は拒まれる。",
                &["base-session-changes-need-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-4",
                "Screens with the code field or My Page are not stored in caches.",
                "コード入力画面とマイページはキャッシュに残らない。",
                &["base-session-screens-are-not-cached"],
            )
            .by("OWASP ASVS 5.0 14.3.2; OWASP WSTG-ATHN-06"),
            baseline(
                "BASE-SESSION-5",
                "Between password and code no page and no form behind the sign-in opens or changes anything.",
                "パスワードの後、コードの前は、ログイン後のどの画面も開かず、どのフォームも何も変えない。",
                &["base-session-half-signed-in-opens-nothing"],
            )
            .by("OWASP ASVS 5.0 6.3.3, 8.2.1; OWASP WSTG-ATHN-11"),
            baseline(
                "BASE-SESSION-6",
                "A sign-in form without the browser's own token is refused.",
                "ブラウザ自身のトークンがないログインは拒まれる。",
                &["base-session-signing-in-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-7",
                "A code without the browser's own token is refused.",
                "ブラウザ自身のトークンがないコードの送信は拒まれる。",
                &["base-session-the-code-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-8",
                "A skip is not confirmed without the browser's own token.",
                "ブラウザ自身のトークンがなければ省略は設定されない。",
                &["base-session-confirming-a-skip-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-9",
                "The confirmation of a skip is not cancelled without the browser's own token.",
                "ブラウザ自身のトークンがなければ省略の確認は取り消されない。",
                &["base-session-cancelling-a-skip-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-10",
                "Nobody is signed out without the browser's own token.",
                "ブラウザ自身のトークンがなければログアウトされない。",
                &["base-session-signing-out-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-11",
                "A password is not changed without the browser's own token.",
                "ブラウザ自身のトークンがなければパスワードは変わらない。",
                &["base-session-a-new-password-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-12",
                "An additional account is not registered without the browser's own token.",
                "ブラウザ自身のトークンがなければ追加アカウントは登録されない。",
                &["base-session-an-additional-account-needs-the-token"],
            )
            .by("OWASP ASVS 5.0 3.5.1; OWASP WSTG-SESS-05"),
            baseline(
                "BASE-SESSION-13",
                "The screens of the settings are not stored in caches either.",
                "各種設定の画面もキャッシュに残らない。",
                &["base-session-settings-are-not-cached"],
            )
            .by("OWASP ASVS 5.0 14.3.2; OWASP WSTG-ATHN-06"),
        ],
    },
    Rule {
        id: "BASE-ACCOUNT",
        title: "accounts, and their mails",
        title_ja: "アカウントとそのメール",
        source: "OWASP ASVS 5.0 6.3; OWASP WSTG 4.3.4",
        conflict: None,
        clauses: &[
            baseline(
                "BASE-ACCOUNT-1",
                "An unknown ID and a wrong password are answered alike, in status and text.",
                "未登録のIDとパスワード誤りは、状態も文面も同じ応答になる。",
                &["base-account-unknown-and-wrong-look-alike"],
            )
            .by("OWASP ASVS 5.0 6.3.8; OWASP WSTG-IDNT-04"),
            baseline(
                "BASE-ACCOUNT-2",
                "An unknown ID and a wrong password are answered at the same length.",
                "未登録のIDとパスワード誤りは、同じ長さの応答になる。",
                &["base-account-unknown-and-wrong-are-equally-long"],
            )
            .by("OWASP ASVS 5.0 6.3.8; OWASP WSTG-IDNT-04"),
            baseline(
                "BASE-ACCOUNT-3",
                "An unknown ID and a wrong password are answered in the same time (statistical: two-sample test, error rate 1 in a million).",
                "未登録のIDとパスワード誤りは、同じ時間で応答される(統計的検査。二標本検定、誤判定は100万分の1)。",
                &["base-account-unknown-and-wrong-take-as-long"],
            )
            .by("OWASP ASVS 5.0 6.3.8; OWASP WSTG-IDNT-04"),
            baseline(
                "BASE-ACCOUNT-4",
                "Another password does to the skips what the target declares.",
                "パスワードの変更は、省略の設定を対象の宣言どおりに扱う。",
                &["base-account-another-password-treats-skips-as-declared"],
            )
            .by("OWASP ASVS 5.0 7.4.3; the profile's `policies.skips_after_password_change`"),
            baseline(
                "BASE-ACCOUNT-5",
                "Another address does to the skips what the target declares.",
                "メールアドレスの変更は、省略の設定を対象の宣言どおりに扱う。",
                &["base-account-another-address-treats-skips-as-declared"],
            )
            .by("OWASP ASVS 5.0 7.4.3; the profile's `policies.skips_after_address_change`"),
            baseline(
                "BASE-ACCOUNT-6",
                "The host that a request names never reaches the mail.",
                "リクエストが名乗るホスト名はメールに現れない。",
                &["base-account-a-claimed-host-never-reaches-the-mail"],
            )
            .by("OWASP WSTG-INPV-17; OWASP ASVS 5.0 4.1.3"),
            baseline(
                "BASE-ACCOUNT-7",
                "A sign-in ID adds neither recipients nor header fields to the mail.",
                "ログインIDから、メールの宛先やヘッダーは増えない。",
                &["base-account-the-sign-in-id-adds-no-recipient"],
            )
            .by("OWASP ASVS 5.0 1.3.11; OWASP WSTG-INPV-10"),
            baseline(
                "BASE-ACCOUNT-8",
                "A new address adds neither recipients nor header fields to the mail.",
                "新しいメールアドレスから、メールの宛先やヘッダーは増えない。",
                &["base-account-a-new-address-adds-no-recipient"],
            )
            .by("OWASP ASVS 5.0 1.3.11; OWASP WSTG-INPV-10"),
        ],
    },
    Rule {
        id: "BASE-LOAD",
        title: "under load",
        title_ja: "負荷の下で",
        source: "OWASP ASVS 5.0 15.4; NIST SP 800-63B-4 section 3.1.3.2",
        conflict: None,
        clauses: &[
            unobservable(
                "BASE-LOAD-1",
                "No code is dead on arrival, its mail later than its validity.",
                "届いた時に期限が切れているコードはない。",
                "under load only: `sekisho load` counts the codes whose mail came after their validity (`mail.dead_on_arrival`)",
            )
            .by("FAQ answer 3"),
            baseline(
                "BASE-LOAD-2",
                "Nobody is shown another user's My Page, however many look at theirs at once.",
                "同時に何人が見ても、ほかの人のマイページは表示されない。",
                &["base-load-my-page-shows-its-owner"],
            )
            .by("OWASP ASVS 5.0 8.2.2, 14.3.2"),
            unobservable(
                "BASE-LOAD-3",
                "No two nodes of a target accept the same code.",
                "対象の二つのノードが同じコードを受け付けることはない。",
                "the nodes behind one address cannot be told apart from outside: codes sent many times at once reach as many of them \
                 as the target spreads requests over",
            )
            .by("NIST SP 800-63B-4 section 3.1.3.2"),
        ],
    },
];
