//! One table of dialogues for both front ends of the sink, so that each checks the other. Where the threaded one
//! answers otherwise, the table says so: what it can't help is asserted, too.
#![allow(clippy::unwrap_used)]

mod sink_client;

use std::num::NonZeroU32;

use sekisho_simulator::{
    mailbox::Mark,
    sink::{Engine, Fault, Sink, SinkConfig, SinkLimits},
};
use sink_client::Client;

const THREADED: Engine = Engine::Threaded { pool: NonZeroU32::new(2).unwrap() };

const LIMITS: SinkLimits = SinkLimits {
    message_bytes: 1000,
    line_bytes: 200,
    recipients: 3,
    commands: 1000,
    errors: 20,
    connections: 10,
    idle: std::time::Duration::from_secs(60),
    session: std::time::Duration::from_secs(60),
};

/// Sent bytes, the codes that answer them, and those of the threaded front end where they differ. 0 stands for the end
/// of the connection.
struct Step(&'static str, &'static [u16], Option<&'static [u16]>);

/// Envelope and text of a mail: `from > to,to: text`.
type Mails = &'static [&'static str];

struct Dialogue {
    name: &'static str,
    steps: Vec<Step>,
    mails: Mails,
    /// The mails of the threaded front end where they differ.
    threaded_mails: Option<Mails>,
}

const fn both(sent: &'static str, codes: &'static [u16]) -> Step {
    Step(sent, codes, None)
}

const fn differs(sent: &'static str, codes: &'static [u16], threaded: &'static [u16]) -> Step {
    Step(sent, codes, Some(threaded))
}

fn dialogue(name: &'static str, steps: Vec<Step>, mails: Mails) -> Dialogue {
    Dialogue { name, steps, mails, threaded_mails: None }
}

const HELO: Step = both("HELO x\r\n", &[250]);
const MAIL: Step = both("MAIL FROM:<a@x>\r\n", &[250]);
const RCPT: Step = both("RCPT TO:<b@x>\r\n", &[250]);
const DATA: Step = both("DATA\r\n", &[354]);
const TEXT: Step = both("text\r\n.\r\n", &[250]);
const QUIT: Step = both("QUIT\r\n", &[221, 0]);

/// What goes by RFC 5321 in both.
fn plain() -> Vec<Dialogue> {
    vec![
        dialogue("a mail", vec![HELO, MAIL, RCPT, DATA, TEXT, QUIT], &["a@x > b@x: text\r\n"]),
        dialogue(
            "commands in lower case, two mails of one connection, two recipients",
            vec![
                both("ehlo x\r\n", &[250]),
                both("mail from:<a@x>\r\n", &[250]),
                both("rcpt to:<b@x>\r\n", &[250]),
                both("rcpt to:<B2@x>\r\n", &[250]),
                both("data\r\n", &[354]),
                both("1\r\n.\r\n", &[250]),
                MAIL,
                RCPT,
                DATA,
                both("2\r\n.\r\n", &[250]),
                both("quit\r\n", &[221, 0]),
            ],
            &["a@x > b@x,B2@x: 1\r\n", "a@x > b@x: 2\r\n"],
        ),
        dialogue(
            "stuffed dots come off, and other bytes stay as they are",
            vec![HELO, MAIL, RCPT, DATA, both("..\r\n..a\r\n.b\r\n \u{7f}関\r\n\r\n.\r\n", &[250])],
            &["a@x > b@x: .\r\n.a\r\nb\r\n \u{7f}関\r\n\r\n"],
        ),
        dialogue("an empty mail", vec![HELO, MAIL, RCPT, DATA, both(".\r\n", &[250])], &["a@x > b@x: "]),
        dialogue(
            "RSET and EHLO forget the mail",
            vec![
                HELO,
                MAIL,
                RCPT,
                both("RSET\r\n", &[250]),
                both("DATA\r\n", &[503]),
                MAIL,
                RCPT,
                both("EHLO x\r\n", &[250]),
                both("RCPT TO:<b@x>\r\n", &[503]),
            ],
            &[],
        ),
        dialogue(
            "commands out of order, unknown and informative",
            vec![
                both("MAIL FROM:<a@x>\r\n", &[503]),
                both("NOOP\r\n", &[250]),
                HELO,
                both("VRFY b\r\n", &[252]),
                both("RCPT TO:<b@x>\r\n", &[503]),
                both("DATA\r\n", &[503]),
                both("NONSENSE\r\n", &[500]),
                MAIL,
                both("DATA\r\n", &[503]),
                RCPT,
                both("MAIL FROM:<c@x>\r\n", &[503]),
                DATA,
                TEXT,
            ],
            &["a@x > b@x: text\r\n"],
        ),
        dialogue(
            "commands sent at once are answered in order",
            vec![
                both("HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n", &[250, 250, 250, 354]),
                both("text\r\n.\r\nQUIT\r\n", &[250, 221, 0]),
            ],
            &["a@x > b@x: text\r\n"],
        ),
    ]
}

/// Faults of a mail host, and bounds.
fn refusals() -> Vec<Dialogue> {
    vec![
        dialogue(
            "a refused recipient gets nothing and the others do",
            vec![
                HELO,
                MAIL,
                both("RCPT TO:<dead@x>\r\n", &[550]),
                RCPT,
                both("RCPT TO:<DEAD@x>\r\n", &[550]),
                DATA,
                TEXT,
            ],
            &["a@x > b@x: text\r\n"],
        ),
        dialogue(
            "a recipient is put off once",
            vec![HELO, MAIL, both("RCPT TO:<busy@x>\r\nDATA\r\nRCPT TO:<busy@x>\r\n", &[451, 503, 250]), DATA, TEXT],
            &["a@x > busy@x: text\r\n"],
        ),
        dialogue("a lost mail", vec![HELO, MAIL, both("RCPT TO:<lost@x>\r\n", &[250]), DATA, TEXT], &[]),
        dialogue(
            "too many recipients",
            vec![
                HELO,
                MAIL,
                RCPT,
                both("RCPT TO:<c@x>\r\nRCPT TO:<d@x>\r\nRCPT TO:<e@x>\r\n", &[250, 250, 452]),
                DATA,
                TEXT,
                MAIL,
                RCPT,
            ],
            &["a@x > b@x,c@x,d@x: text\r\n"],
        ),
        dialogue(
            "a mail that is too big is refused at its end and the next one is taken",
            vec![HELO, MAIL, RCPT, DATA, Step(big_mail(), &[552], None), MAIL, RCPT, DATA, TEXT],
            &["a@x > b@x: text\r\n"],
        ),
        dialogue(
            "a line that is too long spoils its mail and the next one is taken",
            vec![HELO, MAIL, RCPT, DATA, Step(long_line(), &[500], None), MAIL, RCPT, DATA, TEXT],
            &["a@x > b@x: text\r\n"],
        ),
    ]
}

/// What the threaded front end answers otherwise.
fn differences() -> Vec<Dialogue> {
    vec![
        Dialogue {
            threaded_mails: Some(&[]),
            ..dialogue(
                "the null sender",
                vec![
                    HELO,
                    differs("MAIL FROM:<>\r\n", &[250], &[500]),
                    differs("RCPT TO:<b@x>\r\n", &[250], &[503]),
                    differs("DATA\r\n", &[354], &[503]),
                    differs("text\r\n.\r\n", &[250], &[500, 500]),
                ],
                &[" > b@x: text\r\n"],
            )
        },
        Dialogue {
            threaded_mails: Some(&[]),
            ..dialogue(
                "parameters",
                vec![
                    both("EHLO x\r\n", &[250]),
                    differs("MAIL FROM:<a@x> SIZE=1001\r\n", &[552], &[500]),
                    differs("MAIL FROM:<a@x> RET=FULL\r\n", &[555], &[500]),
                    differs("MAIL FROM:<関@x>\r\nRSET\r\n", &[553, 250], &[250, 250]),
                    differs("MAIL FROM:<関@x> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n", &[250], &[500]),
                    differs("RCPT TO:<所@x>\r\nDATA\r\n", &[250, 354], &[503, 503]),
                    differs("text\r\n.\r\n", &[250], &[500, 500]),
                ],
                &["関@x > 所@x: text\r\n"],
            )
        },
        dialogue(
            "eight-bit mail is declared",
            vec![HELO, both("MAIL FROM:<a@x> BODY=8BITMIME\r\n", &[250]), RCPT, DATA, both("関\r\n.\r\n", &[250])],
            &["a@x > b@x: 関\r\n"],
        ),
        dialogue(
            "addresses that need SMTPUTF8 and have it not",
            vec![HELO, MAIL, differs("RCPT TO:<所@x>\r\n", &[553], &[250])],
            &[],
        ),
        Dialogue {
            threaded_mails: Some(&[]),
            ..dialogue(
                "space where RFC 5321 or habit allows it",
                vec![
                    differs("NOOP x\r\n", &[250], &[500]),
                    differs("HELO x \r\n", &[250], &[500]),
                    differs("MAIL FROM: <\"a b\"@x> \r\n", &[250], &[500]),
                    differs("RCPT TO:<\"c <d>\"@x>\r\n", &[250], &[500]),
                    differs("DATA \r\n", &[354], &[500]),
                    differs("text\r\n.\r\n", &[250], &[500, 500]),
                ],
                &["\"a b\"@x > \"c <d>\"@x: text\r\n"],
            )
        },
        dialogue(
            "what is not offered is refused as such",
            vec![
                both("EHLO x\r\n", &[250]),
                differs("STARTTLS\r\n", &[502], &[503]),
                differs("AUTH PLAIN AGEAYg==\r\n", &[502], &[503]),
                differs("BDAT 3 LAST\r\n", &[502], &[500]),
                differs("HELP\r\n", &[502], &[500]),
                differs("RCPT TO:<>\r\n", &[501], &[500]),
            ],
            &[],
        ),
        Dialogue {
            threaded_mails: Some(&[]),
            ..dialogue(
                "a bare line feed ends no line, so that no mail is smuggled in another",
                vec![
                    HELO,
                    MAIL,
                    RCPT,
                    DATA,
                    differs(
                        "text\n.\r\nMAIL FROM:<evil@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nevil\r\n.\r\n",
                        &[250],
                        &[421, 0],
                    ),
                ],
                &["a@x > b@x: text\n.\r\nMAIL FROM:<evil@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nevil\r\n"],
            )
        },
    ]
}

fn big_mail() -> &'static str {
    Box::leak(format!("{}.\r\n", "0123456789\r\n".repeat(100)).into_boxed_str())
}

fn long_line() -> &'static str {
    Box::leak(format!("{}\r\n.\r\n", "x".repeat(201)).into_boxed_str())
}

async fn start(engine: Engine) -> Sink {
    let sink = Sink::start(SinkConfig { engine, limits: LIMITS, ..SinkConfig::default() }).await.unwrap();
    sink.faults().set("dead@x", Fault::Refuse);
    sink.faults().set("busy@x", Fault::TryLater { times: Some(1) });
    sink.faults().set("lost@x", Fault::DropAfterAccept);
    sink
}

async fn walk(engine: Engine, dialogue: &Dialogue) {
    let sink = start(engine).await;
    let name = dialogue.name;
    let mut client = Client::greeted(sink.address()).await;
    for Step(sent, codes, threaded) in &dialogue.steps {
        client.send(sent).await;
        let expected = threaded.filter(|_| engine == THREADED).unwrap_or(codes);
        for (place, code) in expected.iter().enumerate() {
            assert_eq!(client.code().await.unwrap_or(0), *code, "{name}: {sent:?}, answer {place}, {engine:?}");
        }
    }
    let expected = dialogue.threaded_mails.filter(|_| engine == THREADED).unwrap_or(dialogue.mails);
    let mails = sink.mailbox().everything_after(Mark::START).await.unwrap();
    let mails = mails
        .iter()
        .map(|mail| format!("{} > {}: {}", mail.from, mail.recipients.join(","), str::from_utf8(&mail.raw).unwrap()));
    assert_eq!(mails.collect::<Vec<_>>(), expected, "{name}, {engine:?}");
    let counts = sink.counts();
    // A lost mail was accepted and never arrives.
    assert!(counts.accepted >= counts.mailbox.arrived, "{name}, {engine:?}");
    assert_eq!((counts.panics, counts.connections <= 1), (0, true), "{name}, {engine:?}");
}

async fn walk_all(dialogues: Vec<Dialogue>) {
    for dialogue in dialogues {
        walk(Engine::Async, &dialogue).await;
        walk(THREADED, &dialogue).await;
    }
}

#[tokio::test]
async fn mail_goes_by_the_standard_in_both_front_ends() {
    walk_all(plain()).await;
}

#[tokio::test]
async fn refusals_and_bounds_hold_in_both_front_ends() {
    walk_all(refusals()).await;
}

#[tokio::test]
async fn differences_of_the_threaded_front_end_are_those_that_are_known() {
    walk_all(differences()).await;
}

#[tokio::test]
async fn extensions_are_offered_by_the_asynchronous_front_end_and_one_by_the_other() {
    for (engine, expected) in [
        (
            Engine::Async,
            vec!["250-sekisho.localhost", "250-PIPELINING", "250-SIZE 1000", "250-8BITMIME", "250 SMTPUTF8"],
        ),
        (THREADED, vec!["250-server offers extensions:", "250 8BITMIME"]),
    ] {
        let sink = start(engine).await;
        let mut client = Client::greeted(sink.address()).await;
        client.send("EHLO x\r\n").await;
        assert_eq!(client.answer().await, expected, "{engine:?}");
    }
}

#[tokio::test]
async fn threaded_front_end_answers_421_after_a_shutdown() {
    let sink = start(THREADED).await;
    let address = sink.address();
    let mut early = Client::greeted(address).await;
    assert_eq!(early.ask("HELO x").await, Some(250));
    sink.shutdown().await;
    assert_eq!(early.ask("MAIL FROM:<a@x>").await, Some(421));
    let mut late = Client::greeted(address).await;
    assert_eq!(late.ask("HELO x").await, Some(421));
    assert!(late.is_closed().await);
}
