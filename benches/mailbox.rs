//! What stands between the arrival of a code mail and the person who submits the code: waking who waits for the mail,
//! and reading it.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sekisho_simulator::mailbox::{Arrivals, ArrivalsLimits, Letter, Mail, Mailbox, Mark};
use tokio::{runtime::Runtime, sync::oneshot};

const PATIENCE: Duration = Duration::from_secs(60);

/// A code mail as most targets send it: Japanese, plain and HTML, in base64.
const CODE_MAIL: &str = "From: =?UTF-8?B?6Zai5omA?= <no-reply@example.jp>\r\n\
    To: hanako@example.jp\r\n\
    Subject: =?UTF-8?B?44Ov44Oz44K/44Kk44Og44OR44K544Ov44O844OJ44Gu44GK55+l44KJ44Gb?=\r\n\
    Date: Wed, 13 Aug 2025 06:00:00 +0900\r\n\
    Message-ID: <1@example.jp>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=part\r\n\
    \r\n\
    --part\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    44Ov44Oz44K/44Kk44Og44OR44K544Ov44O844OJ77yaIDAxMjM0NQ0K5pyJ5Yq55pyf6ZmQ77yaMzDliIYNCg==\r\n\
    --part\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    PHA+44Ov44Oz44K/44Kk44Og44OR44K544Ov44O844OJ77yaPGI+MDEyMzQ1PC9iPjwvcD4=\r\n\
    --part--\r\n";

/// The same in ISO-2022-JP, and HTML only: the longest way to a text.
const HTML_MAIL: &str = "From: no-reply@example.jp\r\n\
    To: hanako@example.jp\r\n\
    Subject: =?ISO-2022-JP?B?GyRCJW8lcyU/JSQlYCVRJTklbyE8JUkbKEI=?=\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/html; charset=ISO-2022-JP\r\n\
    \r\n\
    <html><head><style>p { color: #123456 }</style></head><body><p>\x1b$B%o%s%?%$%`%Q%9%o!<%I\x1b(B: <b>012345</b></p></body></html>\r\n";

/// From the delivery of a mail to the first step of the task that waited for it, on a runtime with other threads, while
/// `others` wait for mail of their own.
fn wake_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wake_up");
    let runtime = Runtime::new().expect("a runtime starts");
    for others in [0_u64, 2_000] {
        let arrivals = Arc::new(Arrivals::new(ArrivalsLimits::default()));
        for number in 0..others {
            let arrivals = Arc::clone(&arrivals);
            runtime.spawn(async move {
                arrivals.next_for(&format!("{number}@example.jp"), Mark::START, PATIENCE * 60).await
            });
        }
        group.bench_function(format!("while {others} others wait"), |bencher| {
            bencher.to_async(&runtime).iter_custom(|rounds| {
                let arrivals = Arc::clone(&arrivals);
                async move {
                    let mut total = Duration::ZERO;
                    for _ in 0..rounds {
                        total += wake_one(&arrivals).await;
                    }
                    total
                }
            });
        });
    }
    group.finish();
}

async fn wake_one(arrivals: &Arc<Arrivals>) -> Duration {
    let mark = arrivals.mark().await.expect("the mailbox is open");
    let (ready, waits) = oneshot::channel();
    let waiter = tokio::spawn({
        let arrivals = Arc::clone(arrivals);
        async move {
            let wait = arrivals.next_for("hanako@example.jp", mark, PATIENCE);
            // `ready` is sent before the first look: the waiter then stands at the bell, or finds the mail at once.
            let _ = ready.send(());
            let mail = wait.await.expect("the mailbox is open");
            (Instant::now(), mail.is_some())
        }
    });
    waits.await.expect("the waiter starts");
    tokio::task::yield_now().await;
    let delivered = Instant::now();
    arrivals.deliver(String::new(), vec!["hanako@example.jp".into()], Bytes::from_static(CODE_MAIL.as_bytes()));
    let (woken, found) = waiter.await.expect("the waiter ends");
    assert!(found, "the mail was there");
    woken.saturating_duration_since(delivered)
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("letter");
    for (name, raw) in [("multipart in base64", CODE_MAIL), ("html in iso-2022-jp", HTML_MAIL)] {
        let mail = Mail {
            sequence: 1,
            received_at: SystemTime::UNIX_EPOCH,
            from: String::new(),
            recipients: Vec::new(),
            raw: Bytes::from_static(raw.as_bytes()),
        };
        let letter = Letter::parse(&mail);
        assert!(letter.text.contains("012345") && letter.problems.is_empty(), "{letter:?}");
        group.throughput(Throughput::Bytes(raw.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| Letter::parse(black_box(&mail))));
    }
    group.finish();
}

criterion_group!(benches, wake_up, read);
criterion_main!(benches);
