#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_755_064_800)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn store(jar: &mut Jar, line: &str, from: &str) -> Result<Stored, Ignored> {
    jar.store(line.as_bytes(), &url(from), SiteContext::SameSite, start())
}

fn sent_at(jar: &mut Jar, to: &str, now: SystemTime) -> String {
    let header = jar.header(&url(to), SiteContext::SameSite, now);
    header.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

fn sent(jar: &mut Jar, to: &str) -> String {
    sent_at(jar, to, start())
}

#[test]
fn cookies_reach_the_hosts_and_paths_they_are_for() {
    for (line, from, to, goes) in [
        ("a=b", "https://x.example.jp/", "https://x.example.jp/any", true),
        ("a=b", "https://x.example.jp/", "https://y.x.example.jp/", false),
        ("a=b", "https://x.example.jp/", "https://example.jp/", false),
        ("a=b; Domain=example.jp", "https://x.example.jp/", "https://y.example.jp/", true),
        ("a=b; Domain=.EXAMPLE.jp", "https://x.example.jp/", "https://example.jp/", true),
        ("a=b; Domain=", "https://x.example.jp/", "https://y.x.example.jp/", false),
        ("a=b", "https://x.example.jp/seeker/in", "https://x.example.jp/seeker/my", true),
        ("a=b", "https://x.example.jp/seeker/in", "https://x.example.jp/employer", false),
        ("a=b; Path=/", "https://x.example.jp/seeker/in", "https://x.example.jp/employer", true),
        ("a=b; Path=/seeker", "https://x.example.jp/", "https://x.example.jp/seekers", false),
        ("a=b", "https://x.example.jp/", "http://x.example.jp:81/", true),
        ("a=b; Secure", "https://x.example.jp/", "http://x.example.jp/", false),
        ("a=b; Secure", "http://localhost:1/", "http://localhost:2/", true),
        ("a=b; Secure", "http://127.0.0.1:1/", "http://127.0.0.1:2/", true),
        ("a=b; HttpOnly", "http://127.0.0.1:1/", "http://127.0.0.1:2/", true),
        ("a=b; Domain=127.0.0.1", "http://127.0.0.1:1/", "http://127.0.0.1:2/", true),
    ] {
        let mut jar = Jar::new();
        assert_eq!(store(&mut jar, line, from), Ok(Stored::Added), "{line} from {from}");
        assert_eq!(sent(&mut jar, to), if goes { "a=b" } else { "" }, "{line} from {from} to {to}");
    }
}

#[test]
fn cookies_a_browser_ignores_are_ignored_for_the_stated_reason() {
    for (line, from, reason) in [
        ("a=b; Domain=other.jp", "https://x.example.jp/", Ignored::ForeignDomain),
        ("a=b; Domain=y.x.example.jp", "https://x.example.jp/", Ignored::ForeignDomain),
        ("a=b; Domain=ample.jp", "https://x.example.jp/", Ignored::ForeignDomain),
        ("a=b; Domain=\u{4f8b}.jp", "https://x.example.jp/", Ignored::ForeignDomain),
        ("a=b; Domain=0.0.1", "http://127.0.0.1/", Ignored::ForeignDomain),
        ("a=b; Domain=jp", "https://x.example.jp/", Ignored::PublicSuffix),
        ("a=b; Domain=go.jp", "https://x.go.jp/", Ignored::PublicSuffix),
        ("a=b; Secure", "http://x.example.jp/", Ignored::SecureOverPlain),
        ("a=b; SameSite=None", "https://x.example.jp/", Ignored::SameSiteNoneInsecure),
        ("__Secure-a=b", "https://x.example.jp/", Ignored::Prefix),
        ("__Host-a=b; Path=/", "https://x.example.jp/", Ignored::Prefix),
        ("__Host-a=b; Secure", "https://x.example.jp/", Ignored::Prefix),
        ("__Host-a=b; Secure; Path=/x", "https://x.example.jp/", Ignored::Prefix),
        ("__Host-a=b; Secure; Path=/; Domain=x.example.jp", "https://x.example.jp/", Ignored::Prefix),
        ("__host-a=b; Secure; Path=/; Domain=x.example.jp", "https://x.example.jp/", Ignored::Prefix),
        ("__Host-a", "https://x.example.jp/", Ignored::Prefix),
        ("=__Secure-a; Secure", "https://x.example.jp/", Ignored::Prefix),
        ("", "https://x.example.jp/", Ignored::Empty),
        ("a=\x01", "https://x.example.jp/", Ignored::ControlCharacter),
        ("a=b", "data:text/plain,x", Ignored::NoHost),
    ] {
        let mut jar = Jar::new();
        assert_eq!(store(&mut jar, line, from), Err(reason), "{line} from {from}");
        assert_eq!(jar.cookies(start()).count(), 0);
    }
}

#[test]
fn honest_prefixes_are_accepted_over_https_and_loopback() {
    for from in ["https://x.example.jp/deep/er", "http://localhost/deep/er"] {
        let mut jar = Jar::new();
        assert_eq!(store(&mut jar, "__Host-a=b; Secure; Path=/", from), Ok(Stored::Added));
        assert_eq!(store(&mut jar, "__Secure-a=b; Secure; Domain=", from), Ok(Stored::Added));
    }
}

#[test]
fn a_host_that_is_itself_a_public_suffix_gets_a_host_only_cookie() {
    let mut jar = Jar::new();
    assert_eq!(store(&mut jar, "a=b; Domain=localhost", "http://localhost/"), Ok(Stored::Added));
    assert!(jar.get("a", start()).unwrap().host_only());
    assert_eq!(sent(&mut jar, "http://x.localhost/"), "");
}

#[test]
fn plain_http_cannot_overlay_a_secure_cookie() {
    let mut jar = Jar::new();
    store(&mut jar, "a=b; Secure; Domain=example.jp; Path=/in", "https://x.example.jp/").unwrap();
    assert_eq!(store(&mut jar, "a=c; Path=/in/side", "http://x.example.jp/"), Err(Ignored::OverlaysSecure));
    assert_eq!(store(&mut jar, "a=c; Path=/", "http://x.example.jp/"), Ok(Stored::Added));
    assert_eq!(store(&mut jar, "other=c; Path=/in", "http://x.example.jp/"), Ok(Stored::Added));
}

#[test]
fn same_site_decides_what_crosses_sites() {
    let contexts = [
        SiteContext::SameSite,
        SiteContext::CrossSiteNavigation { safe: true },
        SiteContext::CrossSiteNavigation { safe: false },
        SiteContext::CrossSiteSubresource,
    ];
    let later = start() + LAX_ALLOWING_UNSAFE + Duration::from_secs(1);
    for (line, now, goes) in [
        ("a=b; Secure; SameSite=None", later, [true, true, true, true]),
        ("a=b; SameSite=Lax", start(), [true, true, false, false]),
        ("a=b; SameSite=Strict", start(), [true, false, false, false]),
        ("a=b", start(), [true, true, true, false]),
        ("a=b", later, [true, true, false, false]),
    ] {
        let mut jar = Jar::new();
        store(&mut jar, line, "https://x.example.jp/").unwrap();
        let sent = contexts.map(|context| jar.header(&url("https://x.example.jp/"), context, now).is_some());
        assert_eq!(sent, goes, "{line}");
    }
    let mut jar = Jar::new();
    let mut by_script = |line: &str| {
        jar.store(line.as_bytes(), &url("https://x.example.jp/"), SiteContext::CrossSiteSubresource, start())
    };
    assert_eq!(by_script("a=b"), Err(Ignored::CrossSite));
    assert_eq!(by_script("a=b; Secure; SameSite=None"), Ok(Stored::Added));
}

#[test]
fn longer_paths_go_first_then_older_cookies_and_setting_again_keeps_the_age() {
    let mut jar = Jar::new();
    let home = "https://x.example.jp/";
    for line in ["one=1; Path=/", "deep=1; Path=/a/b", "two=1; Path=/", "nameless; Path=/", "mid=1; Path=/a"] {
        store(&mut jar, line, home).unwrap();
    }
    let again = jar.store(b"one=2; Path=/", &url(home), SiteContext::SameSite, start() + DAY);
    assert_eq!(again, Ok(Stored::Replaced));
    let line = sent_at(&mut jar, "https://x.example.jp/a/b/c", start() + DAY);
    assert_eq!(line, "deep=1; mid=1; one=2; two=1; nameless");
    assert_eq!(jar.get("one", start() + DAY).unwrap().created(), start());
}

#[test]
fn a_cookie_lives_until_its_end_by_the_clock_it_is_asked_with() {
    let mut jar = Jar::new();
    store(&mut jar, "skip=1; Max-Age=7776000", "https://x.example.jp/").unwrap();
    store(&mut jar, "session=1", "https://x.example.jp/").unwrap();
    let end = start() + 90 * DAY;
    assert_eq!(sent_at(&mut jar, "https://x.example.jp/", end - Duration::from_secs(1)), "skip=1; session=1");
    assert_eq!(sent_at(&mut jar, "https://x.example.jp/", end), "session=1");
    assert!(jar.get("skip", end).is_none());
}

#[test]
fn a_past_expiry_deletes() {
    let mut jar = Jar::new();
    store(&mut jar, "a=b", "https://x.example.jp/").unwrap();
    assert_eq!(store(&mut jar, "a=; Max-Age=0", "https://x.example.jp/"), Ok(Stored::Deleted));
    assert_eq!(jar.cookies(start()).count(), 0);
}

#[test]
fn clearing_takes_what_it_names() {
    let mut jar = Jar::new();
    for line in ["keep=1; Max-Age=60", "session=1", "twice=1; Path=/a", "twice=2; Path=/b"] {
        store(&mut jar, line, "https://x.example.jp/").unwrap();
    }
    assert_eq!(jar.remove("twice").len(), 2);
    jar.clear_session();
    assert_eq!(jar.cookies(start()).map(|cookie| cookie.name().into_owned()).collect::<Vec<_>>(), ["keep"]);
    jar.clear();
    assert_eq!(jar.cookies(start()).count(), 0);
}

#[test]
fn a_cookie_can_be_carried_to_another_browser_altered_and_kept_past_its_end() {
    let mut jar = Jar::new();
    store(&mut jar, "skip=abc; Max-Age=60; Secure; HttpOnly; SameSite=Lax", "https://x.example.jp/").unwrap();
    let kept = jar.get("skip", start()).unwrap().clone();
    let mut other = Jar::new();
    other.insert(kept.clone().with_expires(None));
    assert_eq!(sent_at(&mut other, "https://x.example.jp/", start() + 91 * DAY), "skip=abc");
    other.insert(kept.with_value("abd"));
    assert_eq!(sent(&mut other, "https://x.example.jp/"), "skip=abd", "the same entry is replaced");
    assert!(!format!("{other:?}").contains("abd"), "a jar shows no values");
}

#[test]
fn a_crowded_domain_loses_insecure_then_least_recently_used_cookies() {
    let mut jar = Jar::new();
    let home = url("https://x.example.jp/");
    let at = |number: u64| start() + Duration::from_secs(number);
    for number in 0..180u64 {
        let secure = if number == 100 || number == 120 { "" } else { "; Secure" };
        let line = format!("c{number}=1; Path=/{number}{secure}");
        jar.store(line.as_bytes(), &home, SiteContext::SameSite, at(number)).unwrap();
    }
    store(&mut jar, "elsewhere=1", "https://other.jp/").unwrap();
    // Using the older insecure cookie makes the newer one the victim.
    assert_eq!(sent_at(&mut jar, "https://x.example.jp/100", at(200)), "c100=1");
    for (number, victim) in [(300, "c120"), (301, "c100"), (302, "c0"), (303, "c1")] {
        assert!(jar.get(victim, at(number)).is_some(), "{victim} should still be there");
        let line = format!("c{number}=1; Secure");
        jar.store(line.as_bytes(), &home, SiteContext::SameSite, at(number)).unwrap();
        assert!(jar.get(victim, at(number)).is_none(), "{victim} should have gone");
        assert_eq!(jar.cookies(at(number)).count(), 181);
    }
}

#[test]
fn expired_cookies_make_room_before_living_ones_go() {
    let mut jar = Jar::new();
    for number in 0..180 {
        let age = if number == 77 { "; Max-Age=1" } else { "" };
        store(&mut jar, &format!("c{number}=1{age}"), "https://x.example.jp/").unwrap();
    }
    let later = start() + DAY;
    jar.store(b"new=1", &url("https://x.example.jp/"), SiteContext::SameSite, later).unwrap();
    assert_eq!(jar.cookies(later).count(), 180);
    assert!(jar.get("c0", later).is_some() && jar.get("c77", later).is_none());
}

#[test]
fn the_whole_jar_is_bounded_and_loses_the_least_recently_used() {
    let mut jar = Jar::new();
    for number in 0..=MAX_COOKIES as u64 {
        let from = url(&format!("https://h{}.example.jp/", number / 100));
        let now = start() + Duration::from_secs(number);
        jar.store(format!("c{number}=1; Secure").as_bytes(), &from, SiteContext::SameSite, now).unwrap();
    }
    let later = start() + DAY;
    assert_eq!(jar.cookies(later).count(), MAX_COOKIES);
    assert!(jar.get("c0", later).is_none() && jar.get("c1", later).is_some());
}

fn arbitrary_line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        proptest::sample::select(vec![
            "a=b",
            "; ",
            "=",
            "Domain=",
            "example.jp",
            "Path=/",
            "Expires=",
            "Max-Age=",
            "Secure",
            "SameSite=None",
            "__Host-",
            "13 Aug 2025 06:00:00",
            "99999999999999999999",
            "-1",
            ".",
            "\u{65e5}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn arbitrary_time() -> impl Strategy<Value = SystemTime> {
    (0u64..8_000_000_000).prop_map(|second| SystemTime::UNIX_EPOCH + Duration::from_secs(second))
}

proptest! {
    #[test]
    fn no_line_makes_the_jar_panic_or_outlive_the_cap(
        lines in proptest::collection::vec((arbitrary_line(), arbitrary_time()), 0..12),
        asked in arbitrary_time(),
    ) {
        let mut jar = Jar::new();
        let home = url("https://x.example.jp/a/b");
        for (line, now) in &lines {
            let _ = jar.store(line, &home, SiteContext::SameSite, *now);
            let capped = jar.cookies(*now).all(|cookie| {
                cookie.expires().is_none_or(|end| end <= cookie.accessed.max(*now) + 400 * DAY)
            });
            prop_assert!(capped);
        }
        let _ = jar.header(&home, SiteContext::SameSite, asked);
        prop_assert!(jar.cookies(asked).all(|cookie| cookie.expires().is_none_or(|end| end > asked)));
    }

    #[test]
    fn what_is_set_comes_back_unchanged_until_its_age_is_reached_and_never_after(
        name in "[a-zA-Z][a-zA-Z0-9!#$%&'*+.^_`|~-]{0,20}",
        value in "[!#-+\\--:<-\\[\\]-~]{0,60}",
        age in 1u64..40_000_000,
        asked in 0u64..45_000_000,
    ) {
        let mut jar = Jar::new();
        let home = "https://x.example.jp/";
        prop_assert_eq!(store(&mut jar, &format!("{name}={value}; Max-Age={age}"), home), Ok(Stored::Added));
        let line = sent_at(&mut jar, home, start() + Duration::from_secs(asked));
        let alive = asked < age.min(400 * 86_400);
        prop_assert_eq!(line, if alive { format!("{name}={value}") } else { String::new() });
    }

    #[test]
    fn the_header_is_ordered_by_path_length_then_age(
        paths in proptest::collection::vec("(/[ab]{1,2}){0,3}", 1..30),
    ) {
        let mut jar = Jar::new();
        let home = url("https://x.example.jp/");
        for (number, path) in (0u64..).zip(&paths) {
            let line = format!("c{number}=1; Path=/{}", path.trim_start_matches('/'));
            jar.store(line.as_bytes(), &home, SiteContext::SameSite, start() + Duration::from_secs(number)).unwrap();
        }
        let order: Vec<_> = jar.cookies(start()).map(|cookie| (std::cmp::Reverse(cookie.path().len()), cookie.created())).collect();
        prop_assert!(order.is_sorted());
    }
}
