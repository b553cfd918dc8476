//! The right server, seen through a profile that is wrong in one place.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sekisho_server::{Conforming, ControlConfig, PasswordCost, RunningServer, Server, ServerConfig};
use sekisho_simulator::account::AccountKey;
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::clock::{Clock, ClockError};
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::population::Population;
use sekisho_simulator::sink::{Sink, SinkConfig};
use sekisho_simulator::target::{Control, Loading, Target};
use sekisho_simulator::world::World;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::support;

const TOKEN: &str = "doubt-test";

/// What is wrong.
pub struct Broken {
    pub name: &'static str,
    /// What is wrong, for the snapshot.
    pub what: &'static str,
    /// Why what still passes may pass.
    pub why: &'static str,
    /// Changes to the reference profile.
    pub edits: Vec<(&'static str, &'static str)>,
    /// Whether the clock stands though it says that it was moved.
    pub clock_stands: bool,
}

impl Broken {
    pub fn nothing() -> Broken {
        broken("nothing", "", "", &[])
    }
}

fn broken(name: &'static str, what: &'static str, why: &'static str, edits: &[(&'static str, &'static str)]) -> Broken {
    Broken { name, what, why, edits: edits.to_vec(), clock_stands: false }
}

pub fn broken_profiles() -> Vec<Broken> {
    let impatient = ("mail_patience = \"10s\"", "mail_patience = \"300ms\"");
    vec![
        broken(
            "no_code_form",
            "The form that sends the code is looked for under a wrong name: no code can be sent.",
            "Only what is seen without sending a code may pass: the sign-in before go-live and at its instant.",
            &[("form#code-entry", "form#no-such-form")],
        ),
        broken(
            "every_code_refused",
            "The code field is filled with a constant: every code is refused.",
            "Only what is seen without a code may pass, as with no form at all: nothing that calls a code refused, a skip unset or a page shut.",
            &[("fill = { code = \"{code}\" }", "fill = { code = \"000000\" }")],
        ),
        broken(
            "no_such_box",
            "The skip check box is looked for under a wrong name: the code form cannot be sent.",
            "As with no form at all.",
            &[("tick_skip = \"skip\"", "tick_skip = \"skipp\"")],
        ),
        broken(
            "box_never_ticked",
            "The skip check box is never ticked: no skip is ever set.",
            "What needs no skip may pass; nothing that says of a skip that it is not set, ended, or another account's.",
            &[("tick_skip = \"skip\"\n", "")],
        ),
        broken(
            "ok_cancels",
            "OK on the confirmation is sent as cancel: no skip is ever set.",
            "As with the box never ticked; the confirmation itself, its cautions included, is seen.",
            &[(
                "press = { name = \"decision\", value = \"ok\" }",
                "press = { name = \"decision\", value = \"cancel\" }",
            )],
        ),
        broken(
            "no_mail_is_a_code_mail",
            "The expression for the code matches no mail.",
            "Nothing may pass: every story comes to a sign-in whose code never arrives, and none may call that an absence.",
            &[(r"code = 'ワンタイムパスワード：(\d{6})\b'", r"code = 'no such mail (\d{6})'"), impatient],
        ),
        broken(
            "another_number_is_the_code",
            "The expression for the code takes another number from the mail.",
            "As with every code refused.",
            &[(r"code = 'ワンタイムパスワード：(\d{6})\b'", r"code = 'ワンタイムパスワード：(\d{5})'")],
        ),
        broken(
            "skip_cookie_unknown",
            "The expression for the skip's cookie matches none.",
            "All but what looks into that cookie, keeps it, deletes it, alters it or carries it elsewhere.",
            &[("cookie = '(__Host-)?skip-[0-9a-f]{16}'", "cookie = 'no-such-cookie'")],
        ),
        broken(
            "session_taken_for_the_skip",
            "The expression for the skip's cookie matches the session's.",
            "All but what looks into the skip's cookie, keeps it, deletes it, alters it or carries it elsewhere.",
            &[("cookie = '(__Host-)?skip-[0-9a-f]{16}'", "cookie = '(__Host-)?session-[a-z]+'")],
        ),
        broken(
            "session_cookie_unknown",
            "The expression for the session's cookie matches none.",
            "All but what deletes the session's cookie alone.",
            &[("session_cookie = '(__Host-)?session-[a-z]+'", "session_cookie = 'no-such-cookie'")],
        ),
        Broken {
            clock_stands: true,
            ..broken(
                "clock_stands",
                "The clock stands, though it says that it was moved.",
                "What needs no time may pass; nothing just inside a boundary, nothing after one, no silence over days.",
                &[],
            )
        },
        broken(
            "my_page_and_settings_swapped",
            "My Page is recognised by the title of the settings, and the other way round.",
            "Only what never needs My Page: a code that leads to the skip confirmation.",
            &[
                ("title = \"マイページ |\"", "title = \"SWAP |\""),
                ("title = \"各種設定 |\"", "title = \"マイページ |\""),
                ("title = \"SWAP |\"", "title = \"各種設定 |\""),
            ],
        ),
        broken(
            "code_entry_and_over_swapped",
            "The code entry is recognised by the title of an attempt that is over, and the other way round.",
            "Nothing may pass: every story meets one of the two.",
            &[
                ("title = \"ワンタイムパスワード入力画面 |\" }", "title = \"SWAP |\" }"),
                (
                    "title = \"ログインをやり直してください |\", status = 410",
                    "title = \"ワンタイムパスワード入力画面 |\"",
                ),
                ("title = \"SWAP |\" }", "title = \"ログインをやり直してください |\" }"),
            ],
        ),
        broken(
            "status_says_the_opposite",
            "あり is read where なし stands, and the other way round.",
            "All but the status itself.",
            &[("some = \"あり\", none = \"なし\"", "some = \"なし\", none = \"あり\"")],
        ),
        broken(
            "status_is_nowhere",
            "The status is looked for in a place that the page does not have.",
            "All but what reads the status.",
            &[("selector = \"#skip-status\"", "selector = \"#no-such-place\"")],
        ),
        broken(
            "my_page_is_not_there",
            "My Page is opened at an address that the target does not have.",
            "All but what says of My Page that it is shut or open.",
            &[("get = \"/{portal}/my-page\"", "get = \"/{portal}/no-such-page\"")],
        ),
        broken(
            "skip_settings_are_not_there",
            "The skip settings are opened at an address that the target does not have.",
            "All but what opens them, the resume and the status included.",
            &[("get = \"/{portal}/settings/skip\"", "get = \"/{portal}/settings/no-such-page\"")],
        ),
        broken(
            "resume_is_not_there",
            "The resume confirmation is opened at an address that the target does not have.",
            "All but what says of it that it is shut; the resume by its two buttons works.",
            &[("get = \"/{portal}/settings/skip/resume\"", "get = \"/{portal}/settings/skip/no-such-page\"")],
        ),
        broken(
            "no_confirmation_number",
            "The expression for the number that confirms an address matches no mail.",
            "All but what changes an address, or says that it cannot be changed.",
            &[(r"confirmation = '確認番号：(\d{6})\b'", r"confirmation = 'no such number (\d{6})'")],
        ),
        broken(
            "every_password_wrong",
            "The password field is filled with something else: every password is wrong.",
            "Nothing may pass: whoever is refused is refused for the wrong reason.",
            &[("password = \"{password}\"", "password = \"x{password}\"")],
        ),
    ]
}

/// The right server and a sink, for any number of profiles.
pub struct House {
    server: RunningServer,
    sink: Sink,
}

impl House {
    pub async fn open() -> House {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let config = ServerConfig {
            control: Some(ControlConfig { listen: ([127, 0, 0, 1], 0).into(), token: TOKEN.to_owned() }),
            smtp: Some(sink.address().to_string()),
            password_cost: PasswordCost::Cheap,
            starts_after: Some(sekisho_server::core::GO_LIVE),
            ..ServerConfig::default()
        };
        House { server: Server::start(config, Arc::new(Conforming)).await.unwrap(), sink }
    }

    /// The world as a profile that is broken like this shows it.
    pub fn world(&self, broken: &Broken) -> Arc<World> {
        self.world_of(broken, &str::to_owned)
    }

    /// The same with the profile changed once more.
    pub fn world_of(&self, broken: &Broken, change: &dyn Fn(&str) -> String) -> Arc<World> {
        let url = |address| Url::parse(&format!("http://{address}/")).unwrap();
        let control = Control { url: url(self.server.control_address().unwrap()), token: TOKEN.to_owned() };
        let loading =
            Loading { base: Some(url(self.server.address())), control: Some(control.clone()), ..Loading::default() };
        let profile = include_str!("../../profiles/reference.toml");
        let profile = support::replace(profile, "\"seeker\", \"employer\", \"provider\"", "\"employer\"");
        let profile = support::replace(&profile, "browsers_tried = 64", "browsers_tried = 8");
        let profile = broken.edits.iter().fold(profile, |profile, (from, to)| support::replace(&profile, from, to));
        let profile = change(&profile);
        let network = Arc::new(Network::new(NetworkConfig::default()).unwrap());
        let client = Arc::new(ControlClient::new(control, &network));
        Arc::new(World {
            target: Target::parse("broken.toml", &profile, &loading).unwrap(),
            network,
            mailbox: self.sink.mailbox(),
            clock: if broken.clock_stands { Arc::new(Standing) } else { client.clone() },
            accounts: client.clone(),
            office: Some(client),
            timeline: None,
            population: Population::new(7, broken.name.replace('_', "-")),
            time_proof: Default::default(),
            refusal: Some(self.sink.faults()),
            cancel: CancellationToken::new(),
        })
    }

    pub async fn close(self) {
        self.server.shutdown().await;
        self.sink.shutdown().await;
    }
}

/// A clock that says it was moved, and was not.
struct Standing;

#[async_trait]
impl Clock for Standing {
    async fn advance(&self, _: &[AccountKey], _: Duration) -> Result<(), ClockError> {
        Ok(())
    }

    fn can_move(&self) -> bool {
        true
    }

    fn can_freeze(&self) -> bool {
        true
    }
}
