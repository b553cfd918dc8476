//! Pages and forms as the browser reads them: what is found, what is filled in, what is then sent.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use sekisho_simulator::browser::{Answer, Body, Control, Form, FormError, Initiator, Page, Press, Request, Selector};
use url::Url;

const ADDRESS: &str = "https://x.example.jp/seeker/code?step=2";

fn answer_of(body: impl Into<Bytes>, content_type: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
    Answer {
        status: 200,
        headers,
        body: body.into(),
        url: Url::parse(ADDRESS).unwrap(),
        redirects: Vec::new(),
        cookies: Vec::new(),
        duration_us: 0,
    }
}

fn answer(html: &str) -> Answer {
    answer_of(html.to_owned(), "text/html; charset=utf-8")
}

/// The only form of a page with this inside.
fn form(html: &str) -> Form {
    let answer = answer(html);
    let page = Page::of(&answer);
    assert_eq!(page.forms().len(), 1, "{html}");
    page.forms()[0].clone()
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn sent(request: &Request) -> &[(String, String)] {
    match &request.body {
        Body::Form(fields) => fields,
        other => panic!("expected a form's fields, found {other:?}"),
    }
}

#[test]
fn successful_controls_are_found_in_tree_order() {
    for (inside, expected) in [
        (r#"<input name=a><input name=b value="x y">"#, "a=|b=x y"),
        (r#"<input type=hidden name=t value="&amp;&#12354;">"#, "t=&あ"),
        (r#"<input name=a disabled value=1><input value=2><input name="" value=3>"#, ""),
        (
            r"<input type=checkbox name=c><input type=checkbox name=c checked><input type=CHECKBOX name=c value=z checked>",
            "c=on|c=z",
        ),
        (r"<input type=radio name=r value=1><input type=radio name=r value=2 checked>", "r=2"),
        ("<textarea name=t>\n\n<b>x</b>\n</textarea>", "t=\n<b>x</b>\n"),
        (r"<select name=s><option>a</option><option value=2> b </option></select>", "s=a"),
        (r"<select name=s><option disabled>a<option>b<optgroup><option>c</select>", "s=b"),
        (r"<select name=s><option selected>a<option selected>b</select>", "s=b"),
        (r"<select name=s multiple><option selected>a<option>b<option selected value=3>c</select>", "s=a|s=3"),
        (r"<select name=s multiple><option>a</select>", ""),
        (r"<select name=s size=2><option>a</select>", ""),
        (r"<select name=s><optgroup disabled><option selected>a</optgroup><option>b</select>", ""),
        (
            r"<fieldset disabled><input name=a><fieldset><input name=b></fieldset></fieldset><input name=c value=1>",
            "c=1",
        ),
        (
            r"<button name=b value=1>x</button><input type=submit name=s><input type=reset name=r><input type=button name=k>",
            "",
        ),
        (r"<template><input name=t></template><noscript><input name=n></noscript><input name=a value=1>", "a=1"),
        ("<!-- <input name=x> --><script>'<input name=y>'</script><input name=a value=1>", "a=1"),
        (r#"<input name=a value=1 name=b VALUE=2>"#, "a=1"),
        (r"<form><input name=a value=1></form>", "a=1"),
        (r"<table><tr><td><input name=a value=1></table><input name=b value=2>", "a=1|b=2"),
    ] {
        let form = form(&format!("<form method=post>{inside}</form><input name=outside>"));
        let fields: Vec<String> = form.fields().iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(fields.join("|"), expected, "{inside}");
    }
}

#[test]
fn controls_elsewhere_join_the_form_they_name() {
    let answer = answer(
        "<input name=a value=1 form=f><form id=e></form><form id=f><input name=b value=2><input name=c value=3 form=e></form>\
         <button form=f name=go value=1>行く</button><input name=d form=nowhere><input name=x form>",
    );
    let page = Page::of(&answer);
    let (e, f) = (page.form(&selector("#e")).unwrap(), page.form(&selector("#f")).unwrap());
    assert_eq!(e.fields(), [("c", "3")]);
    assert_eq!(f.fields(), [("a", "1"), ("b", "2")]);
    assert_eq!(f.buttons().map(|button| button.label.as_str()).collect::<Vec<_>>(), ["行く"]);
}

#[test]
fn filling_types_ticks_and_chooses_what_is_there_and_nothing_else() {
    let mut form = form(
        "<form method=post><input name=code><input type=checkbox name=skip value=yes>\
         <input type=radio name=r value=1 checked><input type=radio name=r value=2>\
         <select name=s><option value=a>A<option value=b>B<option value=c disabled>C</select>\
         <input type=checkbox name=many><input type=checkbox name=many><input name=off disabled></form>",
    );
    form.fill("code", "012345").unwrap();
    form.tick("skip").unwrap();
    form.fill("r", "2").unwrap();
    form.fill("s", "b").unwrap();
    assert_eq!(form.fields(), [("code", "012345"), ("skip", "yes"), ("r", "2"), ("s", "b")]);
    form.untick("skip").unwrap();
    assert_eq!(form.value("skip"), None);
    assert_eq!(form.checkboxes().map(|found| (found.name, found.checked)).collect::<Vec<_>>().len(), 3);
    let choice = |name: &str, value: &str| FormError::NoSuchChoice { name: name.into(), value: value.into() };
    assert_eq!(form.clone().fill("r", "3"), Err(choice("r", "3")));
    assert_eq!(form.clone().fill("s", "c"), Err(choice("s", "c")));
    for name in ["nothing", "off", "skip"] {
        assert_eq!(form.fill(name, "x"), Err(FormError::NoSuchField { name: name.into() }));
    }
    assert_eq!(form.tick("many"), Err(FormError::CheckboxCount { name: "many".into(), count: 2 }));
    assert_eq!(form.tick("code"), Err(FormError::CheckboxCount { name: "code".into(), count: 0 }));
    form.force("s", "forged");
    form.force("new", "forged");
    assert_eq!(form.fields(), [("code", "012345"), ("r", "2"), ("s", "forged"), ("new", "forged")]);
}

#[test]
fn a_choice_that_is_not_offered_leaves_the_form_as_it_was() {
    let mut form = form("<form><select name=s><option selected>a<option>b</select></form>");
    form.fill("s", "z").unwrap_err();
    assert_eq!(form.fields(), [("s", "a")]);
}

#[test]
fn the_pressed_button_is_sent_and_may_lead_elsewhere() {
    let form = form(
        "<form method=post action=in><input name=a value=1><button type=button name=no>x</button>\
         <button name=act value=send> 送 信 <b>!</b></button><input type=submit name=act value=back formaction=/back formmethod=get>\
         <input type=image name=pic alt=絵><button disabled name=off>off</button><input type=submit></form>",
    );
    let press = |press| form.press(press).unwrap();
    let enter = press(Press::Enter);
    assert_eq!((enter.method.clone(), enter.url.as_str()), (Method::POST, "https://x.example.jp/seeker/in"));
    assert_eq!(enter.initiator, Initiator::Page(Url::parse(ADDRESS).unwrap()));
    let pairs =
        |request: &Request| sent(request).iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    assert_eq!(pairs(&enter), ["a=1", "act=send"]);
    assert_eq!(pairs(&press(Press::NoButton)), ["a=1"]);
    assert_eq!(pairs(&press(Press::Labelled("送 信 !"))), ["a=1", "act=send"]);
    assert_eq!(pairs(&press(Press::Labelled("絵"))), ["a=1", "pic.x=0", "pic.y=0"]);
    assert_eq!(pairs(&press(Press::Labelled("送信"))), ["a=1"], "a button without a name sends nothing of its own");
    let back = press(Press::Valued("act", "back"));
    assert_eq!((back.method.clone(), back.url.as_str()), (Method::GET, "https://x.example.jp/back?a=1&act=back"));
    for (press, count) in [(Press::Named("act"), 2), (Press::Named("off"), 0), (Press::Labelled("x"), 0)] {
        assert!(
            matches!(form.press(press), Err(FormError::ButtonCount { count: found, .. }) if found == count),
            "{press:?}"
        );
    }
    assert_eq!(form.ways_to_choose(), 4);
}

#[test]
fn addresses_are_resolved_as_browsers_resolve_them() {
    for (html, expected) in [
        ("<form></form>", Some("https://x.example.jp/seeker/code?")),
        ("<form method=post></form>", Some(ADDRESS)),
        ("<form method=post action=''></form>", Some(ADDRESS)),
        ("<form method=post action='?x'></form>", Some("https://x.example.jp/seeker/code?x")),
        ("<base href='/other/'><form method=post action=in></form>", Some("https://x.example.jp/other/in")),
        ("<form method=post action=in></form><base href='//y.jp/'>", Some("https://y.jp/in")),
        ("<base href='/other/'><form method=post></form>", Some(ADDRESS)),
        ("<form action='/in?old=1#f'><input name=a value='&'></form>", Some("https://x.example.jp/in?a=%26#f")),
        ("<form action='javascript:x()'></form>", None),
        ("<form action='http://['></form>", None),
    ] {
        let request = form(html).press(Press::NoButton);
        match expected {
            Some(url) => assert_eq!(request.unwrap().url.as_str(), url, "{html}"),
            None => assert!(matches!(request, Err(FormError::BadAction { .. })), "{html}"),
        }
    }
}

#[test]
fn forms_are_encoded_as_they_say() {
    let encoded = |attributes: &str, value: &str| {
        let mut form = form(&format!("<form method=post {attributes}><textarea name='n\"'></textarea></form>"));
        form.fill("n\"", value).unwrap();
        match form.press(Press::NoButton).unwrap().body {
            Body::Raw { content_type, bytes } => {
                (content_type.to_str().unwrap().to_owned(), String::from_utf8_lossy(&bytes).into_owned())
            }
            other => panic!("expected an encoded body, found {other:?}"),
        }
    };
    let (kind, body) = encoded("accept-charset='shift_jis'", "日\n☃");
    assert_eq!(kind, "application/x-www-form-urlencoded");
    assert_eq!(body, "n%22=%93%FA%0D%0A%26%239731%3B");
    let (kind, body) = encoded("enctype=text/plain", "x");
    assert_eq!((kind.as_str(), body.as_str()), ("text/plain", "n\"=x\r\n"));
    let (kind, body) = encoded("enctype=multipart/form-data", "日\n----WebKitFormBoundary0000000000000000");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(
        body,
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"n%22\"\r\n\r\n日\r\n----WebKitFormBoundary0000000000000000\r\n--{boundary}--\r\n"
        )
    );
    assert_eq!(boundary, "----WebKitFormBoundary0000000000000001");
}

#[test]
fn forms_are_found_by_plain_and_by_any_other_selector() {
    let answer = answer(
        "<main class=m><form id=one name=first action='/a' class=x><input name=q></form>\
         <table><form id=two action='/b'><tr><td><input name=code></form></table><template><form id=hidden></form></template></main>",
    );
    let page = Page::of(&answer);
    for (text, found) in [
        ("#one", Some("one")),
        ("form[action='/b']", Some("two")),
        ("form[name=first]", Some("one")),
        ("main > form.x", Some("one")),
        ("form:not(.x)", Some("two")),
        ("form:has([name=q])", Some("one")),
        ("#hidden", None),
        ("template form", None),
        ("#three", None),
    ] {
        let form = page.form(&selector(text));
        match found {
            Some(id) => assert_eq!(form.unwrap().id.as_deref(), Some(id), "{text}"),
            None => assert_eq!(form.unwrap_err(), FormError::None { selector: text.into() }),
        }
    }
    for text in ["form", "main form"] {
        let error = page.form(&selector(text)).unwrap_err();
        assert_eq!(error, FormError::Several { selector: text.into(), count: 2 });
    }
}

#[test]
fn a_form_that_the_tree_does_not_have_is_unclear_rather_than_another_one() {
    let answer = answer("<frameset><form id=lost></form><form id=kept></form></frameset>");
    let page = Page::of(&answer);
    assert_eq!(page.form(&selector("#kept")).unwrap().id.as_deref(), Some("kept"));
    let error = page.form(&selector("body form")).unwrap_err();
    assert_eq!(error, FormError::Unclear { selector: "body form".into() });
}

#[test]
fn what_a_person_reads_is_told_from_what_they_do_not() {
    let answer = answer(
        "<!doctype html><html><head><title> コード\n入力 </title><style>p{}</style></head><body><h1>画面</h1><p><b>6桁</b>の数字&amp;<br>次\n行</p>\
         <script>var hidden</script><noscript>いいえ</noscript><template>いいえ</template><textarea>いいえ</textarea><button>送信</button>\
         <svg><title>図</title></svg><a href='../in'>戻<i>る</i></a><a href='mailto:x@y.jp'>mail</a><a name=here>anchor</a></body>",
    );
    let page = Page::of(&answer);
    assert_eq!(page.title(), Some("コード 入力"));
    assert_eq!(page.text(), "画面 6桁の数字& 次 行 送信 戻るmailanchor");
    assert!(page.text_contains("6桁の数字") && !page.text_contains("いいえ") && !page.text_contains("hidden"));
    let links: Vec<_> = page.links().into_iter().map(|link| (String::from(link.url), link.text)).collect();
    assert_eq!(links, [("https://x.example.jp/in".to_owned(), "戻る".to_owned())]);
    assert_eq!(page.select_text(&selector("h1, p")).as_deref(), Some("画面"));
    assert_eq!(page.dom().texts(&selector("b, i")), ["6桁", "る"]);
    assert_eq!(page.dom().attributes(&selector("a"), "href"), ["../in", "mailto:x@y.jp"]);
    assert!(page.has(&selector("button")) && !page.has(&selector("dialog")));
}

#[test]
fn a_page_without_title_or_form_says_so() {
    let answer = answer_of("{}", "application/json");
    let page = Page::of(&answer);
    assert_eq!((page.title(), page.text(), page.forms().len()), (None, "{}", 0));
    assert_eq!(page.form(&selector("form")).unwrap_err(), FormError::None { selector: "form".into() });
}

#[test]
fn charsets_are_taken_from_mark_header_and_meta_in_this_order() {
    let shift_jis = |meta: &str| {
        let mut bytes = format!("{meta}<title>").into_bytes();
        bytes.extend_from_slice(b"\x93\xfa\x96\x7b</title>");
        bytes
    };
    for (body, content_type) in [
        ("<title>日本</title>".as_bytes().to_vec(), "text/html"),
        ("\u{feff}<title>日本</title>".as_bytes().to_vec(), "text/html; charset=shift_jis"),
        (shift_jis(""), "text/html; charset=\"Shift_JIS\""),
        (shift_jis("<meta charset=utf-8>"), "text/html; charset=windows-31j"),
        (shift_jis("<meta charset='x-sjis'>"), "text/html"),
        (shift_jis("<meta http-equiv=content-type content='text/html; charset=Shift_JIS'>"), "text/html"),
        ("<meta charset=utf-16><title>日本</title>".as_bytes().to_vec(), "text/html"),
    ] {
        let answer = answer_of(body, content_type);
        assert_eq!(Page::of(&answer).title(), Some("日本"), "{content_type}");
    }
}

#[test]
fn pages_can_be_held_across_awaits() {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    let answer = answer("");
    assert_shared(&Page::of(&answer));
}

#[test]
fn hidden_fields_and_controls_are_listed() {
    let form =
        form("<form><input type=hidden name=csrf value=t><input type=password name=p><input name=off disabled></form>");
    assert_eq!(form.hidden_fields(), [("csrf".to_owned(), "t".to_owned())]);
    let kinds: Vec<_> = form
        .controls()
        .map(|(name, control)| match control {
            Control::Field { kind, .. } => format!("{name}:{kind}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["csrf:hidden", "p:password"]);
    assert!(form.has("p") && !form.has("off"));
}

proptest! {
    #[test]
    fn no_page_makes_the_scan_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                "\\PC{0,6}",
                proptest::sample::select(vec![
                    "<form>", "</form>", "<form id=f method=post>", "<input name=a ", "type=radio ", "checked ", ">", "<select name=s>",
                    "<option>", "</option>", "</select>", "<textarea name=t>", "</textarea>", "<button name=b>", "</button>", "<template>",
                    "</template>", "<fieldset disabled>", "</fieldset>", "<optgroup disabled>", "<a href=x>", "</a>", "<title>", "</title>",
                    "<script>", "</script>", "<!--", "-->", "form=f ", "<base href=//>", "&#0;", "&amp", "\"", "'", "</",
                ]).prop_map(str::to_owned),
            ],
            0..40,
        ),
    ) {
        let answer = answer(&pieces.concat());
        let page = Page::of(&answer);
        for form in page.forms() {
            prop_assert!(form.fields().iter().all(|(name, _)| !name.is_empty()));
            let _ = form.press(Press::Enter);
        }
        let _ = page.form(&selector("body form"));
        prop_assert!(!page.text().starts_with(' ') && !page.text().ends_with(' '));
    }

    #[test]
    fn what_is_typed_is_what_is_sent(value in "\\PC{0,40}") {
        let mut form = form("<form method=post><input name=v></form>");
        form.fill("v", &value).unwrap();
        let request = form.press(Press::Enter).unwrap();
        prop_assert_eq!(sent(&request), [("v".to_owned(), value)]);
    }
}
