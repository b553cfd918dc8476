//! BASE-LOAD: what goes wrong only when many come at once.

use std::sync::Arc;

use futures::future::try_join_all;
use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Page;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::{Person, Trouble, Visitor};

use crate::moves::sign_in;
use crate::scenario::{Scenario, stories};
use crate::stage::Stage;

pub(crate) const SCENARIOS: &[Scenario] = stories![
    "base-load-my-pages": "Several people look at their My Pages at once", Each, ["base-load-my-page-shows-its-owner"], my_pages;
];

/// How many look at once, and how often each.
const PEOPLE: usize = 5;
const LOOKS: usize = 3;

/// People are drawn till so many have names that cannot be mistaken for each other's; beyond this many one gives up.
const DRAWN_AT_MOST: usize = 4 * PEOPLE;

/// Somebody signed in, and what a page of theirs may bear.
struct Owner {
    visitor: Visitor,
    marks: [String; 2],
}

async fn my_pages(stage: Arc<Stage>) -> Result<(), Trouble> {
    let people = people(&stage).await?;
    let owners = people.into_iter().map(|(person, account)| async move {
        let mut visitor = person.browser(person.name(), &account);
        sign_in(&mut visitor, &account).await?;
        Ok::<_, Trouble>(Owner { visitor, marks: [account.name, account.key.address] })
    });
    let mut owners = try_join_all(owners).await?;
    let all: Vec<[String; 2]> = owners.iter().map(|owner| owner.marks.clone()).collect();
    let looks = owners.iter_mut().map(|owner| look(&stage, owner, &all));
    let own: usize = try_join_all(looks).await?.into_iter().sum();
    if own < PEOPLE * LOOKS {
        return Err(Trouble::Means("My Page shows neither the name nor the address of its owner".to_owned()));
    }
    Ok(())
}

/// Looks at My Page again and again; how often it bore the owner's own name or address. That of another person is judged at once.
async fn look(stage: &Stage, owner: &mut Owner, all: &[[String; 2]]) -> Result<usize, Trouble> {
    let mut own = 0;
    for _ in 0..LOOKS {
        let seen = owner.visitor.open(Step::OpenMyPage).await?;
        stage.control("My Page should be open", &seen, seen.is(Screen::MyPage))?;
        let page = Page::of(&seen.answer);
        let text = page.text();
        let bears = |marks: &[String; 2]| marks.iter().any(|mark| text.contains(mark.as_str()));
        let foreign = all.iter().filter(|marks| **marks != owner.marks && bears(marks)).count();
        let observed =
            format!("{} people looked at once; a page bore the name or address of {foreign} others", all.len());
        stage.judge(
            "base-load-my-page-shows-its-owner",
            "the owner's name or address, and nobody else's",
            observed,
            foreign == 0,
        )?;
        own += usize::from(bears(&owner.marks));
    }
    Ok(own)
}

/// People none of whose names is part of another's.
async fn people(stage: &Stage) -> Result<Vec<(Person, Account)>, Trouble> {
    let mut people: Vec<(Person, Account)> = Vec::new();
    for _ in 0..DRAWN_AT_MOST {
        let (person, account) = stage.person().await?;
        let clash = |other: &Account| other.name.contains(&account.name) || account.name.contains(&other.name);
        if !people.iter().any(|(_, other)| clash(other)) {
            people.push((person, account));
        }
        if people.len() == PEOPLE {
            return Ok(people);
        }
    }
    Err(Trouble::Means("the people drawn have names that cannot be told apart".to_owned()))
}
