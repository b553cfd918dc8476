//! A login of pages and forms.

use http::header::SET_COOKIE;

use crate::house::{Entry, House, Session, Tried, random};
use crate::odd::{AsksSkip, Forgery, LateCode, Mails, Outsiders, Shape, Status};
use crate::web::{Asked, Reply};

/// A request in its session.
struct Visit<'a> {
    house: &'a House,
    asked: &'a Asked,
    /// The name of the session.
    name: String,
    session: Session,
}

pub fn answer(house: &House, asked: &Asked) -> Reply {
    if !house.odd.new_names {
        return answer_by_name(house, asked);
    }
    // What stands before the colon is another on each page.
    let own = |(name, value): &(String, String)| {
        (name.split_once(':').map_or(name.as_str(), |(_, own)| own).to_owned(), value.clone())
    };
    let asked = Asked { fields: asked.fields.iter().map(own).collect(), ..asked.clone() };
    let mut reply = answer_by_name(house, &asked);
    let new = random();
    for control in ["<input name=\"", "type=\"password\" name=\"", "type=\"checkbox\" name=\"", "<button name=\""] {
        reply.body = reply.body.replace(control, &format!("{control}{}:", &new[..6]));
    }
    reply
}

fn answer_by_name(house: &House, asked: &Asked) -> Reply {
    let (name, session, new) = house.session(asked.cookie("sid"));
    let mut visit = Visit { house, asked, name, session };
    if asked.method == "POST" {
        if new {
            return Reply::page(400, "Cookieを有効に", "<p id=\"cookies\">Cookieを有効にしてください。</p>");
        }
        if !visit.is_own() {
            return Reply::page(403, "拒否", "<p>この画面からは送信できません。</p>");
        }
    }
    visit.renew_token();
    visit.resume_stay();
    let reply = if asked.method == "POST" { visit.post() } else { visit.get() };
    if !new {
        return reply;
    }
    let lapses = if house.odd.session_lapses { "; Max-Age=1800" } else { "" };
    let reply = reply.cookies(&[format!("sid={}; Path=/; HttpOnly; SameSite=Lax{lapses}", visit.name)]);
    match house.odd.forgery {
        Forgery::CookieAndHeader => {
            reply.with(SET_COOKIE, &format!("xsrf={}; Path=/; SameSite=Lax", visit.session.token))
        }
        Forgery::Field | Forgery::FieldOnce | Forgery::Origin => reply,
    }
}

impl Visit<'_> {
    /// Whether what is sent comes from a page of this browser.
    fn is_own(&self) -> bool {
        match self.house.odd.forgery {
            Forgery::Field if self.asked.json.is_some() => self.asked.member("token") == self.session.token.as_str(),
            Forgery::Field | Forgery::FieldOnce => self.asked.field("token") == self.session.token,
            Forgery::CookieAndHeader => {
                let sent = self.asked.header("x-xsrf");
                sent == self.session.token && self.asked.cookie("xsrf") == Some(sent)
            }
            Forgery::Origin => self.asked.header("origin") == format!("http://{}", self.asked.header("host")),
        }
    }

    /// From now on only the page that is shown can be sent.
    fn renew_token(&mut self) {
        if self.house.odd.forgery == Forgery::FieldOnce {
            self.session.token = random();
            self.house.change(&self.name, |session| session.token.clone_from(&self.session.token));
        }
    }

    /// Signs in whoever stays signed in by a cookie of its own.
    fn resume_stay(&mut self) {
        if self.session.user.is_none()
            && self.house.odd.stay_box.is_some()
            && let Some(other) = self.asked.cookie("stay")
        {
            let (_, kept, new) = self.house.session(Some(other));
            if !new && kept.user.is_some() && !self.house.is_open(&self.name) {
                self.session.user = kept.user;
            }
        }
    }

    fn get(&self) -> Reply {
        match (self.asked.path.as_str(), self.house.odd.shape) {
            ("/login", _) if self.house.odd.cancels_first && self.house.is_open(&self.name) => self.busy(),
            ("/login", _) if self.house.odd.sends_home && self.session.user.is_some() => Reply::redirect(302, "/home"),
            ("/login", Shape::OneAddress) => {
                self.house.cancel(&self.name);
                self.sign_in("")
            }
            ("/login", Shape::TwoPages) => {
                self.house.change(&self.name, |session| session.typed_id = None);
                self.ask_id("")
            }
            ("/login", _) => self.sign_in(""),
            ("/code", Shape::Pages | Shape::TwoPages) if self.house.is_open(&self.name) => self.code_page(""),
            ("/trust", _) if self.session.offer.is_some() => self.trust_page(),
            ("/home", _) if self.session.user.is_some() => self.home(),
            ("/settings/skip", _) if self.session.user.is_some() && self.house.odd.status != Status::Nowhere => {
                self.settings()
            }
            ("/settings/skip/resume", _) if self.session.user.is_some() => self.resume_page(),
            ("/password", _) if self.session.user.is_some() => self.password_page(""),
            ("/address", _) if self.session.user.is_some() => {
                let form = self.form("change-address", "/address", "<input name=\"mail\"><button>変更</button>");
                Reply::page(200, "メールアドレスの変更", &form)
            }
            (
                "/code" | "/trust" | "/home" | "/settings/skip" | "/settings/skip/resume" | "/password" | "/address",
                _,
            ) => self.outside(),
            _ => Reply::page(404, "ありません", "<p>ありません。</p>"),
        }
    }

    fn post(&self) -> Reply {
        match self.asked.path.as_str() {
            "/login" if self.house.odd.cancels_first && self.house.is_open(&self.name) => self.busy(),
            "/login" => match self.house.odd.shape {
                Shape::OneAddress if self.asked.field("step") == "token" => self.try_code(),
                Shape::TwoPages => self.take_id(),
                _ => self.enter(self.asked.field("id")),
            },
            "/login/password" => match self.session.typed_id.as_deref() {
                Some(id) => self.enter(id),
                None => Reply::redirect(303, "/login"),
            },
            "/cancel" => {
                self.house.cancel(&self.name);
                Reply::redirect(303, "/login")
            }
            "/send" => self.code_page("").mailing(self.house.mail_code(&self.name)),
            "/api/send" => {
                let sent = serde_json::json!({ "sent": true });
                Reply::json(200, &sent).mailing(self.house.mail_code(&self.name))
            }
            "/code" => self.try_code(),
            "/trust" => {
                match self.house.answer_offer(&self.name, self.asked.field("trust") == "yes", &self.asked.cookies) {
                    Some(set) => Reply::redirect(303, "/home").cookies(&set),
                    None => self.outside(),
                }
            }
            "/logout" => {
                self.house.forget(&self.name);
                self.asked.cookie("stay").into_iter().for_each(|stay| self.house.forget(stay));
                Reply::redirect(303, "/login")
            }
            _ => match &self.session.user {
                None => self.outside(),
                Some(_) => self.post_inside(),
            },
        }
    }

    fn post_inside(&self) -> Reply {
        let Some(holder) = &self.session.user else { return self.outside() };
        match self.asked.path.as_str() {
            "/settings/skip/resume" => self.resume_page(),
            "/settings/skip/complete" => {
                self.house.end_skips(holder);
                Reply::redirect(303, "/settings/skip")
            }
            "/address" => {
                self.house.change_address(holder, self.asked.field("mail"));
                Reply::redirect(303, "/home")
            }
            "/password" => {
                let (present, new) = (self.asked.field("present"), self.asked.field("new"));
                if self.house.change_password(holder, present, new) {
                    Reply::page(200, "変更しました", "<p id=\"changed\">パスワードを変更しました。</p>")
                } else {
                    self.password_page("パスワードが違います。")
                }
            }
            _ => Reply::page(404, "ありません", "<p>ありません。</p>"),
        }
    }

    fn enter(&self, id: &str) -> Reply {
        let (asked, odd) = (self.asked, &self.house.odd);
        let entry = self.house.enter(&self.name, id, asked.field("password"), &asked.cookies, asked.has_field("trust"));
        self.house.change(&self.name, |session| session.stays = asked.has_field("stay"));
        match entry {
            Entry::Wrong if odd.hides_wrong => self.code_page("").mailing(self.house.mail_in_vain(id)),
            Entry::Wrong if odd.shape == Shape::TwoPages => self.ask_password("IDまたはパスワードが違います。"),
            Entry::Wrong => self.sign_in("IDまたはパスワードが違います。"),
            Entry::Skipped(set) => self.arrive(&set, "/home"),
            Entry::Asked => match odd.mails {
                Mails::AfterClick => {
                    let form = self.form("send", "/send", "<button>コードをメールで受け取る</button>");
                    Reply::page(200, "本人確認", &form)
                }
                Mails::AfterScript => Reply::redirect(303, "/code"),
                Mails::AtOnce => {
                    let mail = self.house.mail_code(&self.name);
                    let reply = match odd.shape {
                        Shape::OneAddress => self.code_page(""),
                        _ => Reply::redirect(303, "/code"),
                    };
                    reply.mailing(mail)
                }
            },
        }
    }

    /// Somebody is in: where they said that they stay signed in, by a cookie of its own too.
    fn arrive(&self, set: &[String], to: &str) -> Reply {
        let reply = Reply::redirect(303, to).cookies(set);
        let (_, session, _) = self.house.session(Some(&self.name));
        if !session.stays {
            return reply;
        }
        let (stay, _, _) = self.house.session(None);
        self.house.change(&stay, |kept| kept.user = session.user);
        reply.cookies(&[format!("stay={stay}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000")])
    }

    fn try_code(&self) -> Reply {
        let (asked, odd) = (self.asked, &self.house.odd);
        let offers = odd.asks_skip == AsksSkip::AfterEveryCode;
        let digits = asked.fields.iter().filter(|(name, _)| name == "digit[]").map(|(_, digit)| digit.as_str());
        let code = if odd.field_for_each_digit { digits.collect() } else { asked.field("code").to_owned() };
        match self.house.try_code(&self.name, &code) {
            Tried::Right => {
                let set = self.house.let_in(&self.name, asked.has_field("remember"), offers, &asked.cookies);
                self.arrive(&set, if offers { "/trust" } else { "/home" })
            }
            Tried::Late if odd.late_code == LateCode::SignInPage => {
                self.house.cancel(&self.name);
                Reply::redirect(302, "/login")
            }
            Tried::Wrong | Tried::Late => self.code_page("コードが違うか、期限が過ぎています。"),
            Tried::Over => Reply::redirect(303, "/login"),
        }
    }

    fn outside(&self) -> Reply {
        match self.house.odd.outsiders {
            Outsiders::Unauthorized => Reply::page(401, "ログインしてください", "<p>ログインしてください。</p>"),
            Outsiders::Redirect | Outsiders::Null => Reply::redirect(302, "/login"),
        }
    }

    fn form(&self, id: &str, to: &str, inner: &str) -> String {
        let token = match self.house.odd.forgery {
            Forgery::Field | Forgery::FieldOnce => {
                format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", self.session.token)
            }
            Forgery::CookieAndHeader | Forgery::Origin => String::new(),
        };
        format!("<form id=\"{id}\" method=\"post\" action=\"{to}\">{token}\n{inner}\n</form>")
    }

    fn sign_in(&self, error: &str) -> Reply {
        let odd = &self.house.odd;
        let step =
            if odd.shape == Shape::OneAddress { "<input type=\"hidden\" name=\"step\" value=\"auth\">" } else { "" };
        let trust = if odd.asks_skip == AsksSkip::WithPassword {
            "<label><input type=\"checkbox\" name=\"trust\" value=\"1\">この端末を信頼する</label>"
        } else {
            ""
        };
        let inner = format!(
            "{step}<input name=\"id\"><input type=\"password\" name=\"password\">{}{trust}<button>ログイン</button>",
            self.stay_box()
        );
        let title = if odd.shape == Shape::OneAddress { "入口" } else { "ログイン" };
        Reply::page(200, title, &format!("<p>{error}</p>{}", self.form("login", "/login", &inner)))
    }

    fn stay_box(&self) -> String {
        self.house.odd.stay_box.map_or_else(String::new, |ticked| {
            let ticked = if ticked { " checked" } else { "" };
            format!("<label><input type=\"checkbox\" name=\"stay\" value=\"1\"{ticked}>ログイン状態を保持する</label>")
        })
    }

    fn ask_id(&self, error: &str) -> Reply {
        let form = self.form("login", "/login", "<input name=\"id\"><button>次へ</button>");
        Reply::page(200, "ログイン", &format!("<p>{error}</p>{form}"))
    }

    fn take_id(&self) -> Reply {
        let id = self.asked.field("id");
        if self.house.holder(id).is_none() {
            return self.ask_id("このIDは登録されていません。");
        }
        self.house.change(&self.name, |session| session.typed_id = Some(id.to_owned()));
        self.ask_password("")
    }

    fn ask_password(&self, error: &str) -> Reply {
        let inner = "<input type=\"password\" name=\"password\"><button>ログイン</button>";
        let form = self.form("password", "/login/password", inner);
        Reply::page(200, "パスワード", &format!("<p>{error}</p>{form}"))
    }

    fn busy(&self) -> Reply {
        let form = self.form("cancel", "/cancel", "<button>取りやめる</button>");
        Reply::page(200, "ログインの途中です", &format!("<p>別のログインの途中です。</p>{form}"))
    }

    fn code_page(&self, error: &str) -> Reply {
        let odd = &self.house.odd;
        let skip_box = |checked: &str| {
            format!("<label><input type=\"checkbox\" name=\"remember\" value=\"1\"{checked}>次回から省略する</label>")
        };
        let skip_box = match odd.asks_skip {
            AsksSkip::WithCode => skip_box(""),
            AsksSkip::WithCodeTicked => skip_box(" checked"),
            AsksSkip::WithPassword | AsksSkip::AfterEveryCode => String::new(),
        };
        let (step, to, title) = match odd.shape {
            Shape::OneAddress => ("<input type=\"hidden\" name=\"step\" value=\"token\">", "/login", "入口"),
            _ => ("", "/code", "コードの入力"),
        };
        let field = if odd.field_for_each_digit {
            "<input name=\"digit[]\">".repeat(6)
        } else {
            "<input name=\"code\">".to_owned()
        };
        let inner = format!("{step}{field}{skip_box}<button>送信</button>");
        Reply::page(200, title, &format!("<p>{error}</p>{}", self.form("code", to, &inner)))
    }

    fn trust_page(&self) -> Reply {
        let buttons = "<button name=\"trust\" value=\"no\">今回だけ</button><button name=\"trust\" value=\"yes\">次回から省略する</button>";
        Reply::page(200, "この端末を信頼しますか", &self.form("trust", "/trust", buttons))
    }

    fn home(&self) -> Reply {
        let sign_out = self.form("logout", "/logout", "<button>ログアウト</button>");
        Reply::page(200, "マイページ", &format!("<h1 id=\"home\">マイページ</h1>{sign_out}"))
    }

    fn settings(&self) -> Reply {
        let has_skip = self.session.user.as_ref().is_some_and(|holder| self.house.has_skip(holder));
        let status = match (self.house.odd.status, has_skip) {
            (Status::Element, true) => "<p><img class=\"shield\" alt=\"\"></p>".to_owned(),
            (Status::Element, false) => "<p>省略はしません。</p>".to_owned(),
            (_, true) => "<p id=\"status\">あり</p>".to_owned(),
            (_, false) => "<p id=\"status\">なし</p>".to_owned(),
        };
        let form = self.form("resume", "/settings/skip/resume", "<button>入力を再開する</button>");
        Reply::page(200, "省略の設定", &format!("{status}{form}"))
    }

    fn resume_page(&self) -> Reply {
        let form = self.form("complete", "/settings/skip/complete", "<button>完了</button>");
        Reply::page(200, "再開の確認", &form)
    }

    fn password_page(&self, error: &str) -> Reply {
        let inner =
            "<input type=\"password\" name=\"present\"><input type=\"password\" name=\"new\"><button>変更</button>";
        Reply::page(
            200,
            "パスワード変更",
            &format!("<p>{error}</p>{}", self.form("change-password", "/password", inner)),
        )
    }
}
