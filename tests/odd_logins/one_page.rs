//! A login of a single page: it shows ID and password, and once they were sent, the field for the code too. All three are sent again with
//! the code; who somebody is on the way is known from that alone.

use crate::house::{Entry, House, Tried};
use crate::web::{Asked, Reply};

pub fn answer(house: &House, asked: &Asked) -> Reply {
    let (name, session, new) = house.session(asked.cookie("sid"));
    let sid = format!("sid={name}; Path=/; HttpOnly; SameSite=Lax");
    let reply = match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/login") if new => {
            Reply::page(400, "Cookieを有効に", "<p id=\"cookies\">Cookieを有効にしてください。</p>")
        }
        ("GET", "/login") => page(false, ""),
        ("POST", "/login") if asked.field("code").is_empty() => enter(house, asked, &name),
        ("POST", "/login") => try_code(house, asked, &name),
        ("POST", "/logout") => {
            house.forget(&name);
            Reply::redirect(303, "/login")
        }
        ("GET", "/home") if session.user.is_some() => Reply::page(
            200,
            "マイページ",
            "<h1 id=\"home\">マイページ</h1><form id=\"logout\" method=\"post\" action=\"/logout\"><button>ログアウト</button></form>",
        ),
        ("GET", "/home") => Reply::redirect(302, "/login"),
        _ => Reply::page(404, "ありません", "<p>ありません。</p>"),
    };
    if new { reply.cookies(&[sid]) } else { reply }
}

fn enter(house: &House, asked: &Asked, name: &str) -> Reply {
    match house.enter(name, asked.field("id"), asked.field("password"), &asked.cookies, false) {
        Entry::Wrong => page(false, "IDまたはパスワードが違います。"),
        Entry::Skipped(set) => Reply::redirect(303, "/home").cookies(&set),
        Entry::Asked => page(true, "").mailing(house.mail_code(name)),
    }
}

fn try_code(house: &House, asked: &Asked, name: &str) -> Reply {
    if house.knows(asked.field("id"), asked.field("password")).is_none() {
        return page(true, "IDまたはパスワードが違います。");
    }
    match house.try_code(name, asked.field("code")) {
        Tried::Right => {
            let set = house.let_in(name, asked.has_field("remember"), false, &asked.cookies);
            Reply::redirect(303, "/home").cookies(&set)
        }
        Tried::Wrong | Tried::Late => page(true, "コードが違います。"),
        Tried::Over => page(false, "はじめからやり直してください。"),
    }
}

fn page(with_code: bool, error: &str) -> Reply {
    let code = if with_code {
        "<input name=\"code\"><label><input type=\"checkbox\" name=\"remember\" value=\"1\">次回から省略する</label>"
    } else {
        ""
    };
    let form = format!(
        "<form id=\"login\" method=\"post\" action=\"/login\"><input name=\"id\"><input type=\"password\" name=\"password\">{code}<button>ログイン</button></form>"
    );
    Reply::page(200, "ログイン", &format!("<p>{error}</p>{form}"))
}
