//! Records and exchanges for the tests of this crate.

use std::time::{Duration, SystemTime};

use crate::exchange::{Exchange, MailExchange, Received, Sent};
use crate::histogram::Latencies;
use crate::record::*;

/// 13 August 2025, 06:00 in Japan.
pub(crate) fn go_live() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_755_032_400)
}

pub(crate) fn check(rule: &str, name: &str, level: Level, verdict: CheckVerdict) -> CheckRow {
    CheckRow {
        id: format!("{}-{name}", rule.to_lowercase().replace('-', "")),
        rule: rule.to_owned(),
        clause: format!("{rule}a"),
        level,
        portal: None,
        verdict,
        reason: String::new(),
        expected: "the code entry screen".to_owned(),
        observed: "the code entry screen".to_owned(),
        duration_ms: 42,
        evidence: Vec::new(),
    }
}

/// The row once for each portal, with the same texts.
pub(crate) fn on_portals(check: &CheckRow) -> Vec<CheckRow> {
    let on = |portal: &str| CheckRow { portal: Some(portal.to_owned()), ..check.clone() };
    ["seeker", "employer", "provider"].map(on).into()
}

pub(crate) fn rule(id: &str, level: Level, text: &str, checks: &[&str]) -> RuleText {
    let clause = ClauseRow {
        id: format!("{id}a"),
        checks: checks.iter().map(|check| (*check).to_owned()).collect(),
        unobservable_reason: checks.is_empty().then(|| "no answer of the target tells".to_owned()),
        text: format!("What `{id}` asks, in a sentence."),
    };
    RuleText { id: id.to_owned(), level, text: text.to_owned(), conflict: None, clauses: vec![clause] }
}

pub(crate) fn run(rules: Vec<RuleText>, checks: Vec<CheckRow>, load: Option<LoadRecord>) -> Run {
    Run {
        command: "sekisho check --target staging.toml".to_owned(),
        seed: "20250813".to_owned(),
        started_at: go_live(),
        finished_at: go_live() + Duration::from_millis(12_345),
        target: TargetInfo {
            name: "staging".to_owned(),
            profile_sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            clock_left_at: None,
            profile: Some("staging.toml".to_owned()),
            defect: None,
            next_account_offset: None,
        },
        levels: Level::DEFAULT.to_vec(),
        interrupted: false,
        rules,
        checks,
        dead_waivers: Vec::new(),
        notes: Vec::new(),
        load,
    }
}

/// A run in which everything holds.
pub(crate) fn clean_run() -> Run {
    let rules = vec![
        rule("FAQ-03", Level::Must, "codes expire after 30 minutes", &["faq03-code-is-refused-after-30-minutes"]),
        rule("FAQ-12", Level::Must, "resume ends every skip", &["faq12-resume-ends-the-skip-of-every-browser"]),
        rule("FAQ-12", Level::Derived, "resume ends every skip", &["faq12-resume-needs-a-signed-in-user"]),
    ];
    let checks = vec![
        check("FAQ-03", "code-is-refused-after-30-minutes", Level::Must, CheckVerdict::Pass),
        check("FAQ-12", "resume-ends-the-skip-of-every-browser", Level::Must, CheckVerdict::Pass),
        check("FAQ-12", "resume-needs-a-signed-in-user", Level::Derived, CheckVerdict::Pass),
    ];
    run(rules, checks, None)
}

/// A run that has met everything a report must be able to show.
pub(crate) fn eventful_run() -> Run {
    let mut rules = clean_run().rules;
    rules.push(rule(
        "FAQ-05",
        Level::Must,
        "address lost: 窓口でメールアドレスを変更するまで待つ",
        &["faq05-office-change-moves-the-code"],
    ));
    rules.push(rule(
        "FAQ-13",
        Level::Must,
        "status of the skips",
        &["faq13-status-is-none-at-first", "faq13-status-tells-of-a-skip", "faq13-status-ends-with-the-skip"],
    ));
    rules.push(rule("FAQ-09", Level::Must, "nothing tells the remaining days", &[]));
    rules.push(rule(
        "BASE-CODE",
        Level::Baseline,
        "the code withstands misuse",
        &["base-code-lives-ten-minutes-at-most"],
    ));
    rules[6].conflict = Some("The service publishes 30 minutes; NIST SP 800-63B-4 asks for at most 10.".to_owned());
    let again = RuleText { level: Level::Derived, ..rules[6].clone() };
    rules.push(again);

    let mut expired = check("FAQ-03", "code-is-refused-after-30-minutes", Level::Must, CheckVerdict::Fail);
    expired.portal = Some("seeker".to_owned());
    expired.expected = "a code is refused 30 min and 2 s after its issue".to_owned();
    expired.observed = "My Page of 佐藤 花子 <hanako@example.jp> after 30 min and 2 s, with code-1".to_owned();
    let mut office = check("FAQ-05", "office-change-moves-the-code", Level::Must, CheckVerdict::Skipped);
    office.reason = "the profile `staging` names no office, so no address can be changed there".to_owned();
    office.observed = String::new();
    let mut resume = check("FAQ-12", "resume-ends-the-skip-of-every-browser", Level::Must, CheckVerdict::Inconclusive);
    resume.reason = "求職者マイページの各種設定画面が30秒以内に返ってこなかったため、省略設定の状態を確かめることができませんでした".to_owned();
    resume.observed = "no answer within 30 s".to_owned();
    let mut waived = check("FAQ-12", "resume-needs-a-signed-in-user", Level::Derived, CheckVerdict::Waived);
    waived.reason = "waived until 2025-10-01: the vendor fixes it in release 4".to_owned();
    let mut offer = check("FAQ-15", "additional-account-needs-its-own-code", Level::Must, CheckVerdict::NotApplicable);
    offer.reason = "the target has no additional accounts".to_owned();
    offer.observed = String::new();
    let mut carried = check("FAQ-11", "a-carried-cookie-is-reported", Level::Derived, CheckVerdict::NotApplicable);
    carried.reason = "reported, not judged".to_owned();
    carried.observed = "carried to another client: `my-page` (status 200)".to_owned();
    let mut baseline = check("BASE-CODE", "x", Level::Baseline, CheckVerdict::Fail);
    baseline.id = "base-code-lives-ten-minutes-at-most".to_owned();
    baseline.observed = "accepted after 11 min".to_owned();
    let passed = check("FAQ-03", "code-is-accepted-just-inside-30-minutes", Level::Must, CheckVerdict::Pass);

    let mut checks = vec![passed, expired, office, resume, waived, offer];
    checks.extend(broken_story());
    checks.extend(on_portals(&carried));
    checks.push(baseline);
    let mut run = run(rules, checks, Some(load()));
    let cause = "the code did not come within 60 s".to_owned();
    run.load.iter_mut().for_each(|load| load.broken_off.push(BrokenOffRow { cause: cause.clone(), count: 10 }));
    run.target.clock_left_at = Some("2025-11-12T06:31:00+09:00".to_owned());
    run.dead_waivers.push(DeadWaiver { check: "faq06-*".to_owned(), reason: "all checks it names pass".to_owned() });
    run.notes.push("passwords were hashed cheaply: figures of the password page do not hold for production".to_owned());
    run
}

/// A story on three portals: its second check fails on all of them, so that its first and its last come to nothing.
fn broken_story() -> Vec<CheckRow> {
    let with_evidence = |mut row: CheckRow| {
        let stem = format!("evidence/faq13-story.{}", row.portal.as_deref().unwrap_or_default());
        row.evidence = vec![format!("{stem}.har"), format!("{stem}.mail-1.eml")];
        row
    };
    let mut failed = check("FAQ-13", "status-tells-of-a-skip", Level::Must, CheckVerdict::Fail);
    failed.observed = "`なし`".to_owned();
    let after = |name: &str, observed: &str| CheckRow {
        expected: "What `FAQ-13` asks, in a sentence.".to_owned(),
        observed: observed.to_owned(),
        reason: "an earlier judgement of the story went against the target: `なし`".to_owned(),
        ..check("FAQ-13", name, Level::Must, CheckVerdict::Inconclusive)
    };
    let rows = [failed, after("status-is-none-at-first", "`なし`"), after("status-ends-with-the-skip", "")];
    rows.iter().flat_map(on_portals).map(with_evidence).collect()
}

/// A run against a target that is not there.
pub(crate) fn refused_run() -> Run {
    let mut run = clean_run();
    for check in &mut run.checks {
        check.verdict = CheckVerdict::Inconclusive;
        check.observed = String::new();
        check.reason = "the target did not make an account: `127.0.0.1:8081` refused the connection".to_owned();
    }
    run.checks = run.checks.iter().flat_map(on_portals).collect();
    run
}

pub(crate) fn load() -> LoadRecord {
    let step = |name: &str, base_us: u64, errors: u64| {
        let mut latencies = Latencies::new();
        (0..2_000u64).for_each(|n| latencies.record(base_us + n * n / 40));
        latencies.step(name, errors)
    };
    let intervals = (0..30).map(|second| IntervalRow {
        second,
        begun: 200,
        sign_ins: if (12..16).contains(&second) { 20 } else { 190 + second % 7 },
        errors: if second == 13 { 180 } else { 0 },
        mails: 200,
    });
    LoadRecord {
        mix: "launch".to_owned(),
        users: 6_000,
        offered_per_s: 200.0,
        completed_per_s: 171.4,
        sign_ins: 5_142,
        duration_s: 30.0,
        steps: vec![
            step("password_page", 900, 0),
            step("mail_accepted", 12_000, 3),
            step("submit_code", 2_500, 17),
            step("sign_in", 18_000, 180),
        ],
        intervals: intervals.collect(),
        mail: MailFigures {
            accepted: 5_990,
            awaited: 6_000,
            never_came: 10,
            dead_on_arrival: 4,
            p50_us: 14_200,
            p99_us: 1_450_000,
        },
        broken_off: Vec::new(),
        violations: vec![ViolationRow {
            check: "faq12-revoked-cookie-never-skips-again".to_owned(),
            count: 3,
            example: "skip-id-7 was accepted 0.4 s after resume was answered".to_owned(),
            rule: "FAQ-12".to_owned(),
            level: Level::Must,
        }],
        thresholds: vec![
            ThresholdRow {
                expression: "sign_in.p99 < 800ms".to_owned(),
                observed: "116 ms".to_owned(),
                verdict: ThresholdVerdict::Met,
            },
            ThresholdRow {
                expression: "mail.never_came < 1".to_owned(),
                observed: "10".to_owned(),
                verdict: ThresholdVerdict::Missed,
            },
        ],
        health: Health {
            verdict: HealthVerdict::Valid,
            lag_p99_us: 830,
            cpu: 0.61,
            reason: String::new(),
            peak_memory_bytes: Some(120 << 20),
        },
    }
}

/// One request of a sign-in, with secrets in every place where they occur in life.
pub(crate) fn exchange(code: &str, session: &str) -> Exchange {
    Exchange {
        started_at: go_live(),
        person: "佐藤 花子".to_owned(),
        browser: "A".to_owned(),
        step: "submit_code".to_owned(),
        request: Sent {
            method: "POST".to_owned(),
            url: format!("http://127.0.0.1:8080/code?back=%2Fmypage&code={code}"),
            headers: vec![
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("cookie".to_owned(), format!("__Host-session={session}; theme=dark")),
                ("authorization".to_owned(), "Basic c3RhZ2luZzpvcGVuIHNlc2FtZQ==".to_owned()),
            ],
            body: format!("code={code}&csrf=tok%2Fen-0123456789abcdef&skip=on").into_bytes(),
        },
        answer: Some(Received {
            status: 200,
            headers: vec![
                ("content-type".to_owned(), "text/html; charset=utf-8".to_owned()),
                (
                    "set-cookie".to_owned(),
                    "skip=f00dfeedf00dfeed; Path=/; Expires=Tue, 11 Nov 2025 06:00:00 GMT; Secure; HttpOnly; SameSite=Lax"
                        .to_owned(),
                ),
            ],
            body: format!(
                r#"<title>確認</title><form><input type="hidden" name="csrf" value="tok/en-0123456789abcdef"><p>{code}</p></form>"#
            )
            .into_bytes(),
        }),
        error: None,
        duration_us: 12_345,
    }
}

pub(crate) fn mail(body: &str) -> MailExchange {
    MailExchange {
        received_at: go_live(),
        from: "noreply@example.jp".to_owned(),
        recipients: vec!["hanako@example.jp".to_owned()],
        raw: format!("From: noreply@example.jp\r\nTo: hanako@example.jp\r\n{body}").into_bytes(),
    }
}
