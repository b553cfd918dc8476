//! Where the walks take place: the reference server, the sink its mail goes to, and one account.

use std::sync::Arc;
use std::time::Duration;

use sekisho_server::{Conforming, PasswordCost, RunningServer, Server, ServerConfig};
use sekisho_simulator::mailbox::{Letter, Mark};
use sekisho_simulator::sink::{Sink, SinkConfig};

/// The first account that the server makes by itself, the same at every portal.
pub const ADDRESS: &str = "user00001@example.test";
pub const PASSWORD: &str = "password-00001";

/// How long a mail may take on this machine before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Venue {
    server: RunningServer,
    sink: Sink,
}

impl Venue {
    pub async fn open() -> Self {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let config = ServerConfig {
            smtp: Some(sink.address().to_string()),
            seeded_accounts: 1,
            password_cost: PasswordCost::Cheap,
            ..ServerConfig::default()
        };
        let server = Server::start(config, Arc::new(Conforming)).await.unwrap();
        Self { server, sink }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// The position behind all mail that has come so far.
    pub async fn mark(&self) -> Mark {
        self.sink.mailbox().mark().await.unwrap()
    }

    /// The code in the first mail to the account after `mark`.
    pub async fn code_after(&self, mark: Mark) -> String {
        let mail = self.sink.mailbox().next_for(ADDRESS, mark, PATIENCE).await.unwrap().expect("a mail comes");
        let text = Letter::parse(&mail).text;
        let numbers = text.split(|letter: char| !letter.is_ascii_digit());
        let codes: Vec<&str> = numbers.filter(|number| number.len() == 6).collect();
        let [code] = codes[..] else { panic!("not one code in the mail: {} of them", codes.len()) };
        code.to_owned()
    }

    /// How many mails have come to anybody after `mark`.
    pub async fn mails_after(&self, mark: Mark) -> usize {
        self.sink.mailbox().everything_after(mark).await.unwrap().len()
    }
}
