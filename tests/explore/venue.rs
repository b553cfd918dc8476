//! A faulty reference server and the sink of its mail, with the world in which stories are told of it.

use std::sync::Arc;

use sekisho_server::core::GO_LIVE;
use sekisho_server::{ControlConfig, Decisions, PasswordCost, RunningServer, Server, ServerConfig};
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::population::Population;
use sekisho_simulator::sink::{Sink, SinkConfig};
use sekisho_simulator::target::{Control, Loading, Target};
use sekisho_simulator::world::World;
use tokio_util::sync::CancellationToken;
use url::Url;

const TOKEN: &str = "the token of these tests";

pub struct Venue {
    pub world: Arc<World>,
    server: RunningServer,
    sink: Sink,
}

impl Venue {
    pub async fn open(decisions: Arc<dyn Decisions>) -> Venue {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let config = ServerConfig {
            control: Some(ControlConfig { listen: ([127, 0, 0, 1], 0).into(), token: TOKEN.to_owned() }),
            smtp: Some(sink.address().to_string()),
            password_cost: PasswordCost::Cheap,
            starts_after: Some(GO_LIVE),
            ..ServerConfig::default()
        };
        let server = Server::start(config, decisions).await.unwrap();
        let at = |address: std::net::SocketAddr| Url::parse(&format!("http://{address}/")).unwrap();
        let control = Control { url: at(server.control_address().unwrap()), token: TOKEN.to_owned() };
        let loading =
            Loading { base: Some(at(server.address())), control: Some(control.clone()), ..Loading::default() };
        let profile = include_str!("../../profiles/reference.toml");
        let target = Target::parse("profiles/reference.toml", profile, &loading).unwrap();
        let network = Arc::new(Network::new(NetworkConfig::default()).unwrap());
        let control = Arc::new(ControlClient::new(control, &network));
        let world = Arc::new(World {
            target,
            network,
            mailbox: sink.mailbox(),
            clock: control.clone(),
            timeline: None,
            accounts: control.clone(),
            office: Some(control),
            population: Population::new(1, "explored"),
            time_proof: Default::default(),
            refusal: None,
            cancel: CancellationToken::new(),
        });
        Venue { world, server, sink }
    }

    pub async fn close(self) {
        self.server.shutdown().await;
        self.sink.shutdown().await;
    }
}
