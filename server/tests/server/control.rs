//! The control listener.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use sekisho_server::core::{Address, Portal};
use sekisho_server::{Conforming, Server, ServerConfig, ServerError};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{World, config};

fn account(address: &str) -> Value {
    json!({ "portal": "employer", "address": address, "password": "p", "name": "n" })
}

#[tokio::test]
async fn only_who_has_the_token_is_served() {
    let world = World::start().await;
    let mut browser = Browser::open(world.server.control_address().unwrap()).await;
    for authorization in ["", "Bearer ", "Bearer wrong", "Basic control-token", "control-token"] {
        let headers = [("authorization", authorization)];
        let seen = browser.send(Method::GET, "/clock", &headers, Bytes::new()).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{authorization}");
    }
    assert_eq!(world.control(Method::GET, "/clock", Value::Null).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.control(Method::GET, "/nothing", Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.control(Method::DELETE, "/clock", Value::Null).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_batch_with_a_fault_makes_nothing_and_says_where_it_is() {
    let world = World::start().await;
    world.account("employer", "old@a.test", json!({})).await;
    let change = |field: &str, value: Value| {
        let mut account = account("new2@a.test");
        account[field] = value;
        account
    };
    let faults = [
        (account("OLD@a.test"), 409),
        (account("new@a.test"), 409),
        (change("portal", json!("nobody")), 422),
        (change("address", json!("no address")), 422),
        (change("main", json!("none@a.test")), 422),
        (change("starts_at", json!("yesterday")), 422),
        (change("password", json!("")), 422),
    ];
    for (fault, status) in faults {
        let body = json!({ "accounts": [account("new@a.test"), fault] });
        let (got, error) = world.control(Method::POST, "/accounts", body).await;
        assert_eq!(got.as_u16(), status, "{error}");
        assert!(error["error"].as_str().unwrap().contains("account 1"), "{error}");
    }
    for nonsense in [json!({}), json!([]), json!({ "accounts": [{ "portal": 1 }] }), json!("x")] {
        assert_eq!(world.control(Method::POST, "/accounts", nonsense).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(world.server.store().all().len(), 1);
}

#[tokio::test]
async fn two_thousand_accounts_are_made_at_once() {
    let world = World::start().await;
    let accounts: Vec<Value> = (0..2000).map(|number| account(&format!("user{number}@a.test"))).collect();
    let (status, body) = world.control(Method::POST, "/accounts", json!({ "accounts": accounts })).await;
    assert_eq!((status, &body["created"]), (StatusCode::CREATED, &json!(2000)));
}

#[tokio::test]
async fn clocks_move_forward_alone_or_all_and_never_back() {
    let world = World::start().await;
    let starts_at = json!({ "starts_at": "2025-08-13T06:00:00+09:00", "frozen": true });
    world.account("seeker", "a@a.test", starts_at.clone()).await;
    world.account("seeker", "b@a.test", starts_at).await;
    let a = json!([{ "portal": "seeker", "address": "a@a.test" }]);
    let now_of = async |address: &str| {
        let path = format!("/clock?portal=seeker&address={address}");
        world.control(Method::GET, &path, Value::Null).await.1["now"].as_str().unwrap().to_owned()
    };

    let (_, moved) = world.control(Method::POST, "/clock", json!({ "accounts": a, "advance_ms": 1_800_001 })).await;
    assert_eq!(moved["now"], "2025-08-12T21:30:00.001Z");
    assert_eq!(now_of("a@a.test").await, "2025-08-12T21:30:00.001Z");
    assert_eq!(now_of("b@a.test").await, "2025-08-12T21:00:00.000Z", "b's clock is its own");

    let back = json!({ "accounts": "all", "set": "2025-08-12T21:30:00Z" });
    assert_eq!(world.control(Method::POST, "/clock", back).await.0, StatusCode::CONFLICT);
    assert_eq!(now_of("b@a.test").await, "2025-08-12T21:00:00.000Z", "all or none");
    let all = json!({ "accounts": "all", "set": "2025-08-13T00:00:00Z" });
    assert_eq!(world.control(Method::POST, "/clock", all).await.0, StatusCode::OK);
    assert_eq!(now_of("b@a.test").await, "2025-08-13T00:00:00.000Z");

    let (_, thawed) = world.control(Method::POST, "/clock", json!({ "accounts": a, "frozen": false })).await;
    assert_eq!(thawed["now"], "2025-08-13T00:00:00.000Z");
    let clock = world.control(Method::GET, "/clock?portal=seeker&address=a@a.test", Value::Null).await.1;
    assert_eq!(clock["frozen"], false);

    for (body, status) in [
        (json!({ "accounts": [{ "portal": "seeker", "address": "c@a.test" }], "advance_ms": 1 }), 404),
        (json!({ "accounts": "some", "advance_ms": 1 }), 422),
        (json!({ "accounts": "all", "advance_ms": -1 }), 422),
        (json!({ "accounts": "all", "advance_ms": u64::MAX }), 409),
        (json!({ "accounts": "all", "set": "noon" }), 422),
        (json!({ "accounts": "all", "set": "2026-01-01T00:00:00Z", "advance_ms": 1 }), 422),
    ] {
        assert_eq!(world.control(Method::POST, "/clock", body.clone()).await.0.as_u16(), status, "{body}");
    }
}

#[tokio::test]
async fn accounts_from_the_start_stand_at_every_portal() {
    let world = World::start_with(Arc::new(Conforming), |config| config.seeded_accounts = 3).await;
    let last = Address::parse("user00003@example.test").unwrap();
    assert!(Portal::ALL.iter().all(|portal| world.server.store().find(*portal, &last).is_some()));
    let mut browser = world.browser().await;
    browser.get("/provider/sign-in").await;
    let pair = [("address", last.as_str()), ("password", "password-00003")];
    browser.post("/provider/sign-in", &pair).await.leads_to("/provider/code");
}

#[tokio::test]
async fn a_port_in_use_is_an_error_of_its_own() {
    let world = World::start().await;
    let address = world.server.address();
    let config = ServerConfig { listen: address, ..config() };
    let Err(ServerError::AddressInUse { address: named }) = Server::start(config, Arc::new(Conforming)).await else {
        panic!("the port is in use");
    };
    assert_eq!(named, address);
}
