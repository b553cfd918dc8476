//! Every decision a rule makes, one method each.
//!
//! The default methods are the right behaviour, and [`Conforming`] is nothing but them. Core, mail and pages decide
//! nothing a rule speaks of by themselves: they ask here, at one place per decision, and hand over all that could bear on
//! it. No state and no I/O live here.

mod context;

use std::time::Duration;

use http::StatusCode;

pub use context::{
    Change, FormFault, GuessContext, NoticeContext, Occasion, PageContext, PostContext, Posted, SignInContext, Step,
};

use crate::core::{
    AccountState, Address, AddressChange, Attempt, BrowserTag, CODE_MAILS_PER_HOUR, CODE_VALID, Claims, Code, Delivery,
    Draw, Identity, MAX_ADDITIONAL_ACCOUNTS, Moment, NUMBER_MAILS_PER_HOUR, NUMBER_VALID, Page, Portal,
    REFUSED_IDS_PER_HOUR, SESSION_VALID, SKIP_VALID, Session, Skip, SkipCheck, Slot, Standing, Token, TokenHash,
    WRONG_CODES_PER_ATTEMPT, WRONG_CODES_PER_HOUR, WRONG_NUMBERS_PER_CHANGE, WRONG_PASSWORDS_PER_HOUR,
    after_business_days, normalised,
};
use crate::mail::{Letter, address_notice, code_letter, number_letter, password_notice};
use crate::pages::Screen;

/// Who gets a code mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients {
    /// Named in `To`.
    pub to: Vec<Address>,
    /// Named in `Cc`.
    pub cc: Vec<Address>,
    /// Named in the envelope only.
    pub bcc: Vec<Address>,
}

/// A mail that is not a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who gets it.
    pub to: Address,
    /// What it says.
    pub letter: Letter,
}

/// The server's cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind {
    /// Tells browsers apart before they sign in.
    Browser,
    /// An open attempt.
    Attempt,
    /// A session.
    Session,
    /// A skip.
    Skip,
}

/// How a cookie is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieAttributes {
    /// Kept from scripts.
    pub http_only: bool,
    /// Sent over TLS only.
    pub secure: bool,
    /// The value of `SameSite`.
    pub same_site: cookie::SameSite,
    /// The value of `Path`.
    pub path: &'static str,
    /// The value of `Domain`; none keeps the cookie to this host.
    pub domain: Option<String>,
    /// Whether the name bears the `__Host-` prefix.
    pub host_prefix: bool,
    /// How long the browser keeps it; none: till the browser is closed.
    pub max_age: Option<Duration>,
}

/// The decisions. Every default method is what the rules say; an implementation that overrides one breaks that rule.
pub trait Decisions: Send + Sync {
    // --- signing in -------------------------------------------------------------------------------------------------

    /// NOTICE-1 a, b, d; NOTICE-2; FAQ-15 a: from go-live on, this instant included, every sign-in of every portal needs
    /// a code, whoever else is signed in in the browser.
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        sign_in.now >= sign_in.go_live
    }

    /// FAQ-06 e: a skip stands in for the code, never for the password.
    fn password_is_accepted(&self, pair_is_right: bool, _skip_lets_in: bool) -> bool {
        pair_is_right
    }

    /// FAQ-02: every browser is served, whatever it calls itself.
    fn serves_user_agent(&self, _user_agent: &str) -> bool {
        true
    }

    /// FAQ-14: a browser that keeps no cookies is told so at the sign-in; nothing is mailed and nothing begins.
    fn stops_without_cookies(&self) -> bool {
        true
    }

    /// FAQ-14: and it is told with an ordinary refusal.
    fn status_without_cookies(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    /// BASE (no enumeration): one text for a wrong password and an unknown ID.
    fn wrong_pair_text(&self, _id_is_known: bool) -> &'static str {
        "ID（メールアドレス）またはパスワードが正しくありません。"
    }

    /// BASE (no enumeration): a password is worked on as long for an unknown ID as for a known one.
    fn works_on_passwords_of_unknown_ids(&self) -> bool {
        true
    }

    /// BASE: an address is taken as it was typed, as a whole, or not at all: no line of it is a header of a mail.
    fn typed_address<'a>(&self, typed: &'a str) -> &'a str {
        typed
    }

    /// BASE: a body that is no form is the caller's fault, whatever is wrong with it.
    fn status_of_faulty_form(&self, _fault: FormFault) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    // --- the code and its mail --------------------------------------------------------------------------------------

    /// FAQ-01 g: each attempt gets a code of its own, uniform over all codes.
    fn code_for_attempt(&self, _previous: Option<&Attempt>, draw: &mut dyn Draw) -> Code {
        draw.code()
    }

    /// NOTICE-3, NOTICE-4, FAQ-01 a, b, FAQ-15 b: the account's registered address and nobody else.
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        Recipients { to: vec![account.address.clone()], cc: Vec::new(), bcc: Vec::new() }
    }

    /// FAQ-01 h: what the mail says; exactly one number in it looks like a code.
    fn code_letter(&self, code: &Code, account: &AccountState) -> Letter {
        code_letter(code, account.identity.portal)
    }

    /// BASE: nothing that a request claims reaches the mail. Text that is put at its end, taken over as it stands.
    fn extra_letter_text(&self, _claims: &Claims) -> String {
        String::new()
    }

    /// FAQ-01 a, c, FAQ-06 f, FAQ-09 b: on none of these occasions is anything mailed.
    fn notice_on(&self, _context: &NoticeContext<'_>) -> Option<Notice> {
        None
    }

    /// Policy: a bounded number of codes per account and hour, far above what anybody needs who starts over (FAQ-04 c).
    fn code_mails_are_used_up(&self, mailed_within_the_hour: usize) -> bool {
        mailed_within_the_hour >= CODE_MAILS_PER_HOUR
    }

    /// FAQ-05 b: where the mail was refused, the attempt ends and its next screen says why; there is no other way in.
    fn refused_mail_ends_attempt(&self, attempt: &Attempt) -> bool {
        attempt.delivery == Delivery::Refused
    }

    // --- finishing an attempt ---------------------------------------------------------------------------------------

    /// FAQ-03 a, b: a code is valid for 30 minutes; the exact instant still is.
    fn code_is_in_time(&self, starts: Moment, now: Moment) -> bool {
        now <= starts + CODE_VALID
    }

    /// FAQ-03 c, f: counted from its issue, whatever was looked at or typed since.
    fn validity_starts(&self, issued: Moment, _last_seen: Moment) -> Moment {
        issued
    }

    /// FAQ-01 d, g; FAQ-03 e: the code mailed for this attempt and no other, compared in constant time.
    fn code_is_right(&self, typed: &str, attempt: &Attempt, _account: &AccountState) -> bool {
        Code::parse(typed).is_some_and(|code| code.matches(&attempt.code))
    }

    /// BASE: full-width digits count as digits, and blanks round a code do not count; no other text is made into a code.
    fn typed_code(&self, typed: &str) -> String {
        normalised(typed)
    }

    /// Policy: the newest attempt supersedes the older ones.
    fn attempt_is_superseded(&self, attempt: &Attempt, newest: &Attempt) -> bool {
        attempt.token != newest.token
    }

    /// BASE: an attempt is finished in the browser that began it.
    fn attempt_belongs_to(&self, attempt: &Attempt, browser: &BrowserTag) -> bool {
        attempt.browser == *browser
    }

    /// BASE: a code signs in once.
    fn code_is_spent(&self, attempt: &Attempt) -> bool {
        attempt.used
    }

    /// BASE: wrong codes end the attempt.
    fn wrong_codes_end_attempt(&self, attempt: &Attempt) -> bool {
        attempt.wrong_codes >= WRONG_CODES_PER_ATTEMPT
    }

    /// BASE: wrong codes are limited per account too, so that starting over gives no fresh guesses for ever.
    fn wrong_codes_close_account(&self, wrong_within_the_hour: usize) -> bool {
        wrong_within_the_hour >= WRONG_CODES_PER_HOUR
    }

    /// BASE: all wrong codes of an account count together: neither another browser nor what a request claims of its origin
    /// takes any of them off.
    fn wrong_codes_that_count(&self, guesses: &GuessContext<'_>) -> usize {
        guesses.wrong_within_the_hour
    }

    // --- sessions and pages -----------------------------------------------------------------------------------------

    /// FAQ-01 e, FAQ-05 a, FAQ-12 g: nothing opens before the sign-in is complete.
    fn page_opens(&self, _page: Page, standing: Standing) -> bool {
        standing == Standing::SignedIn
    }

    /// BASE: every sign-in gets a token of its own, whatever the browser showed before.
    fn session_token(&self, _shown: Option<&Token>, draw: &mut dyn Draw) -> Token {
        draw.token()
    }

    /// NOTICE-1 c and policy: a session holds its twelve hours, past go-live too.
    fn session_holds(&self, session: &Session, now: Moment) -> bool {
        now <= session.opened_at + SESSION_VALID
    }

    /// BASE: signing out ends the session on the server.
    fn sign_out_ends_session(&self) -> bool {
        true
    }

    /// BASE: a form counts only with the browser's own token, and not from another site.
    fn accepts_form(&self, post: &PostContext) -> bool {
        post.token_matches && !post.is_cross_site
    }

    /// BASE: HttpOnly, SameSite, Path=/, no Domain; on https Secure and `__Host-`; a skip's Max-Age is its 90 days.
    fn cookie_attributes(&self, kind: CookieKind, https: bool) -> CookieAttributes {
        CookieAttributes {
            http_only: true,
            secure: https,
            same_site: cookie::SameSite::Lax,
            path: "/",
            domain: None,
            host_prefix: https,
            max_age: (kind == CookieKind::Skip).then_some(SKIP_VALID),
        }
    }

    /// BASE: pages are kept by nobody.
    fn cache_control(&self, _screen: Option<Screen>) -> &'static str {
        "no-store"
    }

    /// BASE: a page bears the name of its own account.
    fn name_shown(&self, account: &Identity) -> String {
        account.name.clone()
    }

    /// FAQ-01 f: nothing more in the head of an answer; the code least of all. Pairs of name and value.
    fn extra_response_headers(&self, _page: &PageContext<'_>) -> Vec<(String, String)> {
        Vec::new()
    }

    /// FAQ-01 f, FAQ-05 a, FAQ-09 a, FAQ-12 f, FAQ-13 c: nothing more on a page: no code, no remaining days, no list of
    /// devices, no other button. HTML, taken over as it stands.
    fn extra_page_html(&self, _page: &PageContext<'_>) -> String {
        String::new()
    }

    /// FAQ-05 b: a user is told of a refused mail with an ordinary refusal.
    fn status_after_refused_mail(&self) -> StatusCode {
        StatusCode::GONE
    }

    // --- changing the address ---------------------------------------------------------------------------------------

    /// NOTICE-4: the change is offered to who is signed in, before go-live too.
    fn address_change_is_offered(&self, _now: Moment) -> bool {
        true
    }

    /// NOTICE-4: nothing changes before the new address has shown that it reaches the user.
    fn address_change_is_confirmed(&self) -> bool {
        true
    }

    /// NOTICE-4: the confirmation number goes to the new address and to nobody else.
    fn number_recipients(&self, _account: &AccountState, new_address: &Address) -> Recipients {
        Recipients { to: vec![new_address.clone()], cc: Vec::new(), bcc: Vec::new() }
    }

    /// NOTICE-4: what that mail says; it cannot be taken for one with a code.
    fn number_letter(&self, number: &Code, account: &AccountState) -> Letter {
        number_letter(number, account.identity.portal)
    }

    /// NOTICE-4: the number that was mailed for this change and no other, compared in constant time.
    fn number_is_right(&self, typed: &str, change: &AddressChange) -> bool {
        change.number.is_some_and(|number| Code::parse(typed).is_some_and(|typed| typed.matches(&number)))
    }

    /// Policy: a number is valid as long as a code; the exact instant still is.
    fn number_is_in_time(&self, asked_at: Moment, now: Moment) -> bool {
        now <= asked_at + NUMBER_VALID
    }

    /// BASE: a change is confirmed in the session that asked for it.
    fn address_change_belongs_to(&self, change: &AddressChange, holder: &TokenHash) -> bool {
        change.holder == *holder
    }

    /// BASE: wrong numbers end the change.
    fn wrong_numbers_end_change(&self, wrong: u32) -> bool {
        wrong >= WRONG_NUMBERS_PER_CHANGE
    }

    /// BASE: the mails that somebody signed in can have sent to strangers are few.
    fn number_mails_are_used_up(&self, mailed_within_the_hour: usize) -> bool {
        mailed_within_the_hour >= NUMBER_MAILS_PER_HOUR
    }

    /// Policy: after a change of the address its former one is told, after one of the password the registered one, so
    /// that nobody loses an account without a word.
    fn notice_of_change(&self, change: &Change<'_>, account: &AccountState) -> Option<Notice> {
        let portal = account.identity.portal;
        Some(match change {
            Change::Address { former } => Notice { to: (*former).clone(), letter: address_notice(portal) },
            Change::Password => Notice { to: account.address.clone(), letter: password_notice(portal) },
        })
    }

    // --- the office -------------------------------------------------------------------------------------------------

    /// FAQ-05 c: the office needs days; it is done at 09:00 in Japan of the last of them.
    fn office_is_done_at(&self, checked_at: Moment, business_days: u16) -> Moment {
        after_business_days(checked_at, business_days)
    }

    /// FAQ-05 c, d: the new address is in force from the instant it is done, this instant included; till then the old
    /// one decides in all things.
    fn office_change_is_in_force(&self, done_at: Moment, now: Moment) -> bool {
        now >= done_at
    }

    // --- additional accounts and passwords --------------------------------------------------------------------------

    /// FAQ-15: a main account of an employer has additional ones; they have none of their own.
    fn may_have_additional(&self, account: &Identity) -> bool {
        account.portal == Portal::Employer && account.main.is_none()
    }

    /// Policy: a bounded number of them.
    fn additional_are_used_up(&self, additional: usize) -> bool {
        additional >= MAX_ADDITIONAL_ACCOUNTS
    }

    /// BASE (no enumeration): an employer tries few addresses of others.
    fn refused_ids_close_adding(&self, refused_within_the_hour: usize) -> bool {
        refused_within_the_hour >= REFUSED_IDS_PER_HOUR
    }

    /// BASE: a changed password ends all other sessions and open attempts.
    fn password_change_ends_the_rest(&self) -> bool {
        true
    }

    /// BASE: wrong current passwords are limited.
    fn wrong_passwords_close_change(&self, wrong_within_the_hour: usize) -> bool {
        wrong_within_the_hour >= WRONG_PASSWORDS_PER_HOUR
    }

    // --- skips ------------------------------------------------------------------------------------------------------

    /// FAQ-06 a, b, c, d: a skip is set by ［OK］ and by nothing else.
    fn sets_skip(&self, step: Step) -> bool {
        step == Step::SkipAccepted
    }

    /// FAQ-06 h: ［OK］ counts only in a session that has just given a right code with the box ticked.
    fn skip_may_be_confirmed(&self, session: Option<&Session>, now: Moment) -> bool {
        session.and_then(|session| session.skip_offered_until).is_some_and(|until| now <= until)
    }

    /// FAQ-06 g: the confirmation screen shows its cautions.
    fn shows_skip_cautions(&self) -> bool {
        true
    }

    /// FAQ-06 b, FAQ-08 e, FAQ-10 a, FAQ-11 c, FAQ-16 a, d: the browser shows the cookie of a live skip of this account.
    fn skip_lets_in(&self, check: &SkipCheck<'_>) -> bool {
        check.skip.is_some_and(|skip| {
            self.skip_is_in_time(skip, check.now) && self.skip_survives_revocation(skip, check.account)
        })
    }

    /// FAQ-08 a, b, f: the server itself holds a skip to its expiry; the exact instant still counts.
    fn skip_is_in_time(&self, skip: &Skip, now: Moment) -> bool {
        now <= skip.expires_at
    }

    /// FAQ-08: 90 days from ［OK］.
    fn skip_expiry(&self, set_at: Moment) -> Moment {
        set_at + SKIP_VALID
    }

    /// FAQ-08 d: using a skip leaves its expiry as it is.
    fn skip_expiry_after_use(&self, skip: &Skip, _now: Moment) -> Moment {
        skip.expires_at
    }

    /// FAQ-07: a skip stays, however many are set after it.
    fn skip_is_kept_beside(&self, _newer: usize) -> bool {
        true
    }

    /// FAQ-11 b: a skip's identifier is random and says nothing.
    fn skip_id(&self, _account: &AccountState, draw: &mut dyn Draw) -> Token {
        draw.token()
    }

    /// FAQ-11 a: the cookie holds an identifier and an expiry (Unix seconds), nothing else.
    fn skip_cookie_value(&self, id: &Token, expires_at: Moment, _account: &AccountState) -> String {
        format!("{}.{}", id.as_str(), expires_at.seconds())
    }

    /// FAQ-11 c: a skip is recognised by the whole of its cookie, so that no part of it can be altered unnoticed.
    fn skip_cookie_key<'a>(&self, value: &'a str) -> &'a str {
        value
    }

    /// FAQ-15 c, FAQ-16 b: each account's skip has a cookie of its own, which tells nothing of the account.
    fn skip_cookie_name(&self, account: &Identity) -> String {
        crate::core::skip_cookie_name(account.slot)
    }

    // --- revocation and status --------------------------------------------------------------------------------------

    /// FAQ-08 g, FAQ-12 c: ［完了］ ends the skips, and nothing else does; policy: neither does another address nor another
    /// password.
    fn revokes_skips(&self, step: Step) -> bool {
        step == Step::ResumeCompleted
    }

    /// FAQ-12 a, b, d, e: a revocation ends every skip set before it, the acting browser's included, for ever.
    fn skip_survives_revocation(&self, skip: &Skip, account: &AccountState) -> bool {
        skip.generation == account.generation
    }

    /// FAQ-16 c: it ends the skips of the acting account only, not those of its additional accounts.
    fn revocation_reaches(&self, acting: &Identity, _additional: &[Slot]) -> Vec<Slot> {
        vec![acting.slot]
    }

    /// FAQ-13: あり if any browser has a live skip, wherever it is; never how many or which.
    fn skip_status(&self, _account: &AccountState, live: usize, _live_in_this_browser: bool) -> String {
        let text = if live > 0 { "あり" } else { "なし" };
        text.to_owned()
    }
}

/// The right behaviour: every default method.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conforming;

impl Decisions for Conforming {}
