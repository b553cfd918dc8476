//! The office behind the control listener: what it answers is read, and what cannot be read is said.
#![allow(clippy::unwrap_used)]

mod servers;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sekisho_rules::Portal;
use sekisho_simulator::account::{Account, AccountKey};
use sekisho_simulator::browser::Network;
use sekisho_simulator::control::ControlClient;
use sekisho_simulator::office::{Office, Procedure};
use sekisho_simulator::target::Control;
use servers::{Raw, limits, read_head};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An office that reads one request to its end, a JSON object, and answers with these bytes.
async fn office(answer: &'static [u8]) -> ControlClient {
    let listener = Raw::start(move |_, mut stream| async move {
        read_head(&mut stream).await;
        while stream.read_u8().await.is_ok_and(|byte| byte != b'}') {}
        let _ = stream.write_all(answer).await;
    })
    .await;
    let control = Control { url: listener.url, token: "secret-token".to_owned() };
    ControlClient::new(control, &Arc::new(Network::new(limits()).unwrap()))
}

fn somebody() -> Account {
    let key = AccountKey { portal: Portal::Seeker, address: "old@people.sekisho.test".to_owned() };
    Account { key, id: "ID-7".to_owned(), password: "p".to_owned(), name: "佐藤 花子".to_owned() }
}

async fn request(answer: &'static [u8]) -> Result<Procedure, String> {
    office(answer).await.request(&somebody(), "new@people.sekisho.test").await.map_err(|error| error.to_string())
}

async fn identity(answer: &'static [u8]) -> Result<SystemTime, String> {
    office(answer).await.check_identity(&Procedure("7/x".to_owned())).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_procedure_is_known_by_the_id_the_office_gave_it() {
    let text = b"HTTP/1.1 201 Created\r\ncontent-length: 32\r\n\r\n{\"id\":\"00-ab\",\"state\":\"requested\"}";
    assert!(request(text).await.unwrap_err().contains("cannot be read"), "the body is cut off");
    let text = b"HTTP/1.1 201 Created\r\ncontent-length: 34\r\n\r\n{\"id\":\"00-ab\",\"state\":\"requested\"}";
    assert_eq!(request(text).await, Ok(Procedure("00-ab".to_owned())));
    let number = b"HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\n{\"id\":7}";
    assert_eq!(request(number).await, Ok(Procedure("7".to_owned())));
}

#[tokio::test]
async fn the_instant_from_which_on_the_new_address_decides_is_read_in_any_zone() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 39\r\n\r\n{\"done_at\":\"2025-08-18T09:00:00+09:00\"}";
    let done_at = identity(answer).await.unwrap();
    assert_eq!(done_at.duration_since(SystemTime::UNIX_EPOCH).unwrap(), Duration::from_secs(1_755_475_200));
    let soon = b"HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"done_at\":\"soon\"}";
    assert!(identity(soon).await.unwrap_err().contains("`soon`"));
}

#[tokio::test]
async fn a_refusal_of_the_office_is_told_with_its_words() {
    let answer = b"HTTP/1.1 409 Conflict\r\ncontent-length: 5\r\n\r\ntaken";
    let error = request(answer).await.unwrap_err();
    assert!(error.contains("409") && error.contains("taken") && !error.contains("secret-token"), "{error}");
}
