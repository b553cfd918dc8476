//! The JSON API, compatible with Mailpit's `/api/v1` where both have a path, so that helpers written for it work. What is ours:
//! `Codes` and `Recipients` (the envelope) in lists and messages, and `wait`.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    codes::codes_in,
    counter::Counter,
    query::Query,
    records::Summary,
    reply::{Parameters, Reply},
};
use crate::mailbox::{Attachment, Contact, Letter, Mail, Mailbox, Mark, Particulars};

/// How many mails a list has, unless the request says otherwise.
const DEFAULT_LIMIT: usize = 50;
/// How many mails a list has at most.
const MAX_LIMIT: usize = 1_000;
/// For how long `wait` waits, unless the request says otherwise, and at most.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);
const MAX_WAIT: Duration = Duration::from_secs(120);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Person {
    name: String,
    address: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    read: bool,
    from: Person,
    to: Vec<Person>,
    cc: Vec<Person>,
    bcc: Vec<Person>,
    reply_to: Vec<Person>,
    subject: String,
    created: String,
    username: &'static str,
    tags: [&'static str; 0],
    size: usize,
    attachments: usize,
    snippet: String,
    recipients: Vec<String>,
    codes: Vec<String>,
}

#[derive(Serialize)]
struct List {
    total: usize,
    unread: usize,
    count: usize,
    messages_count: usize,
    messages_unread: usize,
    start: usize,
    tags: [&'static str; 0],
    messages: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    from: Person,
    to: Vec<Person>,
    cc: Vec<Person>,
    bcc: Vec<Person>,
    reply_to: Vec<Person>,
    return_path: String,
    subject: String,
    list_unsubscribe: serde_json::Value,
    date: String,
    tags: [&'static str; 0],
    username: &'static str,
    text: String,
    #[serde(rename = "HTML")]
    html: String,
    size: usize,
    inline: [&'static str; 0],
    attachments: Vec<Part>,
    recipients: Vec<String>,
    codes: Vec<String>,
    problems: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    #[serde(rename = "PartID")]
    part_id: String,
    file_name: String,
    content_type: String,
    #[serde(rename = "ContentID")]
    content_id: String,
    size: usize,
    checksums: serde_json::Value,
}

/// What a request to delete or to mark names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    #[serde(rename = "IDs")]
    ids: Option<Vec<String>>,
    #[serde(rename = "Read")]
    read: bool,
    #[serde(rename = "Search")]
    search: String,
}

impl Counter {
    /// GET messages: all, the newest first.
    pub(super) fn list(&self, parameters: &Parameters) -> Reply {
        let (start, limit) = window(parameters);
        let all = self.arrivals.newest_first(0, usize::MAX);
        self.page(&all, start, limit)
    }

    /// GET search.
    pub(super) fn search(&self, parameters: &Parameters) -> Reply {
        let Some(expression) = parameters.get("query") else {
            return Reply::error(StatusCode::BAD_REQUEST, "no `query`");
        };
        let (start, limit) = window(parameters);
        self.page(&self.found(expression), start, limit)
    }

    /// DELETE search: deletes what is found.
    pub(super) fn delete_found(&self, parameters: &Parameters) -> Reply {
        let Some(expression) = parameters.get("query") else {
            return Reply::error(StatusCode::BAD_REQUEST, "no `query`");
        };
        self.arrivals.remove(self.found(expression).iter().map(|mail| mail.sequence));
        Reply::ok()
    }

    /// DELETE messages: those named, or all where none is.
    pub(super) fn delete(&self, body: &[u8]) -> Reply {
        let wanted = match wanted(body) {
            Ok(wanted) => wanted,
            Err(refusal) => return refusal,
        };
        match wanted.ids.as_deref() {
            None | Some([]) => self.arrivals.clear(),
            Some(ids) => self.arrivals.remove(ids.iter().filter_map(|id| id.parse().ok())),
        };
        Reply::ok()
    }

    /// PUT messages: marks those named or found, or all, as read or unread.
    pub(super) fn mark(&self, body: &[u8]) -> Reply {
        let wanted = match wanted(body) {
            Ok(wanted) => wanted,
            Err(refusal) => return refusal,
        };
        let mails = match (wanted.ids.as_deref(), wanted.search.as_str()) {
            (Some([_, ..]), search) if !search.is_empty() => {
                return Reply::error(StatusCode::BAD_REQUEST, "give `IDs` or `Search`, not both");
            }
            (Some(ids @ [_, ..]), _) => ids.iter().filter_map(|id| self.arrivals.get(id.parse().ok()?)).collect(),
            (_, "") => self.arrivals.newest_first(0, usize::MAX),
            (_, search) => self.found(search),
        };
        for mail in mails {
            self.records.note(mail.sequence, wanted.read);
        }
        Reply::ok()
    }

    /// GET message/{id}: the whole mail, which counts as read then.
    pub(super) fn message(&self, mail: &Arc<Mail>) -> Reply {
        self.records.note(mail.sequence, true);
        Reply::json(&self.whole(mail))
    }

    /// GET message/{id}/headers.
    pub(super) fn headers(&self, mail: &Mail) -> Reply {
        let mut fields = serde_json::Map::new();
        for (name, value) in Particulars::parse(mail).headers {
            let values = fields.entry(name).or_insert_with(|| json!([]));
            if let Some(values) = values.as_array_mut() {
                values.push(json!(value));
            }
        }
        Reply::json(&fields)
    }

    /// GET message/{id}/part/{part}.
    pub(super) fn part(&self, mail: &Mail, part: &str) -> Reply {
        let mut attachments = Particulars::parse(mail).attachments;
        match part.parse().ok().filter(|index| (1..=attachments.len()).contains(index)) {
            Some(index) => Reply::download(attachments.swap_remove(index - 1).content, &format!("part-{index}.bin")),
            None => Reply::error(StatusCode::NOT_FOUND, "there is no such part"),
        }
    }

    /// GET wait: the next mail to an address, as soon as it is there. After the mail `after`; or, without that, the oldest
    /// that nobody has read, so that each is given out once.
    pub(super) async fn wait(&self, parameters: &Parameters) -> Reply {
        let Some(address) = parameters.get("to").filter(|address| !address.trim().is_empty()) else {
            return Reply::error(StatusCode::BAD_REQUEST, "no `to`: whose mail is waited for?");
        };
        let after = match parameters.get("after").map(str::parse) {
            None => None,
            Some(Ok(sequence)) => Some(Mark::behind(sequence)),
            Some(Err(_)) => return Reply::error(StatusCode::BAD_REQUEST, "`after` is the ID of a mail"),
        };
        let patience = match parameters.get("timeout").map(str::parse::<f64>) {
            None => DEFAULT_WAIT,
            Some(Ok(seconds)) if (0.0..=MAX_WAIT.as_secs_f64()).contains(&seconds) => Duration::from_secs_f64(seconds),
            Some(_) => {
                let text = format!("`timeout` is a number of seconds up to {}", MAX_WAIT.as_secs());
                return Reply::error(StatusCode::BAD_REQUEST, &text);
            }
        };
        let next = async {
            let mut mark = after.unwrap_or(Mark::START);
            loop {
                let mail = self.arrivals.next_for(address, mark, MAX_WAIT).await.ok()??;
                let is_news = self.records.note(mail.sequence, true);
                if is_news || after.is_some() {
                    return Some(mail);
                }
                mark = mail.mark();
            }
        };
        // The look comes before the clock, so that a mail which is there is found with no patience at all.
        match tokio::time::timeout(patience, next).await {
            Ok(Some(mail)) => Reply::json(&self.whole(&mail)),
            Ok(None) => Reply::error(StatusCode::SERVICE_UNAVAILABLE, "the mailbox is closed"),
            Err(_) => {
                let text = format!("no mail to {address} came within {} s", patience.as_secs_f64());
                Reply::error(StatusCode::NOT_FOUND, &text)
            }
        }
    }

    /// GET info.
    pub(super) fn info(&self) -> Reply {
        let counts = self.arrivals.counts();
        Reply::json(&json!({
            "Version": concat!("sekisho ", env!("CARGO_PKG_VERSION")), "LatestVersion": "", "Database": "memory",
            "DatabaseSize": counts.held_bytes, "Messages": counts.held, "Unread": self.unread(),
            "Tags": {}, "Dropped": counts.dropped, "SMTP": self.smtp.to_string(),
        }))
    }

    fn page(&self, mails: &[Arc<Mail>], start: usize, limit: usize) -> Reply {
        let unread = |mails: &[Arc<Mail>]| mails.iter().filter(|mail| !self.records.is_read(mail.sequence)).count();
        let messages: Vec<Row> =
            mails.iter().skip(start).take(limit).map(|mail| self.row(&self.records.summary(mail))).collect();
        Reply::json(&List {
            total: usize::try_from(self.arrivals.counts().held).unwrap_or(usize::MAX),
            unread: self.unread(),
            count: messages.len(),
            messages_count: mails.len(),
            messages_unread: unread(mails),
            start,
            tags: [],
            messages,
        })
    }

    fn unread(&self) -> usize {
        let all = self.arrivals.newest_first(0, usize::MAX);
        all.iter().filter(|mail| !self.records.is_read(mail.sequence)).count()
    }

    fn found(&self, expression: &str) -> Vec<Arc<Mail>> {
        let query = Query::parse(expression);
        let mut all = self.arrivals.newest_first(0, usize::MAX);
        all.retain(|mail| query.finds(&self.records.summary(mail), self.records.is_read(mail.sequence)));
        all
    }

    fn row(&self, summary: &Summary) -> Row {
        Row {
            id: summary.id(),
            message_id: summary.message_id.clone(),
            read: self.records.is_read(summary.mail.sequence),
            from: person(&summary.from),
            to: people(&summary.to),
            cc: people(&summary.cc),
            bcc: people(&summary.bcc),
            reply_to: people(&summary.reply_to),
            subject: summary.subject.clone(),
            created: arrival(&summary.mail),
            username: "",
            tags: [],
            size: summary.mail.raw.len(),
            attachments: summary.attachments,
            snippet: summary.snippet.clone(),
            recipients: summary.mail.recipients.clone(),
            codes: summary.codes.clone(),
        }
    }

    fn whole(&self, mail: &Arc<Mail>) -> Message {
        let (letter, particulars) = (Letter::parse(mail), Particulars::parse(mail));
        let summary = self.records.summary(mail);
        Message {
            id: summary.id(),
            message_id: particulars.message_id,
            from: person(&summary.from),
            to: people(&particulars.to),
            cc: people(&particulars.cc),
            bcc: people(&particulars.bcc),
            reply_to: people(&particulars.reply_to),
            return_path: mail.from.clone(),
            subject: summary.subject.clone(),
            list_unsubscribe: json!({ "Header": "", "Links": [], "Errors": "", "HeaderPost": "" }),
            date: particulars.date.unwrap_or_else(|| arrival(mail)),
            tags: [],
            username: "",
            codes: codes_in(&letter.text),
            text: letter.text,
            html: letter.html.unwrap_or_default(),
            size: mail.raw.len(),
            inline: [],
            attachments: particulars.attachments.iter().enumerate().map(part).collect(),
            recipients: mail.recipients.clone(),
            problems: letter.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

fn window(parameters: &Parameters) -> (usize, usize) {
    let number = |name| parameters.get(name).and_then(|text| text.parse().ok());
    (number("start").unwrap_or(0), number("limit").unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT))
}

fn wanted(body: &[u8]) -> Result<Wanted, Reply> {
    if body.trim_ascii().is_empty() {
        return Ok(Wanted::default());
    }
    serde_json::from_slice(body).map_err(|error| Reply::error(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn part((index, attachment): (usize, &Attachment)) -> Part {
    let sha256: String = Sha256::digest(&attachment.content).iter().map(|byte| format!("{byte:02x}")).collect();
    Part {
        part_id: (index + 1).to_string(),
        file_name: attachment.name.clone(),
        content_type: attachment.media_type.clone(),
        content_id: attachment.content_id.clone(),
        size: attachment.content.len(),
        checksums: json!({ "SHA256": sha256 }),
    }
}

fn person(contact: &Contact) -> Person {
    Person { name: contact.name.clone(), address: contact.address.clone() }
}

fn people(contacts: &[Contact]) -> Vec<Person> {
    contacts.iter().map(person).collect()
}

fn arrival(mail: &Mail) -> String {
    Timestamp::try_from(mail.received_at).unwrap_or_default().to_string()
}
