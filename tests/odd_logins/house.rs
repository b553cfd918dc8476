//! What a small login knows and decides, whatever its pages look like: accounts, attempts, codes, skips, and a clock that is moved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use crate::odd::{CodeIn, Codes, Flaws, Odd, Scope, SkipCookie};
use crate::web::Letter;

const CODE_VALIDITY: Duration = Duration::from_secs(30 * 60);
const SKIP_VALIDITY: Duration = Duration::from_secs(90 * 24 * 3600);
const MAIL_COOLDOWN: Duration = Duration::from_secs(60);
/// In which only so many are mailed.
const MAIL_WINDOW: Duration = Duration::from_secs(15 * 60);
const CODE_COOLDOWN: Duration = Duration::from_secs(1);
/// How long before go-live the clock begins of a login that goes live.
const BEFORE_GO_LIVE: Duration = Duration::from_secs(2 * 3600);
/// After how many wrong codes an attempt is over.
const WRONG_CODES: u32 = 5;
/// Letters and digits that cannot be taken for each other, as codes of letters have them.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The number of an account; additional accounts have their own.
pub type Holder = String;

#[derive(Clone)]
pub struct House {
    pub odd: Odd,
    flaws: Flaws,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    begun: Option<SystemTime>,
    moved: Duration,
    accounts: HashMap<Holder, Account>,
    sessions: HashMap<String, Session>,
    /// By the value of the cookie: which accounts skip by it, and until when.
    skips: HashMap<String, HashMap<Holder, SystemTime>>,
}

#[derive(Default)]
struct Account {
    password: Option<String>,
    /// The address that took the place of the first one.
    address: Option<String>,
    /// The last code that was mailed, where that counts in every attempt.
    last: Option<Code>,
    mailed_at: Option<SystemTime>,
    /// When each code was mailed that counts for the limit.
    mails: Vec<SystemTime>,
    wrong_at: Option<SystemTime>,
    needs_no_cookie: bool,
}

#[derive(Clone)]
struct Code {
    value: String,
    issued: SystemTime,
}

/// A browser, as far as it is known.
#[derive(Clone, Default)]
pub struct Session {
    pub token: String,
    pub user: Option<Holder>,
    /// The ID that was typed, where the password is asked for on the next page.
    pub typed_id: Option<String>,
    pub stays: bool,
    attempt: Option<Attempt>,
    /// Who has just sent a right code, and is asked about the skip.
    pub offer: Option<Holder>,
}

#[derive(Clone)]
struct Attempt {
    holder: Holder,
    code: Option<Code>,
    wrong: u32,
    wants_skip: bool,
}

/// What a password led to.
pub enum Entry {
    Wrong,
    /// In without a code; with cookies to set.
    Skipped(Vec<String>),
    Asked,
}

/// What a code led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    Right,
    Wrong,
    Late,
    /// There is no attempt, or it is over.
    Over,
}

pub fn random() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl House {
    pub fn new(odd: Odd, flaws: Flaws) -> House {
        House { odd, flaws, books: Arc::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// Moves the clock, which stands still in between.
    pub fn move_clock(&self, by: Duration) {
        self.books().moved += by;
    }

    /// The session of this name; a new one where there is none.
    pub fn session(&self, name: Option<&str>) -> (String, Session, bool) {
        let mut books = self.books();
        if let Some((name, session)) = name.and_then(|name| books.sessions.get_key_value(name)) {
            return (name.clone(), session.clone(), false);
        }
        let (name, session) = (random(), Session { token: random(), ..Session::default() });
        books.sessions.insert(name.clone(), session.clone());
        (name, session, true)
    }

    /// Changes a session that is there.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.books().sessions.get_mut(name) {
            change(session);
        }
    }

    /// The names of all sessions that there are.
    pub fn sessions(&self) -> Vec<String> {
        self.books().sessions.keys().cloned().collect()
    }

    pub fn forget(&self, name: &str) {
        if !self.flaws.ends_no_session {
            self.books().sessions.remove(name);
        }
    }

    /// Whether a sign-in is open in this session.
    pub fn is_open(&self, name: &str) -> bool {
        self.books().sessions.get(name).is_some_and(|session| session.attempt.is_some())
    }

    /// The account that an ID names.
    pub fn holder(&self, id: &str) -> Option<Holder> {
        if self.odd.numbers {
            return number(id.strip_prefix("N-")?);
        }
        let books = self.books();
        if let Some((holder, _)) = books.accounts.iter().find(|(_, account)| account.address.as_deref() == Some(id)) {
            return Some(holder.clone());
        }
        let holder = number(id.strip_prefix("user")?.strip_suffix("@odd.test")?)?;
        let has_moved = books.accounts.get(&holder).is_some_and(|account| account.address.is_some());
        (!has_moved).then_some(holder)
    }

    /// Registers another address, from now on that of the account.
    pub fn change_address(&self, holder: &Holder, new: &str) {
        if !self.flaws.keeps_the_address {
            self.books().accounts.entry(holder.clone()).or_default().address = Some(new.to_owned());
        }
    }

    fn is_password(&self, holder: &Holder, password: &str) -> bool {
        let books = self.books();
        let own = books.accounts.get(holder).and_then(|account| account.password.as_deref());
        own.map_or_else(|| password == format!("pass-{holder}"), |own| password == own)
    }

    /// ID and password were sent: who it is, where they are right.
    pub fn knows(&self, id: &str, password: &str) -> Option<Holder> {
        self.holder(id).filter(|holder| self.is_password(holder, password))
    }

    /// Takes ID and password.
    pub fn enter(&self, name: &str, id: &str, password: &str, cookies: &[(String, String)], wants_skip: bool) -> Entry {
        let Some(holder) = self.knows(id, password) else { return Entry::Wrong };
        self.change(name, |session| (session.user, session.offer, session.attempt) = (None, None, None));
        let before_go_live = self.odd.goes_live && self.books().moved < BEFORE_GO_LIVE;
        let skipped = if before_go_live { Some(Vec::new()) } else { self.skip(&holder, cookies) };
        if let Some(set) = skipped {
            self.change(name, |session| session.user = Some(holder));
            return Entry::Skipped(set);
        }
        let attempt = Attempt { holder, code: None, wrong: 0, wants_skip };
        self.change(name, |session| session.attempt = Some(attempt));
        Entry::Asked
    }

    /// Makes a code for the attempt that is open, and the mail that holds it; none within the cool-down.
    pub fn mail_code(&self, name: &str) -> Option<Letter> {
        let mut books = self.books();
        let now = books.now();
        let holder = books.sessions.get(name)?.attempt.as_ref()?.holder.clone();
        let account = books.accounts.entry(holder.clone()).or_default();
        let too_soon = account.mailed_at.is_some_and(|at| now < at + MAIL_COOLDOWN);
        if self.odd.cools_down && too_soon {
            let last = account.last.clone();
            books.sessions.get_mut(name)?.attempt.as_mut()?.code = last;
            return None;
        }
        account.mails.retain(|at| now < *at + MAIL_WINDOW);
        if self.odd.mails_at_most.is_some_and(|most| account.mails.len() >= most) {
            return None;
        }
        account.mails.push(now);
        let code = Code { value: self.draw(), issued: now };
        account.mailed_at = Some(now);
        account.last = Some(code.clone());
        let to = account.address.clone().unwrap_or_else(|| first_address(&holder));
        let value = if self.flaws.mails_another_code { another(&code.value) } else { code.value.clone() };
        books.sessions.get_mut(name)?.attempt.as_mut()?.code = Some(code);
        Some(self.letter(to, &value))
    }

    /// The mail that a wrong password has sent where that is the flaw.
    pub fn mail_in_vain(&self, id: &str) -> Option<Letter> {
        let holder = self.holder(id).filter(|_| self.flaws.mails_for_a_wrong_password)?;
        let to = self.books().accounts.get(&holder).and_then(|account| account.address.clone());
        Some(self.letter(to.unwrap_or_else(|| first_address(&holder)), &self.draw()))
    }

    fn draw(&self) -> String {
        match self.odd.codes {
            Codes::Digits | Codes::Number => format!("{:06}", rand::random::<u32>() % 1_000_000),
            Codes::Dashed => {
                let letter = || char::from(ALPHABET[usize::from(rand::random::<u8>()) % ALPHABET.len()]);
                let group = || (0..3).map(|_| letter()).collect::<String>();
                format!("{}-{}", group(), group())
            }
        }
    }

    fn letter(&self, to: String, code: &str) -> Letter {
        let groups =
            if self.odd.field_for_each_digit { format!("{} {}", &code[..3], &code[3..]) } else { code.to_owned() };
        let code = groups.as_str();
        let text =
            format!("ログインの受付番号は 20250106-1234 です。\n\nコードは {code} です。30分のあいだ有効です。\n");
        let text = if self.odd.codes == Codes::Dashed { text } else { text.replace(" 20250106-1234 ", " 17 ") };
        let html = format!("<html><body><p>コードは <b>{code}</b> です。</p></body></html>");
        let subject = "ログインのご案内".to_owned();
        match self.odd.code_in {
            CodeIn::Text => Letter { to, subject, text: Some(text), html: None },
            CodeIn::HtmlAlone => Letter { to, subject, text: None, html: Some(html) },
            CodeIn::Html => {
                let text = "このメールはHTMLでご覧ください。\n".to_owned();
                Letter { to, subject, text: Some(text), html: Some(html) }
            }
            CodeIn::Subject => {
                let text = "コードは件名にあります。\n".to_owned();
                Letter { to, subject: format!("{code} がコードです"), text: Some(text), html: None }
            }
        }
    }

    /// Tries a code. A right one ends the attempt.
    pub fn try_code(&self, name: &str, typed: &str) -> Tried {
        let mut books = self.books();
        let now = books.now();
        let Some(attempt) = books.sessions.get(name).and_then(|session| session.attempt.clone()) else {
            return Tried::Over;
        };
        let account = books.accounts.entry(attempt.holder).or_default();
        let cools = account.wrong_at.is_some_and(|at| now < at + CODE_COOLDOWN);
        if self.odd.cools_down && cools {
            return Tried::Wrong;
        }
        let code = if self.odd.scope == Scope::Account { account.last.clone() } else { attempt.code };
        let right = code.as_ref().is_some_and(|code| code.value == typed) || self.flaws.takes_every_code;
        let late = code.is_some_and(|code| now >= code.issued + CODE_VALIDITY) && !self.flaws.codes_never_end;
        if late {
            return Tried::Late;
        }
        if right {
            account.last = None;
            account.wrong_at = None;
            return Tried::Right;
        }
        account.wrong_at = Some(now);
        let session = books.sessions.get_mut(name);
        let Some(attempt) = session.and_then(|session| session.attempt.as_mut()) else { return Tried::Over };
        attempt.wrong += 1;
        if attempt.wrong < WRONG_CODES {
            return Tried::Wrong;
        }
        self.end_attempt(&mut books, name);
        Tried::Over
    }

    fn end_attempt(&self, books: &mut Books, name: &str) -> Option<Attempt> {
        books.sessions.get_mut(name).and_then(|session| session.attempt.take())
    }

    /// Gives up the sign-in that is open.
    pub fn cancel(&self, name: &str) {
        let mut books = self.books();
        self.end_attempt(&mut books, name);
    }

    /// A right code was sent: lets the person in, or asks about the skip first where that has a page of its own. Cookies to set.
    pub fn let_in(&self, name: &str, wants_skip: bool, offers: bool, cookies: &[(String, String)]) -> Vec<String> {
        let mut books = self.books();
        let attempt = if self.flaws.takes_codes_again {
            books.sessions.get(name).and_then(|session| session.attempt.clone())
        } else {
            self.end_attempt(&mut books, name)
        };
        let Some(attempt) = attempt else { return Vec::new() };
        let Some(session) = books.sessions.get_mut(name) else { return Vec::new() };
        session.user = Some(attempt.holder.clone());
        if offers {
            session.offer = Some(attempt.holder);
            return Vec::new();
        }
        if wants_skip || attempt.wants_skip || self.flaws.always_sets_a_skip {
            return vec![self.set_skip(&mut books, &attempt.holder, cookies)];
        }
        Vec::new()
    }

    /// The skip was offered, and taken or not. Cookies to set.
    pub fn answer_offer(&self, name: &str, yes: bool, cookies: &[(String, String)]) -> Option<Vec<String>> {
        let mut books = self.books();
        let holder = books.sessions.get_mut(name)?.offer.take()?;
        let set = yes || self.flaws.always_sets_a_skip;
        Some(if set { vec![self.set_skip(&mut books, &holder, cookies)] } else { Vec::new() })
    }

    fn set_skip(&self, books: &mut Books, holder: &Holder, cookies: &[(String, String)]) -> String {
        let until = books.now() + if self.flaws.skips_never_end { 100 * SKIP_VALIDITY } else { SKIP_VALIDITY };
        let own = cookies.iter().find(|(name, value)| self.may_hold(name, holder) && books.skips.contains_key(value));
        let value = match (self.odd.cookie, own) {
            (SkipCookie::OneForAll, Some((_, value))) => value.clone(),
            _ => random(),
        };
        books.skips.entry(value.clone()).or_default().insert(holder.clone(), until);
        self.cookie(holder, &value, SKIP_VALIDITY)
    }

    /// Whether a cookie of this name can hold a skip of the account.
    fn may_hold(&self, name: &str, holder: &Holder) -> bool {
        match self.odd.cookie {
            SkipCookie::PerAccount => name == per_account(holder),
            SkipCookie::NewName => name.starts_with("device_"),
            SkipCookie::OneForAll | SkipCookie::Renewed => name == "trusted",
        }
    }

    fn cookie(&self, holder: &Holder, value: &str, left: Duration) -> String {
        let name = match self.odd.cookie {
            SkipCookie::PerAccount => per_account(holder),
            SkipCookie::NewName => format!("device_{}", &random()[..8]),
            SkipCookie::OneForAll | SkipCookie::Renewed => "trusted".to_owned(),
        };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}", left.as_secs())
    }

    /// Whether the account skips in this browser; then with cookies to set.
    fn skip(&self, holder: &Holder, cookies: &[(String, String)]) -> Option<Vec<String>> {
        if self.flaws.ignores_skips {
            return None;
        }
        let mut books = self.books();
        let now = books.now();
        let until = |value: &String| books.skips.get(value)?.get(holder).copied().filter(|until| now < *until);
        let held = cookies.iter().filter(|(name, _)| self.may_hold(name, holder));
        let held = held.filter_map(|(_, value)| Some((value.clone(), until(value)?))).next();
        let account = books.accounts.entry(holder.clone()).or_default();
        account.needs_no_cookie |= self.flaws.needs_no_cookie && held.is_some();
        match held {
            None => account.needs_no_cookie.then(Vec::new),
            Some((value, until)) if self.odd.cookie == SkipCookie::Renewed => {
                let fresh = random();
                let accounts = books.skips.remove(&value).unwrap_or_default();
                books.skips.insert(fresh.clone(), accounts);
                let left = until.duration_since(now).unwrap_or_default();
                Some(vec![self.cookie(holder, &fresh, left)])
            }
            Some(_) => Some(Vec::new()),
        }
    }

    /// Whether any browser of the account holds a skip.
    pub fn has_skip(&self, holder: &Holder) -> bool {
        let mut books = self.books();
        let now = books.now();
        let any = books.skips.values().any(|accounts| accounts.get(holder).is_some_and(|until| now < *until));
        any && !self.flaws.says_none
    }

    /// Ends the skips of every browser of the account.
    pub fn end_skips(&self, holder: &Holder) {
        if !self.flaws.ends_no_skip {
            let mut books = self.books();
            books.skips.values_mut().for_each(|accounts| accounts.retain(|own, _| own != holder));
            books.accounts.entry(holder.clone()).or_default().needs_no_cookie = false;
        }
    }

    /// Changes the password, where the present one is right.
    pub fn change_password(&self, holder: &Holder, present: &str, new: &str) -> bool {
        if !self.is_password(holder, present) || new.is_empty() {
            return false;
        }
        self.books().accounts.entry(holder.clone()).or_default().password = Some(new.to_owned());
        if self.odd.ends_by_password {
            self.end_skips(holder);
        }
        true
    }
}

impl Books {
    fn now(&mut self) -> SystemTime {
        *self.begun.get_or_insert_with(SystemTime::now) + self.moved
    }
}

/// The number of an account, where it is one.
fn number(digits: &str) -> Option<Holder> {
    digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-').then(|| digits.to_owned())
}

fn first_address(holder: &Holder) -> String {
    format!("user{holder}@odd.test")
}

/// A name that tells nothing of the account.
fn per_account(holder: &Holder) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    ("odd", holder).hash(&mut hasher);
    format!("skip-{:016x}", hasher.finish())
}

/// A code of the same make that is not this one.
fn another(code: &str) -> String {
    code.chars()
        .map(|c| match c {
            '9' => '2',
            '0'..='8' => char::from(c as u8 + 1),
            'A' => 'B',
            'B'..='Z' => 'A',
            other => other,
        })
        .collect()
}
