//! An office that is driven by requests of the profile's: what is sent, what is read, and what a profile may not say of it.
#![allow(clippy::unwrap_used)]

mod hooked;

use std::time::{Duration, SystemTime};

use hooked::{Folder, Recording, network};
use sekisho_rules::Portal;
use sekisho_simulator::account::{Account, AccountKey};
use sekisho_simulator::office::{HttpOffice, Office, OfficeError};
use sekisho_simulator::target::{ProfileError, Target};
use url::Url;

fn target(folder: &Folder, base: Option<&Url>, office: &str) -> Result<Target, ProfileError> {
    folder.target(base, &[("[office]\ndriver = \"control\"\n", &format!("[office]\ndriver = \"http\"\n{office}\n"))])
}

fn somebody(address: &str) -> Account {
    let key = AccountKey { portal: Portal::Seeker, address: address.to_owned() };
    Account { key, id: "ID 7".to_owned(), password: "p".to_owned(), name: "佐藤 花子".to_owned() }
}

/// The server answers what stands in its address, so each request says itself what it is answered.
async fn office(request: &str, identity: &str) -> (HttpOffice, Recording) {
    let server = Recording::start().await;
    let text = format!(
        "request = {{ url = '/json/{request}', json = {{ id = \"{{id}}\", to = \"{{new_address}}\" }} }}\n\
         identity = {{ method = \"PUT\", url = '/json/{identity}', body = \"{{procedure}} {{portal}} {{address}} {{new_address}}\" }}\n\
         procedure = \"/opened/id\"\ndone_at = \"/done\""
    );
    let target = target(&Folder::new(), Some(&server.base), &text).unwrap();
    (HttpOffice::new(target.office_requests.unwrap(), network()), server)
}

#[tokio::test]
async fn the_office_is_asked_and_told_who_asks() {
    let (office, server) =
        office("%7B%22opened%22:%7B%22id%22:7%7D%7D", "%7B%22done%22:%222025-08-18T09:00:00+09:00%22%7D").await;
    let procedure = office.request(&somebody("old@a.test"), "new@a.test").await.unwrap();
    assert_eq!(procedure.0, "7");
    let done_at = office.check_identity(&procedure).await.unwrap();
    assert_eq!(done_at.duration_since(SystemTime::UNIX_EPOCH).unwrap(), Duration::from_secs(1_755_475_200));
    let sent = server.sent();
    assert_eq!(sent[0].body, "{\"id\":\"ID 7\",\"to\":\"new@a.test\"}");
    assert!(sent[1].line.starts_with("PUT /json/"), "{}", sent[1].line);
    assert_eq!(sent[1].body, "7 seeker old@a.test new@a.test");
}

#[tokio::test]
async fn what_the_office_does_not_say_is_an_error() {
    let message = |error: OfficeError| error.to_string();
    let cases = [
        ("nothing", "no JSON"),
        ("%7B%22opened%22:1%7D", "leads to nothing"),
        ("%7B%22opened%22:%7B%22id%22:null%7D%7D", "neither a text nor a number"),
    ];
    for (answer, says) in cases {
        let (office, _) = office(answer, "x").await;
        let error = message(office.request(&somebody("old@a.test"), "new@a.test").await.unwrap_err());
        assert!(error.contains("`office.procedure`") && error.contains(says), "{error}");
    }
    let (office, _) = office("%7B%22opened%22:%7B%22id%22:7%7D%7D", "%7B%22done%22:%22soon%22%7D").await;
    let procedure = office.request(&somebody("old@a.test"), "new@a.test").await.unwrap();
    let error = message(office.check_identity(&procedure).await.unwrap_err());
    assert!(error.contains("`soon`") && error.contains("`office.done_at`"), "{error}");
}

#[test]
fn what_makes_no_sense_is_named_with_line_key_and_remedy() {
    let folder = Folder::new();
    let request = "request = { url = \"/{new_address}\" }\n";
    let identity = "identity = { url = \"/\" }\n";
    let done = "done_at = \"/done\"";
    let cases = [
        (format!("{request}{identity}"), 1, "`office.done_at`", "needs `done_at`"),
        (format!("{request}{done}"), 1, "`office.identity`", "needs `identity`"),
        (
            format!("request = {{ url = \"/\" }}\n{identity}{done}"),
            3,
            "`office.request`",
            "`{new_address}` stands nowhere",
        ),
        (
            format!("request = {{ url = \"/{{new_address}}/{{procedure}}\" }}\n{identity}{done}"),
            3,
            "`office.request`",
            "known only once",
        ),
        (
            format!("{request}identity = {{ url = \"/{{procedure}}\" }}\n{done}"),
            4,
            "`office.identity`",
            "no `procedure` says",
        ),
        (format!("{request}{identity}done_at = \"done\""), 5, "`office.done_at`", "did you mean `/done`"),
        (format!("{request}{identity}{done}\nprocedures = \"/id\""), 6, "", "did you mean `procedure`"),
        (
            format!("{request}identity = {{ url = \"/{{code}}\" }}\n{done}"),
            4,
            "`office.identity.url`",
            "`{code}` is not known here",
        ),
    ];
    let reference = include_str!("../../profiles/reference.toml");
    let header = reference.lines().position(|line| line == "[office]").unwrap();
    for (office, line, key, message) in cases {
        let error = target(&folder, None, &office).unwrap_err().to_string();
        let place = format!("line {},", header + line);
        assert!(error.contains(&place) && error.contains(key) && error.contains(message), "{office}: {error}");
    }
    let control = "[office]\ndriver = \"control\"\n";
    let error = folder.target(None, &[(control, &format!("{control}{done}\n"))]).unwrap_err().to_string();
    assert!(error.contains("`office.done_at`") && error.contains("is for `driver = \"http\"`"), "{error}");
}
