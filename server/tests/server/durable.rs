//! A store that outlives its server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::{Method, StatusCode};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sekisho_server::store::{Kept, Ledger, SqliteLedger, StoreConfig, StoreError, Write};
use sekisho_server::{Conforming, Server};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{Postbox, World, config};

const ADDRESS: &str = "hanako@a.test";

async fn start(folder: &Path) -> World {
    World::start_with(Arc::new(Conforming), |config| {
        config.store = StoreConfig::Sqlite(folder.join("store.db"));
        config.seeded_accounts = 2;
    })
    .await
}

/// The same browser at a server that listens elsewhere.
async fn moved(browser: &Browser, world: &World) -> Browser {
    let mut new = world.browser().await;
    new.cookies = browser.cookies.clone();
    new.page.clone_from(&browser.page);
    new
}

#[tokio::test]
async fn a_restart_changes_nothing_for_those_who_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = start(folder.path()).await;
    world.account("seeker", ADDRESS, json!({})).await;
    let (mut home, mut pc) = (world.browser().await, world.browser().await);
    world.set_skip(&mut home, "seeker", ADDRESS).await;
    world.give_password(&mut pc, "seeker", ADDRESS).await.leads_to("/seeker/code");
    let code = world.postbox.code(ADDRESS).await;
    pc.get("/seeker/code").await.is(200, "ワンタイムパスワード入力画面");
    world.server.shutdown().await;

    let world = start(folder.path()).await;
    assert_eq!(world.server.store().all().len(), 7, "two seeded at each portal, and one");
    let mut home = moved(&home, &world).await;
    home.get("/seeker/my-page").await.is(200, "マイページ");
    world.give_password(&mut home, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    // The form was opened before, and the code was mailed before.
    let mut pc = moved(&pc, &world).await;
    pc.post("/seeker/code", &[("code", code.as_str())]).await.leads_to("/seeker/my-page");
    world.server.shutdown().await;
}

/// A file that can be told to fail or to lie.
struct Moody {
    file: SqliteLedger,
    mood: Arc<AtomicU8>,
}

const HONEST: u8 = 0;
const FAILING: u8 = 1;
const LYING: u8 = 2;
/// Once more honest, then lying.
const LAST: u8 = 3;

impl Ledger for Moody {
    fn load(&mut self) -> Result<Kept, StoreError> {
        self.file.load()
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        match self.mood.load(Ordering::SeqCst) {
            HONEST => self.file.commit(writes),
            LAST => {
                self.mood.store(LYING, Ordering::SeqCst);
                self.file.commit(writes)
            }
            FAILING => Err(StoreError::Thread(std::io::Error::other("the disk is full"))),
            _ => Ok(()),
        }
    }
}

async fn start_moody(folder: &Path, mood: &Arc<AtomicU8>) -> World {
    let file = SqliteLedger::open(&folder.join("store.db"), &mut StdRng::seed_from_u64(1)).unwrap();
    let ledger = Moody { file, mood: mood.clone() };
    let postbox = Arc::new(Postbox::default());
    let server = Server::start_over(Box::new(ledger), config(), Arc::new(Conforming), postbox.clone()).await.unwrap();
    World { server, postbox }
}

#[tokio::test]
async fn a_disk_that_fails_ends_every_answer_and_what_was_answered_before_holds() {
    let (folder, mood) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU8::new(HONEST)));
    let world = start_moody(folder.path(), &mood).await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut home = world.browser().await;
    world.set_skip(&mut home, "seeker", ADDRESS).await;

    assert_eq!(world.control(Method::GET, "/healthz", Value::Null).await.0, StatusCode::OK);
    mood.store(FAILING, Ordering::SeqCst);
    let mut pc = world.browser().await;
    pc.get("/seeker/sign-in").await.is(200, "ログイン");
    let pair = [("address", ADDRESS), ("password", crate::world::PASSWORD)];
    let mails = world.postbox.count(ADDRESS);
    for _ in 0..2 {
        let seen = pc.post("/seeker/sign-in", &pair).await;
        seen.is(503, "ただいまご利用いただけません");
        assert_ne!(seen.header("retry-after"), "");
        assert_eq!(seen.header("set-cookie"), "", "what is not on disk is not promised");
    }
    home.get("/seeker/my-page").await.is(503, "ただいまご利用いただけません");
    let clock = format!("/clock?portal=seeker&address={ADDRESS}");
    assert_eq!(world.control(Method::GET, &clock, Value::Null).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let (status, health) = world.control(Method::GET, "/healthz", Value::Null).await;
    assert_eq!((status, &health["store"]["state"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("failed")));
    assert_eq!(world.postbox.count(ADDRESS), mails, "no code goes out for an attempt that may be forgotten");
    world.server.shutdown().await;

    mood.store(HONEST, Ordering::SeqCst);
    let world = start_moody(folder.path(), &mood).await;
    let mut home = moved(&home, &world).await;
    world.give_password(&mut home, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    world.server.shutdown().await;
}

/// A file that brings nothing to disk while its gate is shut.
struct Gated {
    file: SqliteLedger,
    gate: Arc<tokio::sync::Mutex<()>>,
}

impl Ledger for Gated {
    fn load(&mut self) -> Result<Kept, StoreError> {
        self.file.load()
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let _open = self.gate.blocking_lock();
        self.file.commit(writes)
    }
}

/// Others use the server meanwhile, so the disk is at work: the wait for it must not tell a known ID from an unknown one.
#[tokio::test]
async fn a_refused_pair_waits_for_the_disk_whether_there_is_such_an_account_or_not() {
    let (folder, gate) = (tempfile::tempdir().unwrap(), Arc::new(tokio::sync::Mutex::new(())));
    let file = SqliteLedger::open(&folder.path().join("store.db"), &mut StdRng::seed_from_u64(1)).unwrap();
    let (ledger, postbox) = (Gated { file, gate: gate.clone() }, Arc::new(Postbox::default()));
    let server = Server::start_over(Box::new(ledger), config(), Arc::new(Conforming), postbox.clone()).await.unwrap();
    let world = World { server, postbox };
    for address in [ADDRESS, "taro@a.test"] {
        world.account("seeker", address, json!({})).await;
    }
    let mut browsers = Vec::new();
    for _ in 0..3 {
        let mut browser = world.browser().await;
        browser.get("/seeker/sign-in").await.is(200, "ログイン");
        browsers.push(browser);
    }

    let shut = gate.lock().await;
    let mut gives = |id: &'static str, password: &'static str| {
        let mut browser = browsers.pop().unwrap();
        async move { browser.post("/seeker/sign-in", &[("address", id), ("password", password)]).await }
    };
    let other = tokio::spawn(gives("taro@a.test", crate::world::PASSWORD));
    let mut is_at_work = false;
    while !is_at_work {
        tokio::task::yield_now().await;
        is_at_work = futures::FutureExt::now_or_never(world.server.store().everything().wait()).is_none();
    }
    let refused = [ADDRESS, "nobody@a.test"].map(|id| tokio::spawn(gives(id, "wrong")));
    // Pages that tell nothing are answered all the time: whoever does not wait would have been answered too.
    let mut looker = world.browser().await;
    for _ in 0..30 {
        looker.get("/seeker/sign-in").await.is(200, "ログイン");
    }
    let answered: Vec<bool> = refused.iter().map(tokio::task::JoinHandle::is_finished).collect();
    assert_eq!(answered, [false, false], "both wait");
    drop(shut);
    for answer in refused {
        answer.await.unwrap().is(422, "ログイン");
    }
    other.await.unwrap().leads_to("/seeker/code");
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_code_that_was_on_its_way_at_the_crash_is_told_as_lost() {
    let (folder, mood) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU8::new(HONEST)));
    let world = start_moody(folder.path(), &mood).await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut pc = world.browser().await;
    // The attempt is the last that reaches the disk, as before a crash; that its mail was taken does not.
    mood.store(LAST, Ordering::SeqCst);
    world.give_password(&mut pc, "seeker", ADDRESS).await.leads_to("/seeker/code");
    pc.get("/seeker/code").await.is(200, "ワンタイムパスワード入力画面");
    world.postbox.code(ADDRESS).await;
    assert_eq!(mood.load(Ordering::SeqCst), LYING);
    world.server.shutdown().await;

    mood.store(HONEST, Ordering::SeqCst);
    let world = start_moody(folder.path(), &mood).await;
    let mut pc = moved(&pc, &world).await;
    pc.get("/seeker/code").await.is(410, "メールを送信できませんでした");
    world.sign_in(&mut pc, "seeker", ADDRESS, false).await.leads_to("/seeker/my-page");
    world.server.shutdown().await;
}
