//! Which path leads where.

use http::Method;
use matchit::Router;

use crate::core::Portal;
use crate::watch::RouteMeter;

/// A place of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The list of the portals.
    Portals,
    /// The style sheet.
    Style,
    /// A place of one portal.
    Of(Portal, Place),
}

/// A place of one portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    SignIn,
    Code,
    Skip,
    MyPage,
    Settings,
    SkipSettings,
    Resume,
    CompleteResume,
    Address,
    AddressConfirmation,
    Accounts,
    Password,
    PasswordChanged,
    SignOut,
}

/// The path of the portal list.
const PORTALS: &str = "/";
/// The path of the style sheet.
pub(super) const STYLE: &str = "/style.css";

/// Every place of a portal with the end of its path and the methods it takes.
const PLACES: [(Place, &str, &str); 14] = [
    (Place::SignIn, "sign-in", "GET, HEAD, POST"),
    (Place::Code, "code", "GET, HEAD, POST"),
    (Place::Skip, "skip", "GET, HEAD, POST"),
    (Place::MyPage, "my-page", "GET, HEAD"),
    (Place::Settings, "settings", "GET, HEAD"),
    (Place::SkipSettings, "settings/skip", "GET, HEAD"),
    (Place::Resume, "settings/skip/resume", "GET, HEAD, POST"),
    (Place::CompleteResume, "settings/skip/resume/complete", "POST"),
    (Place::Address, "settings/address", "GET, HEAD, POST"),
    (Place::AddressConfirmation, "settings/address/confirm", "GET, HEAD, POST"),
    (Place::Accounts, "settings/accounts", "GET, HEAD, POST"),
    (Place::Password, "settings/password", "GET, HEAD, POST"),
    (Place::PasswordChanged, "settings/password/done", "GET, HEAD"),
    (Place::SignOut, "sign-out", "POST"),
];

/// The way to every place.
pub(super) struct Routes {
    router: Router<Option<Place>>,
}

impl Routes {
    pub(super) fn new() -> Self {
        let mut router = Router::new();
        let paths = PLACES.iter().map(|(place, end, _)| (format!("/{{portal}}/{end}"), Some(*place)));
        for (path, place) in paths.chain([(PORTALS.to_owned(), None), (STYLE.to_owned(), None)]) {
            router.insert(path, place).expect("the paths above do not contradict each other");
        }
        Self { router }
    }

    /// The place a path leads to.
    pub(super) fn find(&self, path: &str) -> Option<Route> {
        let found = self.router.at(path).ok()?;
        match found.value {
            Some(place) => {
                let portal = found.params.get("portal")?.parse().ok()?;
                place.is_at(portal).then_some(Route::Of(portal, *place))
            }
            None if path == STYLE => Some(Route::Style),
            None => Some(Route::Portals),
        }
    }
}

/// What is counted at each place; the first stands for paths that lead nowhere.
pub(super) fn meters() -> Vec<RouteMeter> {
    let places = PLACES.iter().map(|(_, end, _)| RouteMeter::new(format!("/:portal/{end}"), false));
    let others = [("other", false), (PORTALS, false), (STYLE, true)];
    others.into_iter().map(|(route, is_asset)| RouteMeter::new(route.to_owned(), is_asset)).chain(places).collect()
}

impl Route {
    /// The methods it takes, as the `Allow` header names them.
    pub(super) fn allow(self) -> &'static str {
        match self {
            Self::Portals | Self::Style => "GET, HEAD",
            Self::Of(_, place) => place.row().2,
        }
    }

    /// Where it stands in [`meters`].
    pub(super) fn meter(self) -> usize {
        match self {
            Self::Portals => 1,
            Self::Style => 2,
            Self::Of(_, place) => 3 + PLACES.iter().position(|(known, ..)| *known == place).unwrap_or_default(),
        }
    }

    /// The portal it belongs to.
    pub(super) fn portal(self) -> Option<Portal> {
        match self {
            Self::Portals | Self::Style => None,
            Self::Of(portal, _) => Some(portal),
        }
    }

    /// Whether it takes this method.
    pub(super) fn takes(self, method: &Method) -> bool {
        self.allow().split(", ").any(|name| name == method.as_str())
    }
}

impl Place {
    /// The path of this place at a portal.
    pub(super) fn path(self, portal: Portal) -> String {
        format!("/{portal}/{}", self.row().1)
    }

    /// Only employers have additional accounts (FAQ-15).
    fn is_at(self, portal: Portal) -> bool {
        self != Self::Accounts || portal == Portal::Employer
    }

    fn row(self) -> &'static (Place, &'static str, &'static str) {
        PLACES.iter().find(|(place, ..)| *place == self).unwrap_or(&PLACES[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_by_its_path_at_every_portal() {
        let routes = Routes::new();
        for portal in Portal::ALL {
            for (place, ..) in PLACES {
                let found = routes.find(&place.path(portal));
                assert_eq!(found, place.is_at(portal).then_some(Route::Of(portal, place)));
            }
        }
        assert_eq!(routes.find("/"), Some(Route::Portals));
        assert_eq!(routes.find("/style.css"), Some(Route::Style));
    }

    #[test]
    fn each_route_is_counted_under_its_own_pattern() {
        let meters = meters();
        let counted = |route: Route| meters[route.meter()].route.as_str();
        assert_eq!((counted(Route::Portals), counted(Route::Style)), (PORTALS, STYLE));
        for (place, end, _) in PLACES {
            assert_eq!(counted(Route::Of(Portal::Seeker, place)), format!("/:portal/{end}"));
        }
        assert_eq!(meters[0].route, "other");
    }

    #[test]
    fn nothing_else_is_found() {
        let routes = Routes::new();
        for path in [
            "",
            "//",
            "/seeker/settings/accounts",
            "/seeker",
            "/seeker/",
            "/nobody/sign-in",
            "/seeker/sign-in/",
            "/seeker/settings/skip/x",
            "*",
        ] {
            assert_eq!(routes.find(path), None, "{path}");
        }
    }
}
