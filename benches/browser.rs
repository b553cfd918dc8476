//! What the simulated browser costs apart from the network: cookies and pages, which every step of every user pays for.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::HeaderMap;
use sekisho_simulator::browser::{Answer, Jar, Page, Press, Selector, SiteContext};
use url::Url;

/// A code entry screen as public services write them: 2.8 KB, Japanese, one form with five controls.
const CODE_ENTRY_SCREEN: &str = include_str!("data/code_entry.html");

const SET_COOKIE: &[u8] =
    b"__Host-skip=7Rk3xQm0Zt5yWv2nLb8cJd4s; Expires=Tue, 11 Nov 2025 21:00:00 GMT; Max-Age=7776000; \
                            Path=/; Secure; HttpOnly; SameSite=Lax";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_755_064_800)
}

fn home() -> Url {
    Url::parse("https://seeker.example.jp/sign-in/code").expect("the address is written here")
}

/// A jar with two cookies for [`home`] and the rest for other hosts and paths.
fn jar(cookies: usize) -> Jar {
    let mut jar = Jar::new();
    for number in 0..cookies {
        let host = if number < 2 { "seeker".to_owned() } else { format!("portal-{}", number % 4) };
        let from = Url::parse(&format!("https://{host}.example.jp/")).expect("the address is written here");
        let line = format!("name-{number}=7Rk3xQm0Zt5yWv2nLb8cJd4s; Max-Age=7776000; Path=/; Secure; HttpOnly");
        let stored = jar.store(line.as_bytes(), &from, SiteContext::SameSite, now());
        assert!(stored.is_ok(), "a cookie of the bench was ignored: {stored:?}");
    }
    jar
}

fn cookies(criterion: &mut Criterion) {
    let url = home();
    for count in [2, 64] {
        let mut jar = jar(count);
        criterion.bench_function(&format!("cookie header of 2 from a jar of {count}"), |bencher| {
            bencher.iter(|| jar.header(black_box(&url), SiteContext::SameSite, now()));
        });
    }
    criterion.bench_function("Set-Cookie parsed and stored over an earlier one", |bencher| {
        let mut jar = jar(2);
        bencher.iter(|| jar.store(black_box(SET_COOKIE), &url, SiteContext::SameSite, now()));
    });
}

fn pages(criterion: &mut Criterion) {
    let answer = Answer {
        status: 200,
        headers: HeaderMap::new(),
        body: Bytes::from_static(CODE_ENTRY_SCREEN.as_bytes()),
        url: home(),
        redirects: Vec::new(),
        cookies: Vec::new(),
        duration_us: 0,
    };
    let form = Selector::parse("#code-form").expect("the selector is written here");
    criterion.bench_function("title, text and forms of a code entry screen", |bencher| {
        bencher.iter(|| {
            let page = Page::of(black_box(&answer));
            (page.title().map(str::len), page.text().len(), page.forms().len())
        });
    });
    criterion.bench_function("code entry screen read, filled in and sent", |bencher| {
        bencher.iter(|| {
            let mut form = Page::of(black_box(&answer)).form(&form).expect("the page has the form");
            form.fill("code", "012345").expect("the form has the field");
            form.tick("skip").expect("the form has the box");
            form.press(Press::Enter).expect("the form can be sent")
        });
    });
    criterion.bench_function("tree of a code entry screen, for selectors", |bencher| {
        bencher.iter_batched(|| Page::of(&answer), |page| page.dom(), BatchSize::SmallInput);
    });
}

criterion_group!(benches, cookies, pages);
criterion_main!(benches);
