//! BASE-ACCOUNT: nobody learns from the sign-in who is registered.

use std::sync::Arc;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Page, Request};
use sekisho_simulator::target::{Screen, Step, Vars};
use sekisho_simulator::{Seen, SkipBox, Trouble, Visitor};

use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-account-enumeration": "An unknown ID and a wrong password are compared", Each,
        ["base-account-unknown-and-wrong-look-alike", "base-account-unknown-and-wrong-are-equally-long"], enumeration;
];

/// How often each is sent: enough to see whether a length varies by itself.
const SENT: usize = 3;

/// One of the two that are compared: a wrong password, or an unknown ID.
pub(crate) struct Arm {
    address: String,
    /// The ID, where it is not the address.
    id: String,
    answers: Vec<Seen>,
}

impl Arm {
    /// Both arms, with IDs of one length.
    pub(crate) fn both(account: &Account) -> (Arm, Arm) {
        let arm = |address: String, id: String| Arm { address, id, answers: Vec::new() };
        let (address, id) = (&account.key.address, &account.id);
        (arm(address.clone(), id.clone()), arm(another(address), another(id)))
    }

    /// Sends it once more and keeps the answer.
    async fn send(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        let request = self.prepare(visitor).await?;
        self.answers.push(visitor.send(Step::SubmitPassword, request).await?);
        Ok(())
    }

    /// The request on a sign-in screen of its own: a form may be good for one submission only.
    pub(crate) async fn prepare(&self, visitor: &mut Visitor) -> Result<Request, Trouble> {
        visitor.open_sign_in().await?;
        let vars = Vars { address: &self.address, id: &self.id, password: "wrong-password", ..Vars::default() };
        visitor.prepare(Step::SubmitPassword, vars, SkipBox::Unticked)
    }

    /// The texts without the ID that was typed.
    fn first(&self) -> Option<(u16, String)> {
        let seen = self.answers.first()?;
        let typed = if self.id.is_empty() { &self.address } else { &self.id };
        Some((seen.answer.status, Page::of(&seen.answer).text().replace(typed, "")))
    }

    fn lengths(&self) -> (usize, usize) {
        let lengths = || self.answers.iter().map(|seen| seen.answer.body.len());
        (lengths().min().unwrap_or_default(), lengths().max().unwrap_or_default())
    }
}

/// Another of the same length; none where there is none.
fn another(id: &str) -> String {
    let mut letters = id.chars();
    let other = letters.next().map(|first| if first == 'x' { 'y' } else { 'x' });
    other.into_iter().chain(letters).collect()
}

async fn enumeration(stage: Arc<Stage>) -> Result<(), Trouble> {
    let (person, account) = stage.person().await?;
    let mut a = person.browser("A", &account);
    let (mut wrong, mut unknown) = Arm::both(&account);
    for _ in 0..SENT {
        wrong.send(&mut a).await?;
        unknown.send(&mut a).await?;
    }
    let described = |arm: &Arm| arm.answers.first().map(Seen::describe).unwrap_or_default();
    let alike = wrong.first() == unknown.first();
    let observed =
        format!("a wrong password: {}; an unknown ID: {}; same text: {alike}", described(&wrong), described(&unknown));
    let look =
        stage.judge("base-account-unknown-and-wrong-look-alike", "the same status and text for both", observed, alike);
    let length = lengths(&stage, &wrong, &unknown);
    let right = a.start(&account).await?;
    stage.control("the right password should lead further", &right.seen, !right.seen.is(Screen::SignIn))?;
    look.and(length)
}

fn lengths(stage: &Stage, wrong: &Arm, unknown: &Arm) -> Result<(), Trouble> {
    let check = "base-account-unknown-and-wrong-are-equally-long";
    let ((least_wrong, most_wrong), (least_unknown, most_unknown)) = (wrong.lengths(), unknown.lengths());
    let observed = format!(
        "a wrong password: {least_wrong} to {most_wrong} bytes; an unknown ID of the same length: {least_unknown} to {most_unknown}"
    );
    let overlap = least_wrong <= most_unknown && least_unknown <= most_wrong;
    let varies = least_wrong != most_wrong || least_unknown != most_unknown;
    if !overlap && varies {
        return Err(Trouble::ControlArm(format!(
            "the lengths vary by themselves, so that nothing follows: {observed}"
        )));
    }
    stage.judge(check, "bodies of the same length for both", observed, overlap)
}
