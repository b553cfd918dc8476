//! The browser against real servers on loopback: cookies, redirects and headers as they go over the wire, and targets that misbehave.
#![allow(clippy::unwrap_used)]

mod servers;

use http::{HeaderName, HeaderValue, Method};
use sekisho_simulator::browser::{
    Answer, Body, Browser, LastFew, NetworkError, Page, Press, Request, Selector, Stored, UserAgent,
};
use servers::{NOW, Site, browser, header};
use url::Url;

async fn get(browser: &mut Browser, url: &Url) -> Result<Answer, NetworkError> {
    browser.navigate(Request::get(url.clone()), "look", NOW).await
}

#[tokio::test]
async fn cookies_redirects_and_forms_work_together_and_every_hop_is_witnessed() {
    let site = Site::start().await;
    let (mut browser, witness) = browser();
    let answer = get(&mut browser, &site.url("/sign-in")).await.unwrap();
    assert_eq!(answer.url, site.url("/form"));
    assert_eq!(answer.redirects, [site.url("/sign-in"), site.url("/hop")]);
    assert_eq!(answer.cookies.len(), 2);
    assert!(answer.cookies.iter().all(|cookie| cookie.fate == Some(Ok(Stored::Added))), "{:?}", answer.cookies);
    let page = Page::of(browser.current().unwrap());
    let mut form = page.form(&Selector::parse("form").unwrap()).unwrap();
    form.fill("code", "012345").unwrap();
    let request = form.press(Press::Enter).unwrap();
    let answer = browser.navigate(request, "submit_code", NOW).await.unwrap();
    assert_eq!((answer.status, answer.url.path()), (200, "/echo"));
    assert_eq!(&answer.body[..], b"GET /echo one=1; two=2");

    let exchanges = witness.take();
    let steps: Vec<_> = exchanges
        .iter()
        .map(|seen| (seen.step.as_str(), seen.request.method.as_str(), seen.answer.as_ref().unwrap().status))
        .collect();
    assert_eq!(
        steps,
        [
            ("look", "GET", 302),
            ("look", "GET", 303),
            ("look", "GET", 200),
            ("submit_code", "POST", 303),
            ("submit_code", "GET", 200)
        ]
    );
    let post = &exchanges[3];
    assert_eq!((post.person.as_str(), post.browser.as_str(), post.error.as_deref()), ("佐藤 花子", "A", None));
    assert_eq!(post.request.body, b"csrf=t&code=012345&act=send");
    assert_eq!(header(&post.request.headers, "cookie"), Some("one=1; two=2"));
    assert_eq!(header(&post.request.headers, "origin"), Some(site.url("/").as_str().trim_end_matches('/')));
    assert_eq!(header(&post.request.headers, "referer"), Some(site.url("/form").as_str()));
    assert_eq!(site.connections(), 1, "one browser keeps one connection");
}

#[tokio::test]
async fn redirects_keep_or_change_the_method_by_their_status() {
    let site = Site::start().await;
    for (status, method, expected) in [
        (301, Method::POST, "GET  "),
        (302, Method::POST, "GET  "),
        (303, Method::POST, "GET  "),
        (307, Method::POST, "POST a=b application/x-www-form-urlencoded"),
        (308, Method::POST, "POST a=b application/x-www-form-urlencoded"),
        (301, Method::PUT, "PUT a=b application/x-www-form-urlencoded"),
        (303, Method::PUT, "GET  "),
        (302, Method::HEAD, ""),
        (300, Method::GET, "redirect 300"),
        (304, Method::GET, ""),
    ] {
        let (mut browser, _) = browser();
        let url = site.url(&format!("/redirect/{status}"));
        let body = if method.is_safe() { Body::None } else { Body::Form(vec![("a".into(), "b".into())]) };
        let request = Request { method: method.clone(), body, ..Request::get(url) };
        let answer = browser.navigate(request, "redirect", NOW).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer.body), expected, "{method} {status}");
    }
}

#[tokio::test]
async fn a_redirect_that_is_not_followed_leaves_the_page_open_and_any_other_answer_opens() {
    let site = Site::start().await;
    let (mut browser, _) = browser();
    let unfollowed = |path: &str| Request { follows_redirects: false, ..Request::get(site.url(path)) };
    let answer = browser.navigate(unfollowed("/form"), "look", NOW).await.unwrap();
    assert_eq!((answer.status, browser.current().unwrap().url.path()), (200, "/form"));
    let answer = browser.navigate(unfollowed("/sign-in"), "look", NOW).await.unwrap();
    assert_eq!((answer.status, browser.current().unwrap().url.path()), (302, "/form"));
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_told_apart() {
    let site = Site::start().await;
    let (mut browser, witness) = browser();
    let error = get(&mut browser, &site.url("/loop")).await.unwrap_err();
    assert_eq!(error, NetworkError::RedirectLoop { limit: 10, url: site.url("/loop").into() });
    assert_eq!(witness.take().len(), 11);
    let error = get(&mut browser, &site.url("/mailto")).await.unwrap_err();
    assert!(matches!(error, NetworkError::BadRedirect { location, .. } if location == "mailto:x@y.jp"));
    assert!(browser.current().is_none(), "no answer, no page");
    assert_eq!(get(&mut browser, &site.url("/no-location")).await.unwrap().status, 302);
}

#[tokio::test]
async fn each_way_to_begin_a_request_carries_what_chrome_sends() {
    let site = Site::start().await;
    let (mut browser, witness) = browser();
    let echo = site.url("/echo");
    let fields = vec![("a".to_owned(), "b".to_owned())];
    let own = site.url("/form#part");
    let other = Url::parse("https://other.example.jp/page?x").unwrap();
    let json = serde_json::json!({"code": null});
    let origin = echo.origin().ascii_serialization();
    let form_url = site.url("/form").to_string();
    let table: [(Request, [Option<&str>; 5]); 6] = [
        (Request::get(echo.clone()), [None, None, Some("none"), Some("navigate"), Some("document")]),
        (
            Request::get(echo.clone()).from_page(own.clone()),
            [Some(&form_url), None, Some("same-origin"), Some("navigate"), Some("document")],
        ),
        (
            Request::post(echo.clone(), fields.clone()).from_page(own),
            [Some(&form_url), Some(&origin), Some("same-origin"), Some("navigate"), Some("document")],
        ),
        (
            Request::post(echo.clone(), fields.clone()).from_page(other),
            [Some("https://other.example.jp/"), Some("null"), Some("cross-site"), Some("navigate"), Some("document")],
        ),
        (Request::post(echo.clone(), fields), [None, None, None, None, None]),
        (
            Request::json(echo.clone(), json),
            [Some(echo.as_str()), Some(&origin), Some("same-origin"), Some("cors"), Some("empty")],
        ),
    ];
    for (number, (request, expected)) in table.into_iter().enumerate() {
        browser.navigate(request, "begin", NOW).await.unwrap();
        let headers = witness.take().remove(0).request.headers;
        let found = ["referer", "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"]
            .map(|name| header(&headers, name));
        assert_eq!(found, expected, "row {number}");
        assert_eq!(header(&headers, "accept-encoding"), Some("identity"));
        assert_eq!(header(&headers, "user-agent"), Some(UserAgent::DESKTOP.header));
        assert_eq!(header(&headers, "host"), Some(&echo[url::Position::BeforeHost..url::Position::AfterPort]));
    }
}

#[tokio::test]
async fn own_header_fields_replace_the_browsers_and_stay_within_the_origin() {
    let (site, elsewhere) = (Site::start().await, Site::start().await);
    let (mut browser, witness) = browser();
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let to = elsewhere.url("/echo");
    let request = Request::get(site.url(&format!("/away?{to}")))
        .with_header(http::header::HOST, HeaderValue::from_static("evil.example"))
        .with_header(forwarded.clone(), HeaderValue::from_static("1.1.1.1"))
        .with_header(forwarded, HeaderValue::from_static("2.2.2.2"));
    browser.navigate(request, "forge", NOW).await.unwrap();
    let exchanges = witness.take();
    let [first, second] = &exchanges[..] else { panic!("expected two hops") };
    assert_eq!(header(&first.request.headers, "host"), Some("evil.example"));
    let values = |exchange: &sekisho_reports::exchange::Exchange| {
        exchange.request.headers.iter().filter(|(name, _)| name == "x-forwarded-for").count()
    };
    assert_eq!((values(first), values(second)), (2, 0));
    assert_eq!(header(&second.request.headers, "host"), Some(to.authority()));
}

#[tokio::test]
async fn a_browser_that_refuses_cookies_neither_takes_nor_sends_any() {
    let site = Site::start().await;
    let (mut browser, _) = browser();
    get(&mut browser, &site.url("/sign-in")).await.unwrap();
    browser.refuse_cookies(true);
    let answer = get(&mut browser, &site.url("/sign-in")).await.unwrap();
    assert!(answer.cookies.iter().all(|cookie| cookie.fate.is_none()) && answer.cookies.len() == 2);
    assert_eq!(&get(&mut browser, &site.url("/echo")).await.unwrap().body[..], b"GET /echo ");
    browser.refuse_cookies(false);
    assert_eq!(&get(&mut browser, &site.url("/echo")).await.unwrap().body[..], b"GET /echo one=1; two=2");
    browser.clear_session_cookies();
    assert_eq!(&get(&mut browser, &site.url("/echo")).await.unwrap().body[..], b"GET /echo two=2");
    browser.clear_cookies();
    assert_eq!(&get(&mut browser, &site.url("/echo")).await.unwrap().body[..], b"GET /echo ");
}

#[tokio::test]
async fn names_below_localhost_mean_this_machine_and_cookies_tell_them_apart() {
    let site = Site::start().await;
    let (mut browser, _) = browser();
    let at = |host: &str, path: &str| {
        let mut url = site.url(path);
        url.set_host(Some(host)).unwrap();
        url
    };
    get(&mut browser, &at("seeker.localhost", "/sign-in")).await.unwrap();
    assert_eq!(&get(&mut browser, &at("employer.localhost", "/echo")).await.unwrap().body[..], b"GET /echo ");
    assert_eq!(&get(&mut browser, &at("seeker.localhost", "/echo")).await.unwrap().body[..], b"GET /echo one=1; two=2");
}

#[tokio::test]
async fn a_resting_browser_holds_no_connection_and_opens_another_when_needed() {
    let site = Site::start().await;
    let (mut browser, _) = browser();
    get(&mut browser, &site.url("/echo")).await.unwrap();
    browser.rest();
    site.all_closed().await;
    get(&mut browser, &site.url("/echo")).await.unwrap();
    drop(browser);
    site.all_closed().await;
    assert_eq!(site.connections(), 2);
}

#[tokio::test]
async fn a_short_memory_keeps_the_last_exchanges_only() {
    let site = Site::start().await;
    let witness = std::sync::Arc::new(LastFew::new(2));
    let mut browser = servers::browser_with(servers::limits(), witness.clone());
    get(&mut browser, &site.url("/sign-in")).await.unwrap();
    let urls: Vec<_> = witness.take().into_iter().map(|seen| seen.request.url).collect();
    assert_eq!(urls, [site.url("/hop").to_string(), site.url("/form").to_string()]);
    assert!(witness.take().is_empty());
}

#[tokio::test]
async fn an_answer_is_kept_whole_with_its_own_time() {
    let site = Site::start().await;
    let (mut browser, witness) = browser();
    let answer = get(&mut browser, &site.url("/large")).await.unwrap();
    assert_eq!(answer.body.len(), servers::LARGE_BYTES);
    let seen = witness.take().remove(0);
    assert_eq!(seen.answer.unwrap().body.len(), servers::LARGE_BYTES);
    assert!(answer.duration_us >= seen.duration_us && seen.duration_us > 0);
    assert_eq!(browser.current().unwrap().url, answer.url);
}
