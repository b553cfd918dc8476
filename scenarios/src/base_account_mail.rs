//! BASE-ACCOUNT: nothing that a request claims, and no line that somebody hides in an address, reaches the mail.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use sekisho_simulator::browser::Request;
use sekisho_simulator::mailbox::{Letter, Mail, Mark};
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{SkipBox, Trouble, Visitor};

use crate::moves::{ask_for_code, sign_in};
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-account-claimed-host": "Somebody asks for a code and claims another host", Each,
        ["base-account-a-claimed-host-never-reaches-the-mail"], claimed_host;
    "base-account-id-injection": "Somebody hides header lines of a mail in the sign-in ID", Each,
        ["base-account-the-sign-in-id-adds-no-recipient"], id_injection;
    "base-account-address-injection": "Somebody hides header lines of a mail in a new address", Each,
        ["base-account-a-new-address-adds-no-recipient"], address_injection;
];

/// A host that is nobody's (RFC 6761): whatever leads there leads nowhere.
const CLAIMED: &str = "claimed-host.invalid";

/// The headers in which a request says whom it speaks to.
const HOST_HEADERS: [(&str, &str); 4] =
    [("host", CLAIMED), ("x-forwarded-host", CLAIMED), ("x-host", CLAIMED), ("forwarded", "host=claimed-host.invalid")];

async fn claimed_host(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-account-a-claimed-host-never-reaches-the-mail";
    let (person, account) = stage.person().await?;
    ask_for_code(&mut person.browser("control", &account), &account).await?;
    for (name, value) in HOST_HEADERS {
        let mut a = person.browser(name, &account);
        // Without an `Origin`, so that it is the host alone which decides.
        let claiming = |request: Request| {
            request.forged().with_header(HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let started = a.begin_altered(&account, claiming).await?;
        let seen = started.seen.describe();
        if !started.seen.asks_for_code() {
            // Refusing it is as good: no mail, nothing in it.
            let refused = (400..500).contains(&started.seen.answer.status) || started.seen.is(Screen::SignIn);
            stage.judge(check, "refused, or mailed without it", format!("`{name}: {value}`: {seen}"), refused)?;
            continue;
        }
        let mailed = a.mailed_code(&account, &started).await?;
        let letter = &mailed.letter;
        let texts = [Some(letter.text.as_str()), letter.subject.as_deref(), letter.html.as_deref()];
        let raw = String::from_utf8_lossy(&mailed.mail.raw);
        let holds = texts.into_iter().flatten().chain([raw.as_ref()]).all(|text| !text.contains(CLAIMED));
        let observed = format!("`{name}: {value}`: {seen}; the mail names that host: {}", !holds);
        stage.judge(check, "the host stands nowhere in the mail", observed, holds)?;
    }
    Ok(())
}

/// What may follow an address: line ends as they are and encoded, and a second address.
fn injections(thief: &str) -> [String; 5] {
    [
        format!("\r\nBcc: {thief}"),
        format!("\nCc: {thief}\nX-Injected: yes"),
        format!("%0d%0aBcc:%20{thief}"),
        format!(",{thief}"),
        format!(">\r\nRCPT TO:<{thief}"),
    ]
}

async fn id_injection(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-account-the-sign-in-id-adds-no-recipient";
    let (person, account) = stage.person().await?;
    let since = person.mark().await?;
    let thief = stage.world.fresh_address();
    let mut a = person.browser("A", &account);
    a.open_sign_in().await?;
    let prepared: Vec<Request> = injections(&thief)
        .iter()
        .map(|injection| {
            let address = format!("{}{injection}", account.key.address);
            let vars = Vars { address: &address, password: &account.password, ..Vars::default() };
            a.prepare(Step::SubmitPassword, vars, SkipBox::Unticked)
        })
        .collect::<Result<_, Trouble>>()?;
    send_all(&stage, check, &mut a, Step::SubmitPassword, prepared).await?;
    ask_for_code(&mut person.browser("control", &account), &account).await?;
    nobody_else_gets_any(&stage, check, &mut a, &account.key.address, &thief, since).await
}

async fn address_injection(stage: Arc<Stage>) -> Result<(), Trouble> {
    let check = "base-account-a-new-address-adds-no-recipient";
    if stage.has_step(Step::SubmitAddress) && !stage.world.target.confirms_addresses() {
        return Err(Trouble::NotOffered("the target mails nothing to a new address".to_owned()));
    }
    let (person, account) = stage.person().await?;
    let since = person.mark().await?;
    let (thief, fresh) = (stage.world.fresh_address(), stage.world.fresh_address());
    let mut a = person.browser("A", &account);
    sign_in(&mut a, &account).await?;
    a.open_form(Step::SubmitAddress, Step::OpenAddressChange, Screen::AddressChange).await?;
    let mut prepare =
        |new_address: &str| a.prepare(Step::SubmitAddress, Vars { new_address, ..Vars::default() }, SkipBox::Unticked);
    let prepared =
        injections(&thief).iter().map(|injection| prepare(&format!("{fresh}{injection}"))).collect::<Result<_, _>>()?;
    let honest = prepare(&fresh)?;
    send_all(&stage, check, &mut a, Step::SubmitAddress, prepared).await?;
    a.send(Step::SubmitAddress, honest).await?;
    a.confirmation_number(&fresh, since).await?;
    nobody_else_gets_any(&stage, check, &mut a, &fresh, &thief, since).await
}

async fn send_all(
    stage: &Stage,
    check: &'static str,
    visitor: &mut Visitor,
    step: Step,
    requests: Vec<Request>,
) -> Result<(), Trouble> {
    for request in requests {
        let seen = visitor.send(step, request).await?;
        stage.judge(check, "no server error", seen.describe(), seen.answer.status < 500)?;
    }
    Ok(())
}

/// No mail went to the thief, and no mail to the address has another recipient or a header that was smuggled in. The control mail has
/// come already.
async fn nobody_else_gets_any(
    stage: &Stage,
    check: &'static str,
    visitor: &mut Visitor,
    address: &str,
    thief: &str,
    since: Mark,
) -> Result<(), Trouble> {
    let quiet = visitor.quiet().await;
    let mailbox = &stage.world.mailbox;
    let stolen = mailbox.all_for(thief, since).await?;
    let mails = mailbox.all_for(address, since).await?;
    if mails.is_empty() {
        return Err(Trouble::ControlArm("the control mail is gone from the mailbox".to_owned()));
    }
    let tampered = mails.iter().filter(|mail| is_tampered(mail, address, thief)).count();
    let observed = format!(
        "{} mail(s) to the address, {tampered} with others in envelope or header; {} to the hidden one, until {} ms after the control mail",
        mails.len(),
        stolen.len(),
        quiet.as_millis(),
    );
    let expected = "no further recipient and no further header field";
    stage.judge(check, expected, observed, stolen.is_empty() && tampered == 0)
}

fn is_tampered(mail: &Mail, address: &str, thief: &str) -> bool {
    let letter = Letter::parse(mail);
    let named = [&mail.recipients, &letter.to, &letter.cc, &letter.bcc].into_iter().flatten();
    let raw = String::from_utf8_lossy(&mail.raw).to_ascii_lowercase();
    named.into_iter().any(|named| !named.eq_ignore_ascii_case(address))
        || raw.contains(&thief.to_ascii_lowercase())
        || raw.contains("x-injected")
}
