//! Clients that take more than their share: of time, of bytes, of connections. Each is stopped at its limit, and others
//! are served meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho_server::{Conforming, Decisions, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::{PATIENCE, connect, hear, hear_until, say, statuses, write_till_refused};
use crate::world::World;

const FORM: &str = "POST /seeker/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";

async fn world_with(change: impl FnOnce(&mut Limits)) -> World {
    World::start_with(Arc::new(Conforming), |config| change(&mut config.limits)).await
}

async fn others_are_served(world: &World) {
    let begun = Instant::now();
    world.browser().await.get("/").await.is(200, "サービスの選択");
    assert!(begun.elapsed() < Duration::from_secs(5), "another user waited for {:?}", begun.elapsed());
}

/// Sends a byte at a time for as long as the server listens. Says how long that was.
async fn drip(stream: TcpStream) -> Duration {
    let begun = Instant::now();
    let (mut from, mut to) = stream.into_split();
    let dripping = async {
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        while to.write_all(b"a").await.is_ok() {
            beat.tick().await;
        }
    };
    tokio::select! {
        () = dripping => (),
        _ = hear(&mut from) => (),
    }
    begun.elapsed()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_however_it_drips() {
    let world = world_with(|limits| limits.head_time = Duration::from_millis(300)).await;
    for beginning in ["G", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: "] {
        let mut stream = connect(&world).await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let lasted = tokio::time::timeout(PATIENCE, drip(stream)).await.expect("the server cuts it off");
        assert!(lasted >= Duration::from_millis(250), "{lasted:?}");
        others_are_served(&world).await;
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_in_time() {
    let world = world_with(|limits| limits.body_time = Duration::from_millis(300)).await;
    for length in ["Content-Length: 1000\r\n\r\na=", "Transfer-Encoding: chunked\r\n\r\n2\r\na="] {
        let mut stream = connect(&world).await;
        stream.write_all(format!("{FORM}{length}").as_bytes()).await.unwrap();
        let heard = hear(&mut stream).await;
        assert_eq!(statuses(&heard), [408], "{heard}");
        others_are_served(&world).await;
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_without_being_read() {
    let world = World::start().await;
    // It says how long it is: refused at once, before a byte of it has come.
    let mut stream = connect(&world).await;
    stream.write_all(format!("{FORM}Content-Length: 1000000000000\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(statuses(&hear_until(&mut stream, "</html>").await), [413]);
    let taken = write_till_refused(&mut stream, &[b'a'; 65_536], 1 << 30).await;
    assert!(taken < 64 << 20, "{taken} bytes were taken");
    // It does not say so: refused when the limit is reached.
    let mut stream = connect(&world).await;
    stream.write_all(format!("{FORM}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let taken = write_till_refused(&mut stream, chunk.as_bytes(), 1 << 30).await;
    assert!(taken < 64 << 20, "{taken} bytes were taken");
    // What is not even looked at is not read either.
    let heard =
        say(&world, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".to_owned() + &"a".repeat(50_000));
    assert_eq!(statuses(&heard.await), [405]);
    others_are_served(&world).await;
}

/// The refusal arrives although the client was still sending: no reset overtakes it.
#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let world = World::start().await;
    let body = "a".repeat(600_000);
    for _ in 0..20 {
        let mut stream = connect(&world).await;
        let request = format!("{FORM}Content-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(request.as_bytes()).await;
        let mut heard = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("in time").expect("no reset");
        assert_eq!(statuses(&String::from_utf8_lossy(&heard)), [413]);
    }
}

#[tokio::test]
async fn who_asks_and_never_reads_is_cut_off() {
    let world = world_with(|limits| limits.answer_time = Duration::from_millis(300)).await;
    let mut stream = connect(&world).await;
    let request = "GET /seeker/sign-in HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200);
    let taken = write_till_refused(&mut stream, request.as_bytes(), 1 << 30).await;
    assert!(taken < 64 << 20, "{taken} bytes of requests were taken");
    tokio::time::timeout(PATIENCE, async {
        while world.server.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the connection is closed by the server while the client keeps it open");
    others_are_served(&world).await;
    drop(stream);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_used_one_counts_anew() {
    let world = world_with(|limits| limits.idle_time = Duration::from_millis(400)).await;
    let mut never_used = connect(&world).await;
    assert_eq!(hear(&mut never_used).await, "");
    let mut used = connect(&world).await;
    for _ in 0..3 {
        used.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        hear_until(&mut used, "</html>").await;
    }
    assert_eq!(hear(&mut used).await, "", "it is closed without a word");
}

#[tokio::test]
async fn an_old_connection_is_closed_after_its_request() {
    let world = world_with(|limits| limits.connection_time = Duration::from_millis(300)).await;
    let mut stream = connect(&world).await;
    stream.write_all(format!("{FORM}Content-Length: 3\r\n\r\na").as_bytes()).await.unwrap();
    // A younger one that does nothing else ends for its age, so the older one was told as well.
    assert_eq!(hear(&mut connect(&world).await).await, "");
    stream.write_all(b"=b").await.unwrap();
    assert_eq!(statuses(&hear(&mut stream).await), [400], "the request it was at is answered");
}

#[tokio::test]
async fn thousands_of_idle_connections_shut_nobody_out() {
    const IDLE: usize = 3000;
    rlimit::increase_nofile_limit(16_384).unwrap();
    let world = world_with(|limits| limits.connections = 256).await;
    let mut served = world.browser().await;
    let mut idle = Vec::new();
    for number in 0..IDLE {
        idle.push(connect(&world).await);
        if number % 100 == 0 {
            served.get("/").await.is(200, "サービスの選択");
            others_are_served(&world).await;
        }
    }
    others_are_served(&world).await;
    assert!(world.server.connections() <= 256, "{}", world.server.connections());
    // The first ones made room, the last ones are still there.
    assert_eq!(hear(&mut idle[0]).await, "");
    idle[IDLE - 1].write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    hear_until(&mut idle[IDLE - 1], "HTTP/1.1 200").await;
}

#[tokio::test]
async fn heads_and_bodies_that_drip_on_every_place_shut_nobody_out() {
    const PLACES: usize = 16;
    let world = world_with(|limits| limits.connections = PLACES).await;
    for beginning in ["GET / HT", &format!("{FORM}Content-Length: 1000\r\n\r\na=")] {
        let mut slow = Vec::new();
        for _ in 0..2 * PLACES {
            let mut stream = connect(&world).await;
            stream.write_all(beginning.as_bytes()).await.unwrap();
            slow.push(stream);
        }
        others_are_served(&world).await;
    }
}

#[tokio::test]
async fn stopping_lets_an_open_request_end_and_takes_no_more() {
    let world = World::start().await;
    let address = world.server.address();
    let mut stream = connect(&world).await;
    let mut idle = connect(&world).await;
    stream.write_all(format!("{FORM}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    hear_until(&mut stream, "100 Continue").await;
    let World { server, postbox } = world;
    let stopping = tokio::spawn(server.shutdown());
    assert_eq!(hear(&mut idle).await, "", "an idle connection is closed at once");
    assert!(TcpStream::connect(address).await.is_err());
    stream.write_all(b"a=b").await.unwrap();
    assert_eq!(statuses(&hear(&mut stream).await), [400]);
    tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap();
    drop(postbox);
}

#[tokio::test]
async fn stopping_waits_for_a_stuck_request_no_longer_than_its_limit() {
    let world = world_with(|limits| limits.last_request_time = Duration::from_millis(200)).await;
    let mut stream = connect(&world).await;
    stream.write_all(format!("{FORM}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    hear_until(&mut stream, "100 Continue").await;
    let begun = Instant::now();
    world.server.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

/// Fails where a browser names itself so.
struct Failing;

const FAILS: &str = "fails";

impl Decisions for Failing {
    fn serves_user_agent(&self, user_agent: &str) -> bool {
        assert_ne!(user_agent, FAILS);
        true
    }
}

#[tokio::test]
async fn a_failure_of_our_own_costs_one_request_only() {
    let world = World::start_with(Arc::new(Failing), |_| ()).await;
    let mut browser = world.browser().await;
    for number in 1..=3 {
        let seen = browser.send(http::Method::GET, "/", &[("user-agent", FAILS)], bytes::Bytes::new()).await;
        seen.is(500, "エラーが発生しました");
        assert_eq!(seen.header("cache-control"), "no-store");
        assert_eq!(world.server.panics(), number);
        browser.get("/").await.is(200, "サービスの選択");
    }
    others_are_served(&world).await;
}
