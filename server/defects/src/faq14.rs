//! FAQ-14, cookies off: not told, or told with a server error.

use http::StatusCode;
use sekisho_server::Decisions;

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-14":
    "a", "faq14-missing-cookies-are-not-named",
        "A browser that keeps no cookies is refused without a word about them." => NotNamed;
    "a", "faq14-missing-cookies-are-a-server-error",
        "A browser that keeps no cookies gets a server error." => ServerError;
];

struct NotNamed;

impl Decisions for NotNamed {
    fn stops_without_cookies(&self) -> bool {
        false
    }
}

struct ServerError;

impl Decisions for ServerError {
    fn status_without_cookies(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}
