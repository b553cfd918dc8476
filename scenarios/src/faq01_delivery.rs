//! FAQ-01: how the code is delivered, to whom, and what it opens.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho_rules::Portal;
use sekisho_simulator::account::Account;
use sekisho_simulator::mailbox::Letter;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Mailed, SkipBox, Started, Trouble, Visitor};

use crate::absence::{mails_up_to, only_the_control_mail};
use crate::moves::{ask_for_code, back_to_code_entry, code_signs_in, want};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;
use crate::text::{code_like, stands_alone};

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "faq01-first-sign-in": "Somebody signs in for the first time", Each, ["faq01-the-mailed-code-opens-my-page"], first_sign_in;
    "faq01-one-mail": "Each sign-in mails one code, a fresh one, to the registered address alone", Each,
        ["faq01-one-mail-goes-to-the-registered-address", "faq01-nobody-else-gets-the-code",
         "faq01-each-attempt-mails-a-fresh-code"], one_mail;
    "faq01-wrong-password": "A wrong password mails nothing", Each, ["faq01-a-wrong-password-mails-nothing"], wrong_password;
    "faq01-unknown-id": "An unknown ID mails nothing", Each, ["faq01-an-unknown-id-mails-nothing"], unknown_id;
    "faq01-shut": "Between password and code everything is shut", Each, ["faq01-my-page-is-shut-before-the-code"], shut;
    "faq01-secrecy": "The code is told by mail only", Each, ["faq01-the-code-is-nowhere-in-http"], secrecy;
    "faq01-readable": "The mail can be read", Each, ["faq01-the-mail-is-readable"], readable;
];

async fn first_sign_in(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    let check = "faq01-the-mailed-code-opens-my-page";
    stage.accepts(check, "the mailed code leads to My Page", &seen)?;
    let page = a.open(Step::OpenMyPage).await?;
    stage.opens(check, "My Page stays open", Screen::MyPage, &page)
}

async fn one_mail(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (first, one) = ask_for_code(&mut a, &account).await?;
    let (_, two) = ask_for_code(&mut a, &account).await?;
    let (last, three) = ask_for_code(&mut a, &account).await?;

    let mails = mails_up_to(&a, &account, &first, &last, 3).await?;
    let check = "faq01-one-mail-goes-to-the-registered-address";
    stage.judge(check, "three sign-ins mail three codes, one each", mails.observed, mails.holds)?;
    code_signs_in(&stage, &mut a, &three.code).await?;
    stage.settle(check);

    let distinct = BTreeSet::from([&one.code, &two.code, &three.code]).len();
    let check = "faq01-each-attempt-mails-a-fresh-code";
    // Two of three may be equal by chance, once in 300,000 times; all three hardly ever.
    let observed = format!("{distinct} different codes of 3");
    let fresh = stage.judge(check, "three sign-ins mail different codes", observed, distinct > 1);
    stage.settle(check);

    let strangers = strangers(&a, &account, &first, [&one, &two, &three]).await?;
    let observed = if strangers.is_empty() { "nobody else".to_owned() } else { strangers.join(", ") };
    let check = "faq01-nobody-else-gets-the-code";
    stage.judge(check, "nobody but the account holder gets the code", observed, strangers.is_empty())?;
    stage.settle(check);
    // Who gets the codes is judged whether they are fresh or not.
    fresh
}

/// Who else got the codes: other recipients of the same mails, and whoever got every one of the codes in a mail of their own. (One
/// of them may be another person's own code by chance; all of them are not.)
async fn strangers(
    visitor: &Visitor,
    account: &Account,
    since: &Started,
    mailed: [&Mailed; 3],
) -> Result<Vec<String>, Trouble> {
    let own = |address: &String| address.eq_ignore_ascii_case(&account.key.address);
    let mut strangers: BTreeSet<String> = mailed
        .iter()
        .flat_map(|mailed| {
            let letter = &mailed.letter;
            [&mailed.mail.recipients, &letter.to, &letter.cc, &letter.bcc].into_iter().flatten().cloned()
        })
        .filter(|address| !own(address))
        .collect();
    let all = visitor.world().mailbox.everything_after(since.mark).await?;
    let holders = |code: &str| -> BTreeSet<String> {
        all.iter()
            .filter(|mail| stands_in(&Letter::parse(mail), code))
            .flat_map(|mail| mail.recipients.iter().cloned())
            .filter(|address| !own(address))
            .collect()
    };
    let [one, two, three] = mailed.map(|mailed| holders(&mailed.code));
    strangers.extend(one.into_iter().filter(|holder| two.contains(holder) && three.contains(holder)));
    Ok(strangers.into_iter().collect())
}

/// Whether a code stands anywhere in a mail.
fn stands_in(letter: &Letter, code: &str) -> bool {
    let places = [Some(letter.text.as_str()), letter.subject.as_deref(), letter.html.as_deref()];
    places.into_iter().flatten().any(|text| stands_alone(text, code))
}

async fn wrong_password(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let mistaken = Account { password: format!("{}x", account.password), ..account.clone() };
    // Not to wait for a mail: a target that does not tell who has an account shows the code page to everybody.
    let started = a.begin(&mistaken).await?;
    let control = a.start(&account).await?;
    let mails = only_the_control_mail(&a, &account, &started, &control).await?;
    let check = "faq01-a-wrong-password-mails-nothing";
    stage.judge(check, "a wrong password mails nothing", mails.observed, mails.holds)?;
    stage.judge(check, "a wrong password signs nobody in", started.seen.describe(), !started.seen.is_signed_in())?;
    // What came to the right password is a code mail.
    let mailed = a.mailed_code(&account, &control).await?;
    code_signs_in(&stage, &mut a, &mailed.code).await
}

async fn unknown_id(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let mut nobody = account.clone();
    nobody.key.address = format!("nobody.{}", account.key.address);
    if !nobody.id.is_empty() {
        nobody.id.insert_str(0, "nobody.");
    }
    let started = a.begin(&nobody).await?;
    let control = a.start(&account).await?;
    let mails = only_the_control_mail(&a, &account, &started, &control).await?;
    let to_nobody = a.world().mailbox.all_for(&nobody.key.address, started.mark).await?;
    let check = "faq01-an-unknown-id-mails-nothing";
    let observed = format!("{} mail(s) to the unknown address; {}", to_nobody.len(), mails.observed);
    stage.judge(check, "an unknown ID mails nothing", observed, to_nobody.is_empty() && mails.holds)?;
    let mailed = a.mailed_code(&account, &control).await?;
    code_signs_in(&stage, &mut a, &mailed.code).await
}

async fn shut(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let check = "faq01-my-page-is-shut-before-the-code";
    let pages = [
        (Step::OpenMyPage, Screen::MyPage),
        (Step::OpenSettings, Screen::Settings),
        (Step::OpenSkipSettings, Screen::SkipSettings),
        (Step::OpenAddressChange, Screen::AddressChange),
        (Step::OpenPasswordChange, Screen::PasswordChange),
        (Step::OpenAdditionalAccounts, Screen::AdditionalAccounts),
        (Step::OpenResume, Screen::ResumeConfirmation),
    ];
    let pages = pages.into_iter().filter(|(step, _)| a.knows(*step)).collect::<Vec<_>>();
    for &(step, screen) in &pages {
        let seen = a.open(step).await?;
        stage.judge(
            check,
            "a browser that has only sent the password is shut out",
            seen.describe(),
            !seen.is(screen),
        )?;
    }
    back_to_code_entry(&mut a).await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    stage.control("the same browser should get in with the code", &seen, seen.is_signed_in())?;
    // The resume confirmation opens on its way only, and additional accounts are for employers.
    let conditional = |step: Step| match step {
        Step::OpenResume => true,
        Step::OpenAdditionalAccounts => stage.portal != Portal::Employer,
        _ => false,
    };
    for (step, screen) in pages.into_iter().filter(|(step, _)| !conditional(*step)) {
        let seen = a.open(step).await?;
        stage.control("the same page should open once signed in", &seen, seen.is(screen))?;
    }
    Ok(())
}

async fn secrecy(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    back_to_code_entry(&mut a).await?;
    let seen = a.submit_code(&mailed.code, SkipBox::Unticked).await?;
    want(Step::SubmitCode, Screen::MyPage, &seen)?;
    want(Step::OpenMyPage, Screen::MyPage, &a.open(Step::OpenMyPage).await?)?;

    let exchanges = a.exchanges()?;
    let mut looked = 0;
    let mut found = Vec::new();
    for exchange in &exchanges {
        let Some(answer) = &exchange.answer else { continue };
        looked += 1;
        let body = String::from_utf8_lossy(&answer.body);
        let places = [("address", exchange.request.url.as_str()), ("body", &body)];
        let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        found.extend(
            places
                .into_iter()
                .chain(headers)
                .filter(|(_, text)| stands_alone(text, &mailed.code))
                .map(|(place, _)| format!("{place} of {} {}", exchange.request.method, exchange.step)),
        );
    }
    if looked < 4 {
        return Err(Trouble::Means(format!("only {looked} answers were kept to look into")));
    }
    let observed = if found.is_empty() { format!("not found in {looked} answers") } else { found.join(", ") };
    stage.judge(
        "faq01-the-code-is-nowhere-in-http",
        "the code appears in no answer and no address",
        observed,
        found.is_empty(),
    )
}

async fn readable(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (_, mailed) = ask_for_code(&mut a, &account).await?;
    let letter = &mailed.letter;
    let check = "faq01-the-mail-is-readable";
    let problems: Vec<String> = letter.problems.iter().map(ToString::to_string).collect();
    stage.judge(
        check,
        "the mail is valid MIME",
        format!("problems: [{}]", problems.join("; ")),
        problems.is_empty(),
    )?;
    let subject = letter.subject.clone().unwrap_or_default();
    let japanese = |text: &str| text.chars().any(|c| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'));
    stage.judge(check, "the subject is Japanese", format!("subject `{subject}`"), japanese(&subject))?;
    stage.judge(
        check,
        "the text is Japanese",
        format!("{} characters", letter.text.chars().count()),
        japanese(&letter.text),
    )?;
    // What is counted is like the code: that it is the code is shown first.
    code_signs_in(&stage, &mut a, &mailed.code).await?;
    let place = stage.world.target.code_stands_in(letter);
    let own = [account.key.address.as_str(), &account.id, &account.name];
    let numbers = code_like(&place, &mailed.code, &own);
    stage.judge(check, "the text has exactly one code-like number", format!("{numbers} of them"), numbers == 1)
}
