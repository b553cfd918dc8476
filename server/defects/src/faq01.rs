//! FAQ-01, delivery of the code: twice, to too many, in the wrong place, unreadable.

use sekisho_server::core::{AccountState, Attempt, Code, Draw, Page, Standing};
use sekisho_server::decisions::{Notice, NoticeContext, Occasion, PageContext, Recipients};
use sekisho_server::mail::Letter;
use sekisho_server::{Conforming, Decisions, Screen};

use crate::Defect;
use crate::defect::defects;
use crate::notices::{notice_if, third_party};

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-01":
    "a", "faq01-code-is-mailed-twice",
        "Each code is mailed in two mails." => MailedTwice;
    "b", "faq01-code-goes-to-a-third-party-by-bcc",
        "A third party gets every code as a blind copy, which no header shows." => BlindCopy;
    "b", "faq01-code-goes-to-a-third-party-by-cc",
        "A third party gets every code as an open copy." => OpenCopy;
    "c", "faq01-wrong-password-is-mailed",
        "A wrong password is told to the account's owner by mail." => WrongPasswordIsMailed;
    "c", "faq01-unknown-id-is-mailed",
        "An ID that nobody has gets a mail that says so." => UnknownIdIsMailed;
    "d", "faq01-mail-names-another-code",
        "The mail names the code after the one that is expected." => MailNamesAnotherCode;
    "e", "faq01-my-page-opens-before-the-code",
        "My Page opens once the password was right." => MyPageOpensEarly;
    "e", "faq01-settings-open-before-the-code",
        "The settings open once the password was right." => SettingsOpenEarly;
    "f", "faq01-code-stands-in-a-header",
        "A header of the answers tells the code." => CodeInHeader;
    "f", "faq01-code-stands-in-a-cookie",
        "A cookie tells the code." => CodeInCookie;
    "f", "faq01-code-stands-on-the-page",
        "A hidden field of the code entry screen holds the code." => CodeOnPage;
    "g", "faq01-every-attempt-gets-the-same-code",
        "Each attempt is mailed the code of the one before." => SameCode;
    "h", "faq01-mail-has-two-numbers",
        "Beside the code the mail has a reference number that looks like another code." => TwoNumbers;
    "h", "faq01-subject-is-question-marks",
        "The subject was put through a character set without Japanese." => SubjectIsQuestionMarks;
    "h", "faq01-text-is-mangled",
        "Some characters of the text were lost on the way through a wrong decoder." => TextIsMangled;
];

struct MailedTwice;

impl Decisions for MailedTwice {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        let account = context.account.filter(|_| context.occasion == Occasion::CodeMailed)?;
        let letter = Conforming.code_letter(&account.attempts.back()?.code, account);
        Some(Notice { to: account.address.clone(), letter })
    }
}

struct BlindCopy;

impl Decisions for BlindCopy {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        Recipients { bcc: third_party(), ..Conforming.code_recipients(account) }
    }
}

struct OpenCopy;

impl Decisions for OpenCopy {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        Recipients { cc: third_party(), ..Conforming.code_recipients(account) }
    }
}

struct WrongPasswordIsMailed;

impl Decisions for WrongPasswordIsMailed {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        notice_if(Occasion::WrongPassword, context, "ログイン失敗のお知らせ", "パスワードが正しくありませんでした。")
    }
}

struct UnknownIdIsMailed;

impl Decisions for UnknownIdIsMailed {
    fn notice_on(&self, context: &NoticeContext<'_>) -> Option<Notice> {
        notice_if(Occasion::UnknownId, context, "ログイン失敗のお知らせ", "このメールアドレスは登録されていません。")
    }
}

struct MailNamesAnotherCode;

impl Decisions for MailNamesAnotherCode {
    fn code_letter(&self, code: &Code, account: &AccountState) -> Letter {
        let value: u32 = code.as_str().parse().unwrap_or_default();
        Conforming.code_letter(&Code::from_value(value + 1), account)
    }
}

struct MyPageOpensEarly;

impl Decisions for MyPageOpensEarly {
    fn page_opens(&self, page: Page, standing: Standing) -> bool {
        Conforming.page_opens(page, standing) || (page, standing) == (Page::MyPage, Standing::HalfSignedIn)
    }
}

struct SettingsOpenEarly;

impl Decisions for SettingsOpenEarly {
    fn page_opens(&self, page: Page, standing: Standing) -> bool {
        Conforming.page_opens(page, standing) || (page, standing) == (Page::Settings, Standing::HalfSignedIn)
    }
}

struct CodeInHeader;

impl Decisions for CodeInHeader {
    fn extra_response_headers(&self, page: &PageContext<'_>) -> Vec<(String, String)> {
        let header = |attempt: &Attempt| ("x-debug-code".to_owned(), attempt.code.as_str().to_owned());
        page.attempt.map(header).into_iter().collect()
    }
}

struct CodeInCookie;

impl Decisions for CodeInCookie {
    fn extra_response_headers(&self, page: &PageContext<'_>) -> Vec<(String, String)> {
        let cookie = |attempt: &Attempt| {
            ("set-cookie".to_owned(), format!("expected={}; HttpOnly; SameSite=Lax; Path=/", attempt.code.as_str()))
        };
        page.attempt.map(cookie).into_iter().collect()
    }
}

struct CodeOnPage;

impl Decisions for CodeOnPage {
    fn extra_page_html(&self, page: &PageContext<'_>) -> String {
        match (page.screen, page.attempt) {
            (Some(Screen::CodeEntry), Some(attempt)) => {
                format!("<input type=\"hidden\" name=\"expected\" value=\"{}\">", attempt.code.as_str())
            }
            _ => String::new(),
        }
    }
}

struct SameCode;

impl Decisions for SameCode {
    fn code_for_attempt(&self, previous: Option<&Attempt>, draw: &mut dyn Draw) -> Code {
        previous.map_or_else(|| draw.code(), |previous| previous.code)
    }
}

struct TwoNumbers;

impl Decisions for TwoNumbers {
    fn code_letter(&self, code: &Code, account: &AccountState) -> Letter {
        let letter = Conforming.code_letter(code, account);
        Letter { body: format!("{}受付番号：250813\n", letter.body), ..letter }
    }
}

struct SubjectIsQuestionMarks;

impl Decisions for SubjectIsQuestionMarks {
    fn code_letter(&self, code: &Code, account: &AccountState) -> Letter {
        let letter = Conforming.code_letter(code, account);
        let subject = letter.subject.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        Letter { subject, ..letter }
    }
}

struct TextIsMangled;

impl Decisions for TextIsMangled {
    fn code_letter(&self, code: &Code, account: &AccountState) -> Letter {
        let letter = Conforming.code_letter(code, account);
        Letter { body: letter.body.replace("有効期間", "有\u{fffd}\u{fffd}間"), ..letter }
    }
}
