//! A login of JSON alone, which takes nothing of another type than it says.

use serde_json::{Value, json};

use crate::house::{Entry, House, Session, Tried};
use crate::odd::{Codes, Mails, Outsiders};
use crate::web::{Asked, Reply};

struct Call<'a> {
    house: &'a House,
    asked: &'a Asked,
    name: String,
    session: Session,
    new: bool,
}

pub fn answer(house: &House, asked: &Asked) -> Reply {
    let bearer = asked.header("authorization").strip_prefix("Bearer ").map(str::to_owned);
    let name = if house.odd.bearer { bearer } else { asked.cookie("sid").map(str::to_owned) };
    let (name, session, new) = house.session(name.as_deref());
    let call = Call { house, asked, name, session, new };
    let reply = call.answer();
    match (new, house.odd.bearer) {
        (true, false) => reply.cookies(&[format!("sid={}; Path=/; HttpOnly; SameSite=Strict", call.name)]),
        _ => reply,
    }
}

impl Call<'_> {
    fn answer(&self) -> Reply {
        match (self.asked.method.as_str(), self.asked.path.as_str()) {
            ("GET", "/api/session") => Reply::json(200, &json!({ "ready": true })),
            ("POST", "/api/session") => self.enter(),
            ("POST", "/api/mail") if self.house.is_open(&self.name) => {
                Reply::json(202, &json!({ "mailed": true })).mailing(self.house.mail_code(&self.name))
            }
            ("POST", "/api/code") => self.try_code(),
            ("GET", "/api/me") => match &self.session.user {
                Some(holder) => Reply::json(200, &json!({ "name": format!("利用者 {holder}") })),
                None => self.outside(),
            },
            ("GET", "/api/skip") => match &self.session.user {
                Some(holder) => Reply::json(200, &json!({ "browsers": { "trusted": self.house.has_skip(holder) } })),
                None => self.outside(),
            },
            ("DELETE", "/api/skip") => match &self.session.user {
                Some(holder) => {
                    self.house.end_skips(holder);
                    Reply { status: 204, ..Reply::default() }
                }
                None => self.outside(),
            },
            ("PUT", "/api/password") => self.change_password(),
            ("DELETE", "/api/session") => {
                self.house.forget(&self.name);
                Reply { status: 204, ..Reply::default() }
            }
            _ => error(404, "not-found"),
        }
    }

    fn outside(&self) -> Reply {
        match self.house.odd.outsiders {
            Outsiders::Null => Reply::json(200, &Value::Null),
            Outsiders::Redirect | Outsiders::Unauthorized => error(401, "signed-out"),
        }
    }

    fn enter(&self) -> Reply {
        if self.new && !self.house.odd.bearer {
            return error(400, "cookies");
        }
        let (Some(id), Some(password)) = (self.asked.member("id").as_str(), self.asked.member("password").as_str())
        else {
            return error(422, "types");
        };
        let token = self.house.odd.bearer.then_some(&self.name);
        match self.house.enter(&self.name, id, password, &self.asked.cookies, false) {
            Entry::Wrong => error(401, "credentials"),
            Entry::Skipped(set) => Reply::json(200, &json!({ "next": "home", "access": token })).cookies(&set),
            Entry::Asked => {
                let reply = Reply::json(200, &json!({ "next": "code", "access": token }));
                match self.house.odd.mails {
                    Mails::AtOnce => reply.mailing(self.house.mail_code(&self.name)),
                    Mails::AfterClick | Mails::AfterScript => reply,
                }
            }
        }
    }

    fn change_password(&self) -> Reply {
        let Some(holder) = &self.session.user else { return self.outside() };
        let text = |name: &str| self.asked.member(name).as_str().unwrap_or_default();
        if self.house.change_password(holder, text("present"), text("new")) {
            Reply::json(200, &json!({ "changed": true }))
        } else {
            error(403, "password")
        }
    }

    fn try_code(&self) -> Reply {
        let code = match (self.house.odd.codes, self.asked.member("code")) {
            (Codes::Number, Value::Number(number)) if number.is_u64() => format!("{:06}", number.as_u64().unwrap()),
            (Codes::Digits | Codes::Dashed, Value::String(text)) => text.clone(),
            _ => return error(422, "types"),
        };
        let Some(trust) = self.asked.member("trust").as_bool() else { return error(422, "types") };
        match self.house.try_code(&self.name, &code) {
            Tried::Right => {
                let set = self.house.let_in(&self.name, trust, false, &self.asked.cookies);
                Reply::json(200, &json!({ "next": "home" })).cookies(&set)
            }
            Tried::Wrong => error(400, "code"),
            Tried::Late => error(400, "late"),
            Tried::Over => error(409, "over"),
        }
    }
}

fn error(status: u16, what: &str) -> Reply {
    Reply::json(status, &json!({ "error": what }))
}
