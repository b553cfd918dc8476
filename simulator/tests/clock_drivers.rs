//! Each means of moving a clock against a real file, a real program and a real server; and what a profile may not say of them.
#![allow(clippy::unwrap_used)]

mod hooked;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hooked::{Folder, Recording, network};
use sekisho_rules::Portal;
use sekisho_simulator::account::AccountKey;
use sekisho_simulator::clock::{Beginning, ClockError, Offset, Time, Timeline, clock_of_accounts, one_clock};
use sekisho_simulator::target::Target;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn beginning(target: &Target) -> Result<Beginning, ClockError> {
    one_clock(target, &network(), None).map(Option::unwrap)
}

fn timeline(beginning: Beginning) -> Timeline {
    let Beginning { clock, start, pace } = beginning;
    Timeline::at_pace(pace, clock, start, start.now())
}

/// One story waits so long; what the clock shows then.
async fn wait(timeline: &Timeline, by: Duration) -> Result<(), ClockError> {
    let seat = timeline.seats(1, 1).await.remove(0);
    seat.begin().await;
    let at = seat.time().now() + by;
    seat.wait_until(at).await?;
    assert!(seat.time().now() >= at, "woken too early");
    Ok(())
}

fn ahead(time: Time) -> Duration {
    match time {
        Time::Running(Offset::Ahead(ahead)) => ahead,
        other => panic!("{other:?} does not run ahead"),
    }
}

#[tokio::test]
async fn a_file_is_replaced_and_a_second_run_goes_on_from_it() {
    let folder = Folder::new();
    let clock = "driver = \"file\"\nfile = \"clock/offset\"";
    std::fs::create_dir(folder.path("clock")).unwrap();
    let target = folder.with_clock(None, clock).unwrap();
    let first = beginning(&target).unwrap();
    assert_eq!(first.start, Time::REAL, "no file: real time");
    let first = timeline(first);
    wait(&first, 31 * MINUTE).await.unwrap();
    assert_eq!(folder.read("clock/offset"), "+1860");
    assert_eq!(ahead(first.time()), 31 * MINUTE, "what the file says is what the harness goes by, to the second");

    let second = timeline(beginning(&target).unwrap());
    wait(&second, 91 * DAY).await.unwrap();
    assert_eq!(folder.read("clock/offset"), format!("+{}", 1860 + 91 * 86_400));
    let names: Vec<_> = std::fs::read_dir(folder.path("clock")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["offset"], "what was written beside it is gone");
}

#[tokio::test]
async fn a_file_is_understood_as_libfaketime_understands_it() {
    let folder = Folder::new();
    let target = folder.with_clock(None, "driver = \"file\"\nfile = \"offset\"").unwrap();
    let (minutes, days) = (|n| Offset::Ahead(n * MINUTE), |n| Offset::Ahead(n * DAY));
    let behind = Offset::Behind(2 * DAY);
    let read = [
        ("+31m", minutes(31)),
        ("+91d\n", days(91)),
        ("+5400", minutes(90)),
        ("+1.5h", minutes(90)),
        ("-2d", behind),
        ("+1y", days(365)),
        ("-172800", behind),
    ];
    for (text, offset) in read {
        folder.file("offset", text);
        assert_eq!(beginning(&target).unwrap().start, Time::Running(offset), "{text}");
    }
    for text in ["", "soon", "@2025-08-13 06:00:00", "+9999999999999999d"] {
        folder.file("offset", text);
        let error = beginning(&target).err().unwrap().to_string();
        assert!(error.contains("offset") && error.contains("`+31m`"), "{error}");
    }
}

#[tokio::test]
async fn a_file_of_another_format_is_written_and_read_again() {
    let folder = Folder::new();
    let clock = "driver = \"file\"\nfile = \"clock.json\"\nformat = '{{ \"ahead_ms\": {offset_ms}, \"shows\": \"{instant}\" }}'";
    let target = folder.with_clock(None, clock).unwrap();
    let first = timeline(beginning(&target).unwrap());
    wait(&first, 2 * DAY).await.unwrap();
    let written: serde_json::Value = serde_json::from_str(&folder.read("clock.json")).unwrap();
    assert_eq!(Duration::from_millis(written["ahead_ms"].as_u64().unwrap()), ahead(first.time()));
    let shows: SystemTime = written["shows"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().into();
    assert!(shows.duration_since(SystemTime::now()).unwrap() > DAY);
    assert_eq!(beginning(&target).unwrap().start, first.time());
    // A clock that is behind: no plus stands before the number.
    folder.file("offset", "-3d");
    let target = folder.with_clock(None, "driver = \"file\"\nfile = \"offset\"").unwrap();
    let behind = timeline(beginning(&target).unwrap());
    wait(&behind, DAY).await.unwrap();
    assert_eq!(folder.read("offset"), "-172800");
}

#[tokio::test]
async fn a_program_is_told_in_words_of_its_own_and_its_complaint_is_repeated() {
    let folder = Folder::new();
    folder.script("move", "pwd > told; for word in \"$@\"; do echo \"$word\" >> told; done");
    let clock = "driver = \"command\"\ncommand = [\"./move\", \"a b; c\", \"{by_seconds}\", \"{offset_seconds}\", \"{offset_ms}\", \"{local_instant}\", \"{unix_seconds}\"]";
    let target = folder.with_clock(None, clock).unwrap();
    let moved = timeline(beginning(&target).unwrap());
    wait(&moved, 31 * MINUTE).await.unwrap();
    wait(&moved, DAY).await.unwrap();
    let told = folder.read("told");
    let words: Vec<&str> = told.lines().collect();
    assert_eq!(words[0], folder.0.path().canonicalize().unwrap().to_str().unwrap(), "it runs in the profile's folder");
    assert_eq!(words[1..5], ["a b; c", "86400", "88260", "88260000"]);
    let unix: u64 = words[6].parse().unwrap();
    let shown = moved.time().now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!(shown - unix < 60, "{unix} is not what the clock shows");
    assert!(jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", words[5]).is_ok(), "{}", words[5]);

    folder.file("secret", "s3cr3t\n");
    folder.script("move", "echo ignored; echo \"no database for $1\" >&2; exit 3");
    let secrets = "[secrets]\npassword = { file = \"secret\" }\n\n[clock]\ndriver = \"command\"\ncommand = [\"./move\", \"{secret:password}\"]\n";
    let target = folder.target(None, &[("[clock]\ndriver = \"control\"\n", secrets)]).unwrap();
    let error = wait(&timeline(beginning(&target).unwrap()), DAY).await.unwrap_err().to_string();
    for part in ["move", "exit code 3", "no database for [secret]"] {
        assert!(error.contains(part), "no `{part}` in {error}");
    }
    assert!(!error.contains("ignored") && !error.contains("s3cr3t"), "{error}");
}

/// A program that starts another one and leaves it running is over when it is over.
#[tokio::test]
async fn a_program_that_leaves_another_one_running_is_not_waited_for() {
    let folder = Folder::new();
    folder.script("move", "sleep 20 & echo $! > left");
    let target = folder.with_clock(None, "driver = \"command\"\ncommand = [\"./move\"]").unwrap();
    let begun = Instant::now();
    wait(&timeline(beginning(&target).unwrap()), DAY).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15));
    std::process::Command::new("kill").arg(folder.read("left").trim()).status().unwrap();
}

#[tokio::test]
async fn a_request_moves_the_clock_and_numbers_in_it_are_numbers() {
    let (folder, server) = (Folder::new(), Recording::start().await);
    folder.file("secret", "s3cr3t\n");
    let clock = "[secrets]\ntoken = { file = \"secret\" }\n\n[clock]\ndriver = \"http\"\nrequest = { method = \"PUT\", url = \"/clock?at={instant}\", headers = { authorization = \"Bearer {secret:token}\" }, json = { by = \"{by_seconds}\", so_far = [\"{offset_ms}\", true], text = \"{by_seconds} s\", at = \"{unix_seconds}\" } }\n";
    let target = folder.target(Some(&server.base), &[("[clock]\ndriver = \"control\"\n", clock)]).unwrap();
    let moved = timeline(beginning(&target).unwrap());
    wait(&moved, 31 * MINUTE).await.unwrap();
    let sent = server.sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].line.starts_with("PUT /clock?at=20") && sent[0].line.contains("%3A"), "{}", sent[0].line);
    assert_eq!(sent[0].header("authorization"), "Bearer s3cr3t");
    assert_eq!(
        (sent[0].header("cookie"), sent[0].header("origin"), sent[0].header("content-type")),
        ("", "", "application/json")
    );
    let body: serde_json::Value = serde_json::from_str(&sent[0].body).unwrap();
    assert_eq!((&body["by"], &body["text"]), (&1860.into(), &"1860 s".into()));
    assert_eq!((&body["so_far"][0], &body["so_far"][1]), (&1_860_000.into(), &true.into()));
    assert!(body["at"].as_u64().is_some());
}

#[tokio::test]
async fn an_answer_that_does_not_say_it_was_done_is_an_error() {
    let (folder, server) = (Folder::new(), Recording::start().await);
    for (request, parts) in [
        ("url = \"/refuses\", body = \"+{by_seconds}\"", ["POST /refuses", "500", "no clock here, +86400"]),
        ("url = \"/moved\"", ["POST /moved", "redirected", "/sign-in"]),
        ("url = \"http://127.0.0.1:1/clock\"", ["POST /clock", "refused", ""]),
    ] {
        let target = folder.with_clock(Some(&server.base), &format!("driver = \"http\"\nrequest = {{ {request} }}"));
        let error = wait(&timeline(beginning(&target.unwrap()).unwrap()), DAY).await.unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)) && error.len() < 600, "{error}");
    }
    assert_eq!(server.sent()[0].header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn a_request_for_each_account_tells_whole_seconds_and_never_runs_away() {
    let (folder, server) = (Folder::new(), Recording::start().await);
    let clock = "driver = \"http\"\nscope = \"account\"\nrequest = { url = \"/{portal}/{address}/clock\", body = \"{by_seconds}\" }";
    let target = folder.with_clock(Some(&server.base), clock).unwrap();
    assert!(one_clock(&target, &network(), None).unwrap().is_none());
    let clock = clock_of_accounts(&target, &network(), None);
    assert!(clock.can_move() && !clock.can_freeze());
    let accounts = [AccountKey { portal: Portal::Seeker, address: "a/b@c.test".to_owned() }];
    for _ in 0..4 {
        clock.advance(&accounts, Duration::from_millis(2_250)).await.unwrap();
    }
    let sent = server.sent();
    assert_eq!(sent[0].line, "POST /seeker/a%2Fb%40c.test/clock");
    let told: Vec<u64> = sent.iter().map(|sent| sent.body.parse().unwrap()).collect();
    assert_eq!(told, [3, 2, 2, 2], "9 s in all, and never less than was wanted");
}

#[tokio::test]
async fn a_frozen_clock_that_is_told_seconds_stands_at_whole_seconds() {
    let (folder, server) = (Folder::new(), Recording::start().await);
    let clock = "driver = \"http\"\nfrozen = true\nstarts_at = \"2025-08-12T04:00:00.75+09:00\"\nrequest = { url = \"/\", body = \"{unix_seconds}\" }";
    let moved = timeline(beginning(&folder.with_clock(Some(&server.base), clock).unwrap()).unwrap());
    wait(&moved, Duration::from_millis(1_500)).await.unwrap();
    let shown = moved.time().now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!((server.sent()[0].body.as_str(), shown), ("1754938802", Duration::from_secs(1_754_938_802)));
}

#[tokio::test]
async fn stories_really_wait_side_by_side_and_none_longer_than_it_may() {
    let folder = Folder::new();
    let target = folder.with_clock(None, "driver = \"wait\"\nlongest_wait = \"2s\"").unwrap();
    let timeline = Arc::new(timeline(beginning(&target).unwrap()));
    let error = wait(&timeline, 31 * MINUTE).await.unwrap_err();
    assert!(matches!(error, ClockError::TooLong { .. }), "{error}");
    assert!(
        error.to_string().contains("1860 s") && error.to_string().contains("`clock.longest_wait` is 2 s"),
        "{error}"
    );
    assert!(sekisho_simulator::Trouble::from(error).is_missing_means(), "it is skipped, and no failure");

    let seats = timeline.seats(3, 1).await;
    let begun = Instant::now();
    let waits = seats.into_iter().map(|seat| async move {
        seat.begin().await;
        let waited = seat.wait_until(SystemTime::now() + Duration::from_secs(1)).await;
        seat.leave();
        waited
    });
    assert!(futures::future::join_all(waits).await.into_iter().all(|waited| waited.is_ok()));
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(2_900), "{took:?}: not side by side");
    assert_eq!(timeline.time(), Time::REAL);
}

#[tokio::test]
async fn the_target_is_given_time_to_settle_after_a_move() {
    let (folder, server) = (Folder::new(), Recording::start().await);
    let clock = "driver = \"http\"\nsettle = \"200ms\"\nrequest = { url = \"/\" }";
    let begun = Instant::now();
    wait(&timeline(beginning(&folder.with_clock(Some(&server.base), clock).unwrap()).unwrap()), DAY).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(200) && server.sent().len() == 1);
}

#[test]
fn what_makes_no_sense_is_named_with_line_key_and_remedy() {
    let folder = Folder::new();
    folder.script("move", "true");
    let cases = [
        ("driver = \"file\"", 1, "`clock.file`", "needs `file`"),
        ("driver = \"http\"", 1, "`clock.request`", "needs `request`"),
        ("driver = \"command\"", 1, "`clock.command`", "needs `command`"),
        ("driver = \"clock\"", 2, "", "unknown variant `clock`"),
        ("driver = \"wait\"\nlongest_wai = \"1m\"", 3, "", "did you mean `longest_wait`"),
        ("driver = \"wait\"\nsettle = \"1s\"", 3, "`clock.settle`", "is for a clock that is moved"),
        ("driver = \"none\"\nlongest_wait = \"1m\"", 3, "`clock.longest_wait`", "`driver = \"wait\"`"),
        ("driver = \"control\"\nfile = \"x\"", 3, "`clock.file`", "`driver = \"file\"`"),
        ("driver = \"control\"\nfrozen = true", 3, "`clock.frozen`", "for a clock with `scope = \"global\"`"),
        (
            "driver = \"file\"\nfile = \"x\"\nfrozen = true",
            4,
            "`clock.frozen`",
            "moved by `control`, `http` or `command`",
        ),
        ("driver = \"file\"\nfile = \"x\"\nscope = \"account\"", 4, "`clock.scope`", "leave `scope` out"),
        ("scope = \"global\"", 2, "`clock.scope`", "without a `driver`"),
        ("driver = \"file\"\nfile = \"nowhere/x\"", 3, "`clock.file`", "no folder"),
        ("driver = \"file\"\nfile = \"x\"\nformat = \"{by_seconds}\"", 4, "`clock.format`", "`{offset_seconds}`"),
        ("driver = \"file\"\nfile = \"x\"\nformat = \"{offset}\"", 4, "`clock.format`", "`{offset}` is not known here"),
        ("driver = \"command\"\ncommand = []", 3, "`clock.command`", "there is no program"),
        ("driver = \"command\"\ncommand = \"move\"", 3, "", "a list in brackets"),
        ("driver = \"command\"\ncommand = [\"./moved\"]", 3, "`clock.command`", "no program `./moved`"),
        (
            "driver = \"command\"\ncommand = [\"./move\", \"{address}\"]",
            3,
            "`clock.command`",
            "`{address}` is not known",
        ),
        ("driver = \"http\"\nrequest = { url = \"clock\" }", 3, "`clock.request.url`", "neither a path"),
        ("driver = \"http\"\nrequest = { url = \"/\", method = \"A B\" }", 3, "`clock.request.method`", "no method"),
        (
            "driver = \"http\"\nrequest = { url = \"/\", headers = { \"a b\" = \"c\" } }",
            3,
            "`clock.request.headers.a b`",
            "no name",
        ),
        (
            "driver = \"http\"\nrequest = { url = \"/\", json = { a = [\"{secret:x}\"] } }",
            3,
            "`clock.request.json`",
            "`[secrets]`",
        ),
        (
            "driver = \"http\"\nrequest = { url = \"/\", json = {}, body = \"\" }",
            3,
            "`clock.request.body`",
            "either `json` or `body`",
        ),
        (
            "driver = \"http\"\nscope = \"account\"\nrequest = { url = \"/{offset_ms}\" }",
            4,
            "`clock.request.url`",
            "`{by_ms}`",
        ),
        ("driver = \"wait\"\nlongest_wait = \"soon\"", 3, "", "a length of time"),
        ("driver = \"http\"\nrequest = { url = \"/\" }\nsettle = \"2m\"", 4, "`clock.settle`", "a minute"),
    ];
    let reference = include_str!("../../profiles/reference.toml");
    let header = reference.lines().position(|line| line == "[clock]").unwrap();
    for (clock, line, key, message) in cases {
        let error = folder.with_clock(None, clock).unwrap_err().to_string();
        let place = format!("line {},", header + line);
        assert!(error.contains(&place) && error.contains(key) && error.contains(message), "{clock}: {error}");
    }
}
