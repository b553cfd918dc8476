//! The site: takes a request apart, hands it to its place, and makes the answer.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, USER_AGENT, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use tracing::Instrument;

use super::body::{self, read_body};
use super::connection::Answer;
use super::cookies::{self, BROWSER, Jar};
use super::form::Form;
use super::guard::{FormTokens, is_cross_site};
use super::reply::{About, Body, Reply};
use super::routes::{Place, Route, Routes, meters};
use super::{account, accounts, address, password, sign_in};
use crate::core::{Draw, Portal, Visitor};
use crate::decisions::{CookieKind, Decisions, PageContext, PostContext, Posted};
use crate::desk::{Desk, Done, system};
use crate::pages::{PortalList, STYLE, Screen, html, layout};
use crate::watch::{RouteMeter, Watched};

/// How long the style sheet may be kept; it changes with the server only.
const STYLE_CACHE: &str = "public, max-age=3600";
/// Nothing but our own style sheet and forms; no scripts, no frames.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// No page of ours needs any of a browser's powers.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), web-share=(), \
     xr-spatial-tracking=()";
/// Headers that every answer bears (OWASP Secure Headers Project): nothing is guessed, framed, shared or remembered.
const SECURITY: [(HeaderName, &str); 9] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];
/// How long browsers come back over TLS only: a year (RFC 6797).
const STRICT: &str = "max-age=31536000; includeSubDomains";
/// The same with a self-made certificate: whoever tries the server out on `localhost` is not bound to it for a year.
const STRICT_FOR_A_WHILE: &str = "max-age=3600";

/// How browsers reach the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Plain HTTP: for tests and trying out.
    Http,
    /// TLS, here or at a proxy in front.
    Https,
    /// TLS here, with a certificate made for this start.
    SelfMadeHttps,
}

impl Scheme {
    fn is_https(self) -> bool {
        self != Self::Http
    }

    fn strict_transport(self) -> Option<&'static str> {
        match self {
            Self::Http => None,
            Self::Https => Some(STRICT),
            Self::SelfMadeHttps => Some(STRICT_FOR_A_WHILE),
        }
    }
}

/// The site of all portals.
pub(crate) struct Site {
    pub(super) desk: std::sync::Arc<Desk>,
    pub(super) form_tokens: FormTokens,
    pub(super) https: bool,
    strict_transport: Option<&'static str>,
    routes: Routes,
    meters: Vec<RouteMeter>,
}

/// One request at a place of a portal.
pub(super) struct Call<'a> {
    pub(super) site: &'a Site,
    pub(super) portal: Portal,
    place: Place,
    pub(super) visitor: Visitor,
    /// The browser's own identifier, if it has kept one.
    pub(super) browser: Option<String>,
    pub(super) form: Form,
    is_post: bool,
    is_cross_site: bool,
}

impl Answer for Site {
    async fn answer(&self, request: Request<body::Body>) -> Response<Full<Bytes>> {
        let route = self.routes.find(request.uri().path());
        let meter = &self.meters[route.map_or(0, Route::meter)];
        let portal = route.and_then(Route::portal).map_or("", Portal::id);
        let watched = Watched::begin(request.headers(), request.method(), meter, portal);
        let reply = self.reply(route, request).instrument(watched.span()).await;
        watched.end(self.finished(reply), &self.desk.metrics)
    }

    fn refusal(&self, status: StatusCode) -> Response<Full<Bytes>> {
        let screen = if status.is_server_error() { Screen::Broken } else { Screen::BadRequest };
        if status.is_server_error() {
            self.desk.metrics.panicked();
        }
        self.finished(Reply::message(status, None, screen, false))
    }
}

impl Site {
    /// A site in front of a desk.
    pub(crate) fn new(desk: std::sync::Arc<Desk>, scheme: Scheme) -> Self {
        let key = desk.store.form_key().unwrap_or_else(|| {
            let mut key = [0; 32];
            system().fill(&mut key);
            key
        });
        Self {
            desk,
            form_tokens: FormTokens::new(key),
            https: scheme.is_https(),
            strict_transport: scheme.strict_transport(),
            routes: Routes::new(),
            meters: meters(),
        }
    }

    pub(super) fn decisions(&self) -> &dyn Decisions {
        &*self.desk.decisions
    }

    async fn reply(&self, route: Option<Route>, request: Request<body::Body>) -> Reply {
        let Some(route) = route else {
            return Reply::message(StatusCode::NOT_FOUND, None, Screen::NotFound, false);
        };
        if !route.takes(request.method()) {
            return Reply::message(StatusCode::METHOD_NOT_ALLOWED, None, Screen::MethodNotAllowed, false)
                .with_header(ALLOW, route.allow().to_owned());
        }
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.decisions().serves_user_agent(user_agent) {
            return Reply::message(StatusCode::FORBIDDEN, None, Screen::Forbidden, false);
        }
        match route {
            Route::Style => Reply::style(),
            Route::Portals => {
                let content = html(&PortalList { portals: Portal::ALL });
                Reply::page(StatusCode::OK, None, Screen::Portals, content)
            }
            Route::Of(portal, place) => match self.call(portal, place, request).await {
                Ok(call) => {
                    // The sign-in page is the same whatever happened; but it says that a session has ended.
                    let is_sign_in = place == Place::SignIn;
                    let tells_nothing = is_sign_in && !call.is_post && call.visitor.session.is_none();
                    let reply = call.answer().await;
                    // A pair of ID and password that is refused waits alike whether there is such an account or not: where
                    // only one of the two waited for the disk, its time would tell (BASE, no enumeration).
                    let tells_at_most_its_account =
                        reply.about.account.is_some() && (!is_sign_in || reply.status.is_redirection());
                    self.kept(portal, reply, tells_nothing || tells_at_most_its_account).await
                }
                Err(status) => Reply::message(status, Some(portal), Screen::BadRequest, false),
            },
        }
    }

    /// The answer, once nothing it could tell of can be lost any more. Where it is about an account, the desk has seen to that;
    /// where none was found, that itself may be news. If the disk failed, nothing is told at all.
    async fn kept(&self, portal: Portal, reply: Reply, is_seen_to: bool) -> Reply {
        let store = &self.desk.store;
        let is_certain = is_seen_to || store.everything().wait().await.is_ok();
        if is_certain && !store.is_down() {
            return reply;
        }
        Reply::message(StatusCode::SERVICE_UNAVAILABLE, Some(portal), Screen::OutOfOrder, false)
    }

    async fn call(&self, portal: Portal, place: Place, request: Request<body::Body>) -> Result<Call<'_>, StatusCode> {
        let (head, body) = request.into_parts();
        let is_post = head.method == Method::POST;
        let form = if is_post { read_form(&head.headers, body, self.decisions()).await? } else { Form::default() };
        let is_prefixed = self.decisions().cookie_attributes(CookieKind::Session, self.https).host_prefix;
        let jar = Jar::read(&head.headers, is_prefixed);
        Ok(Call {
            site: self,
            portal,
            browser: jar.get(BROWSER).map(str::to_owned),
            visitor: jar.into_visitor(portal, cookies::claims(&head.headers)),
            place,
            form,
            is_post,
            is_cross_site: is_cross_site(&head.headers, self.https),
        })
    }

    fn finished(&self, reply: Reply) -> Response<Full<Bytes>> {
        let screen = if let Body::Page(screen, _) = &reply.body { Some(*screen) } else { None };
        let is_style = matches!(reply.body, Body::Style);
        let (extra, extra_headers) = if is_style { Default::default() } else { self.extras(screen, &reply.about) };
        let (content_type, location, body) = match reply.body {
            Body::Page(screen, content) => {
                let page = layout(screen, reply.status, reply.portal, &content, &extra);
                (Some("text/html; charset=utf-8"), None, Bytes::from(page))
            }
            Body::Redirect(path) => (None, Some(path), Bytes::new()),
            Body::Style => (Some("text/css; charset=utf-8"), None, Bytes::from_static(STYLE.as_bytes())),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        let cache = if is_style { STYLE_CACHE } else { self.decisions().cache_control(screen) };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        for (name, value) in SECURITY {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(value) = self.strict_transport {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(value));
        }
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let named = location.map(|path| (LOCATION, path)).into_iter().chain(reply.headers);
        for (name, value) in named {
            append(headers, name, &value);
        }
        for (name, value) in extra_headers {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                append(headers, name, &value);
            }
        }
        response
    }

    /// What the decisions add to a page: nothing, by the rules.
    fn extras(&self, screen: Option<Screen>, about: &About) -> (String, Vec<(String, String)>) {
        let ask = |context: &PageContext<'_>| {
            let decisions = self.decisions();
            (decisions.extra_page_html(context), decisions.extra_response_headers(context))
        };
        match &about.account {
            None => {
                let now = self.desk.real_time.now();
                ask(&PageContext { screen, account: None, attempt: None, session: None, now })
            }
            Some(account) => self.desk.look(account, |state, now| {
                let attempt = about.attempt.as_ref().and_then(|token| state.attempt(token));
                let session = about.session.as_ref().and_then(|token| state.session(token));
                ask(&PageContext { screen, account: Some(state), attempt, session, now })
            }),
        }
    }

    /// The `Set-Cookie` line that has a browser keep a cookie.
    pub(super) fn keep(&self, kind: CookieKind, name: &str, value: &str) -> String {
        cookies::keep(name, value, &self.decisions().cookie_attributes(kind, self.https))
    }

    /// The `Set-Cookie` line that has a browser forget a cookie.
    pub(super) fn forget(&self, kind: CookieKind, name: &str) -> String {
        cookies::forget(name, &self.decisions().cookie_attributes(kind, self.https))
    }
}

impl Call<'_> {
    async fn answer(self) -> Reply {
        let reply = match (self.place, self.is_post) {
            (Place::SignIn, false) => sign_in::show(&self),
            (Place::SignIn, true) => sign_in::submit(&self).await,
            (Place::Code, false) => sign_in::show_code(&self).await,
            (Place::Code, true) => sign_in::submit_code(&self).await,
            (Place::Skip, false) => account::show_skip(&self).await,
            (Place::Skip, true) => account::confirm_skip(&self).await,
            (Place::MyPage, _) => account::my_page(&self).await,
            (Place::Settings, _) => account::settings(&self).await,
            (Place::SkipSettings, _) => account::skip_settings(&self).await,
            (Place::Resume, _) => account::resume(&self).await,
            (Place::CompleteResume, _) => account::complete_resume(&self).await,
            (Place::Address, false) => address::show_address(&self).await,
            (Place::Address, true) => address::change_address(&self).await,
            (Place::AddressConfirmation, false) => address::show_confirmation(&self).await,
            (Place::AddressConfirmation, true) => address::confirm(&self).await,
            (Place::Accounts, false) => accounts::show_accounts(&self).await,
            (Place::Accounts, true) => accounts::add_account(&self).await,
            (Place::Password, false) => password::show_password(&self).await,
            (Place::Password, true) => password::change_password(&self).await,
            (Place::PasswordChanged, _) => password::show_changed(&self).await,
            (Place::SignOut, _) => account::sign_out(&self).await,
        };
        if reply.about.account.is_some() {
            return reply;
        }
        let about = About::new(self.site.desk.holder(self.portal, &self.visitor), &self.visitor);
        reply.about(about)
    }

    /// The token for a form of a page before the sign-in.
    pub(super) fn csrf_before_sign_in(&self, browser: &str) -> String {
        self.site.form_tokens.of(&held_browser(browser))
    }

    /// The token for a form of a page behind the sign-in.
    pub(super) fn csrf(&self) -> String {
        self.site.form_tokens.of(&self.held())
    }

    /// Whether a form before the sign-in counts.
    pub(super) fn form_counts_before_sign_in(&self) -> bool {
        self.form_counts(&held_browser(self.browser.as_deref().unwrap_or_default()))
    }

    /// Whether a form behind the sign-in counts; what is no form needs no token.
    pub(super) fn form_counts_if_posted(&self) -> bool {
        !self.is_post || self.form_counts(&self.held())
    }

    fn form_counts(&self, held: &str) -> bool {
        let token_matches = self.site.form_tokens.matches(self.form.get("csrf"), held);
        let (posted, is_cross_site) = (self.posted(), self.is_cross_site);
        self.site.decisions().accepts_form(&PostContext { posted, token_matches, is_cross_site })
    }

    fn posted(&self) -> Posted {
        match self.place {
            Place::SignIn => Posted::SignIn,
            Place::Code => Posted::Code,
            Place::Skip if self.form.get("decision") == "ok" => Posted::SkipAccepted,
            Place::Skip => Posted::SkipDeclined,
            Place::Resume | Place::CompleteResume => Posted::Resume,
            Place::Address | Place::AddressConfirmation => Posted::Address,
            Place::Accounts => Posted::Accounts,
            Place::Password => Posted::Password,
            Place::SignOut => Posted::SignOut,
            Place::MyPage | Place::Settings | Place::SkipSettings | Place::PasswordChanged => Posted::Nothing,
        }
    }

    /// What ties a form to its browser: the session, or without one the browser's own identifier.
    fn held(&self) -> String {
        match &self.visitor.session {
            Some(session) => format!("session:{}", session.as_str()),
            None => held_browser(self.browser.as_deref().unwrap_or_default()),
        }
    }

    /// A screen that only says something.
    pub(super) fn message(&self, status: StatusCode, screen: Screen) -> Reply {
        Reply::message(status, Some(self.portal), screen, self.visitor.session.is_some())
    }

    /// The answer to who is not signed in: the way to the sign-in, and where a form was sent, that it was lost.
    pub(super) fn not_signed_in(&self) -> Reply {
        if self.is_post {
            return self.message(StatusCode::FORBIDDEN, Screen::SessionOver);
        }
        self.redirect(Place::SignIn)
    }

    /// A screen with content.
    pub(super) fn page(&self, status: StatusCode, screen: Screen, content: String) -> Reply {
        Reply::page(status, Some(self.portal), screen, content)
    }

    /// Another place of this portal.
    pub(super) fn redirect(&self, place: Place) -> Reply {
        Reply::redirect(self.portal, place)
    }

    /// The answer to an event, with the skip cookies that came of it.
    pub(super) fn with_skip_cookies<A>(&self, done: Done<A>, answer: impl FnOnce(A) -> Reply) -> Reply {
        let reply = answer(done.answer);
        done.skip_cookies.iter().fold(reply, |reply, cookie| {
            reply.with_cookie(self.site.keep(CookieKind::Skip, &cookie.name, &cookie.value))
        })
    }
}

fn held_browser(browser: &str) -> String {
    format!("browser:{browser}")
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            headers.append(name, value);
        }
        Err(_) => tracing::error!(%name, "a header value could not be written"),
    }
}

async fn read_form(headers: &HeaderMap, body: body::Body, decisions: &dyn Decisions) -> Result<Form, StatusCode> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let limit = body.form_limit();
    let bytes = read_body(body, limit).await?;
    Form::read(&bytes).map_err(|fault| decisions.status_of_faulty_form(fault))
}
