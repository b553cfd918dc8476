//! In what a small login differs from others, and in what it can be wrong.

/// The ways of one login. What stands first in each is what most logins do.
#[derive(Debug, Clone, Copy)]
pub struct Odd {
    pub shape: Shape,
    pub mails: Mails,
    pub asks_skip: AsksSkip,
    /// A box on the sign-in page that is about the session, and whether it comes ticked.
    pub stay_box: Option<bool>,
    pub forgery: Forgery,
    pub outsiders: Outsiders,
    pub late_code: LateCode,
    pub codes: Codes,
    pub code_in: CodeIn,
    pub cookie: SkipCookie,
    /// A sign-in that is open in a browser must be cancelled before another starts there.
    pub cancels_first: bool,
    pub scope: Scope,
    pub status: Status,
    /// No second mail within a minute, and no code taken for a second after a wrong one; both in silence.
    pub cools_down: bool,
    /// How many codes an account is mailed within 15 minutes; others are left out in silence.
    pub mails_at_most: Option<usize>,
    /// People sign in by a number, not by their address.
    pub numbers: bool,
    /// Who is signed in says so by a token in a header, not by a cookie.
    pub bearer: bool,
    /// All skips end with another password only.
    pub ends_by_password: bool,
    /// The browser forgets the session half an hour after it began, as long as a code is good.
    pub session_lapses: bool,
    /// Its clock begins two hours before go-live, and till then nobody is asked for a code.
    pub goes_live: bool,
    /// Whoever is signed in and opens the sign-in page is sent to My Page.
    pub sends_home: bool,
    /// The code is mailed in two groups, and typed into a field for each digit; all of one name.
    pub field_for_each_digit: bool,
    /// A wrong password leads to the code page too, and nothing is mailed.
    pub hides_wrong: bool,
    /// Fields, boxes and buttons have other names on each page.
    pub new_names: bool,
}

impl Odd {
    /// Nothing odd.
    pub const PLAIN: Odd = Odd {
        shape: Shape::Pages,
        mails: Mails::AtOnce,
        asks_skip: AsksSkip::WithCode,
        stay_box: None,
        forgery: Forgery::Field,
        outsiders: Outsiders::Redirect,
        late_code: LateCode::CodePage,
        codes: Codes::Digits,
        code_in: CodeIn::Text,
        cookie: SkipCookie::PerAccount,
        cancels_first: false,
        scope: Scope::Attempt,
        status: Status::Text,
        cools_down: false,
        mails_at_most: None,
        numbers: false,
        bearer: false,
        ends_by_password: false,
        session_lapses: false,
        goes_live: false,
        sends_home: false,
        field_for_each_digit: false,
        hides_wrong: false,
        new_names: false,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Pages,
    /// Sign-in and code page have one address, one status and one title.
    OneAddress,
    /// The code is asked for on the sign-in page itself, which is sent as a whole.
    OnePage,
    /// ID and password are asked for one after the other.
    TwoPages,
    Json,
}

/// When the code is mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mails {
    AtOnce,
    AfterClick,
    AfterScript,
}

/// Where somebody says that they want the skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsksSkip {
    WithCode,
    /// By a box that comes ticked.
    WithCodeTicked,
    WithPassword,
    /// On a page of its own, by the value of a button.
    AfterEveryCode,
}

/// By what a form is known to be the browser's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    Field,
    /// A field whose value is good for one submission of the page that was shown last.
    FieldOnce,
    CookieAndHeader,
    Origin,
}

/// What somebody gets who is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outsiders {
    Redirect,
    Unauthorized,
    /// 200 with the body `null`.
    Null,
}

/// What a code that is too late gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateCode {
    /// The code page again.
    CodePage,
    /// The sign-in page, without a word.
    SignInPage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codes {
    Digits,
    /// Such as `ABC-D2F`.
    Dashed,
    /// A number in JSON.
    Number,
}

/// Where in the mail the code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeIn {
    Text,
    /// In the HTML part; the text part only says so.
    Html,
    /// In a mail that is HTML alone.
    HtmlAlone,
    Subject,
}

/// The cookie that holds a skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipCookie {
    /// One for each account, under a name of its own.
    PerAccount,
    /// Under a new name each time.
    NewName,
    /// One for all accounts of a browser.
    OneForAll,
    /// Replaced at each use.
    Renewed,
}

/// Whose a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Attempt,
    /// The last one that was mailed counts in every attempt of the account.
    Account,
}

/// How the settings say whether a skip exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Text,
    /// By which element is there.
    Element,
    /// There is no such page.
    Nowhere,
}

/// In what a login is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Flaws {
    /// The mail holds another code than the one that counts.
    pub mails_another_code: bool,
    /// Every code will do.
    pub takes_every_code: bool,
    /// A code can be used again.
    pub takes_codes_again: bool,
    /// A code is good for ever.
    pub codes_never_end: bool,
    /// A skip is set, and never heeded.
    pub ignores_skips: bool,
    /// A skip is set whether it was asked for or not.
    pub always_sets_a_skip: bool,
    /// Once a skip was used the account needs no cookie any more.
    pub needs_no_cookie: bool,
    /// Skips are said to end, and do not.
    pub ends_no_skip: bool,
    /// The settings always say that there is no skip.
    pub says_none: bool,
    /// Whoever signed out is still let in.
    pub ends_no_session: bool,
    /// Only the browser forgets a skip after 90 days.
    pub skips_never_end: bool,
    /// Another address is said to be registered, and is not.
    pub keeps_the_address: bool,
    /// A wrong password has a mail sent too.
    pub mails_for_a_wrong_password: bool,
}

impl Flaws {
    /// A login that does everything right.
    pub const NONE: Flaws = Flaws {
        mails_another_code: false,
        takes_every_code: false,
        takes_codes_again: false,
        codes_never_end: false,
        ignores_skips: false,
        always_sets_a_skip: false,
        needs_no_cookie: false,
        ends_no_skip: false,
        says_none: false,
        ends_no_session: false,
        skips_never_end: false,
        keeps_the_address: false,
        mails_for_a_wrong_password: false,
    };
}
