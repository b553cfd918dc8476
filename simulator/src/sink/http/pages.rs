//! The pages: a list that renews itself when a mail comes, and one mail.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use askama::Template;
use http::StatusCode;
use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{
    InboxLink,
    counter::Counter,
    query::Query,
    records::Summary,
    reply::{Parameters, Reply},
};
use crate::mailbox::{Contact, Letter, Mail, Mailbox, Mark, Particulars};

/// How many mails a page of the list has.
const PAGE: usize = 50;
/// How long a list that waits for news is held back at most.
const NEWS_TIME: Duration = Duration::from_secs(25);
/// The longest text that a page shows. In characters.
const MAX_TEXT_CHARS: usize = 200_000;
const STYLE: &str = include_str!("../../../templates/inbox.css");

#[derive(Template)]
#[template(path = "inbox_list.html")]
struct ListPage<'a> {
    title: String,
    /// Where the browser is to go on: that answers as soon as a mail comes.
    next: Option<String>,
    is_paused: bool,
    query: &'a str,
    rows: Vec<Row>,
    total: usize,
    held: u64,
    dropped: u64,
    smtp: String,
    links: &'a [InboxLink],
    newer: Option<String>,
    older: Option<String>,
}

struct Row {
    id: String,
    time: String,
    instant: String,
    to: String,
    from: String,
    subject: String,
    snippet: String,
    codes: Vec<String>,
    is_new: bool,
}

#[derive(Template)]
#[template(path = "inbox_mail.html")]
struct MailPage<'a> {
    title: String,
    next: Option<String>,
    row: Row,
    fields: Vec<(&'static str, String)>,
    text: String,
    is_cut: bool,
    html: Option<String>,
    problems: Vec<String>,
    headers: &'a [(String, String)],
    attachments: Vec<(usize, String)>,
}

#[derive(Template)]
#[template(path = "inbox_missing.html")]
struct MissingPage<'a> {
    title: String,
    next: Option<String>,
    text: &'a str,
}

/// Holds a list back that is asked for with `after` till a mail has come behind that one: so the open list renews itself at
/// once, without a script.
pub(super) async fn wait_for_news(counter: &Counter, parameters: &Parameters) {
    let Some(after) = parameters.get("after").and_then(|after| after.parse().ok()) else { return };
    let news = tokio::time::timeout(NEWS_TIME, counter.arrivals.next(Mark::behind(after)));
    let _ = counter.stop.run_until_cancelled(news).await;
}

/// The list.
pub(super) fn list(counter: &Counter, parameters: &Parameters) -> Reply {
    let query = parameters.get("q").unwrap_or_default().trim();
    let start: usize = parameters.get("start").and_then(|start| start.parse().ok()).unwrap_or(0);
    let is_paused = parameters.get("live") == Some("off");
    let counts = counter.arrivals.counts();
    let mut mails = counter.arrivals.newest_first(0, usize::MAX);
    if !query.is_empty() {
        let expression = Query::parse(query);
        mails.retain(|mail| expression.finds(&counter.records.summary(mail), counter.records.is_read(mail.sequence)));
    }
    let shown = mails.iter().skip(start).take(PAGE);
    let rows: Vec<Row> = shown.map(|mail| row(counter, &counter.records.summary(mail))).collect();
    let is_front = query.is_empty() && start == 0;
    let is_live = is_front && !is_paused && !counter.stop.is_cancelled();
    let page_from = |start: usize| {
        let mut link = form_urlencoded::Serializer::new(String::from("/?"));
        if !query.is_empty() {
            link.append_pair("q", query);
        }
        link.append_pair("start", &start.to_string());
        link.finish()
    };
    render(
        StatusCode::OK,
        &ListPage {
            title: format!("Inbox ({})", mails.len()),
            next: is_live.then(|| format!("/?after={}", counts.arrived)),
            is_paused: is_front && is_paused,
            query,
            total: mails.len(),
            held: counts.held,
            dropped: counts.dropped,
            smtp: counter.smtp.to_string(),
            links: &counter.links,
            newer: (start > 0).then(|| page_from(start.saturating_sub(PAGE))),
            older: (start.saturating_add(PAGE) < mails.len()).then(|| page_from(start + PAGE)),
            rows,
        },
    )
}

/// One mail.
pub(super) fn mail(counter: &Counter, mail: &Arc<Mail>) -> Reply {
    counter.records.note(mail.sequence, true);
    let (letter, particulars) = (Letter::parse(mail), Particulars::parse(mail));
    let summary = counter.records.summary(mail);
    let row = row(counter, &summary);
    let (text, is_cut) = cut(&letter.text);
    render(
        StatusCode::OK,
        &MailPage {
            title: row.subject.clone(),
            next: None,
            fields: fields(&summary, &particulars),
            row,
            text,
            is_cut,
            html: letter.html.as_deref().map(|html| cut(html).0),
            problems: letter.problems.iter().map(ToString::to_string).collect(),
            headers: &particulars.headers,
            attachments: particulars
                .attachments
                .iter()
                .enumerate()
                .map(|(index, part)| {
                    let name = if part.name.is_empty() { "(no name)" } else { &part.name };
                    (index + 1, format!("{name}, {}, {} bytes", part.media_type, part.content.len()))
                })
                .collect(),
        },
    )
}

/// A page that says what is not there.
pub(super) fn missing(text: &str) -> Reply {
    render(StatusCode::NOT_FOUND, &MissingPage { title: "Not here".to_owned(), next: None, text })
}

/// The style sheet.
pub(super) fn style() -> Reply {
    Reply::new(StatusCode::OK, "text/css; charset=utf-8", STYLE)
}

fn render(status: StatusCode, page: &impl Template) -> Reply {
    match page.render() {
        Ok(page) => Reply::html(status, page),
        Err(error) => Reply::error(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn row(counter: &Counter, summary: &Summary) -> Row {
    let mail = &summary.mail;
    Row {
        id: summary.id(),
        time: clock_time(mail.received_at),
        instant: Timestamp::try_from(mail.received_at).unwrap_or_default().to_string(),
        to: mail.recipients.join(", "),
        from: shown(&summary.from),
        subject: if summary.subject.is_empty() { "(no subject)".to_owned() } else { summary.subject.clone() },
        snippet: summary.snippet.clone(),
        codes: summary.codes.clone(),
        is_new: !counter.records.is_read(mail.sequence),
    }
}

fn fields(summary: &Summary, particulars: &Particulars) -> Vec<(&'static str, String)> {
    let all = |contacts: &[Contact]| contacts.iter().map(shown).collect::<Vec<_>>().join(", ");
    let sender = if summary.mail.from.is_empty() { "<>".to_owned() } else { summary.mail.from.clone() };
    let mut fields = vec![
        ("From", particulars.from.as_ref().map(shown).unwrap_or_default()),
        ("To", all(&particulars.to)),
        ("Cc", all(&particulars.cc)),
        ("Bcc", all(&particulars.bcc)),
        ("Reply-To", all(&particulars.reply_to)),
        ("Date", particulars.date.clone().unwrap_or_default()),
        ("Message-ID", particulars.message_id.clone()),
        ("Envelope", format!("{sender} → {}", summary.mail.recipients.join(", "))),
        ("Size", format!("{} bytes", summary.mail.raw.len())),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

fn shown(contact: &Contact) -> String {
    if contact.name.is_empty() { contact.address.clone() } else { format!("{} <{}>", contact.name, contact.address) }
}

/// The time of this machine; the day is named where it is not today.
fn clock_time(time: SystemTime) -> String {
    let Ok(time) = Timestamp::try_from(time) else { return String::new() };
    let time = time.to_zoned(TimeZone::system());
    let format = if time.date() == Zoned::now().date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    time.strftime(format).to_string()
}

fn cut(text: &str) -> (String, bool) {
    let cut: String = text.chars().take(MAX_TEXT_CHARS).collect();
    let is_cut = cut.len() < text.len();
    (cut, is_cut)
}
