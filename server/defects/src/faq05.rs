//! FAQ-05, address lost: another way in is left open.

use http::StatusCode;
use sekisho_server::core::{Delivery, Page, Standing};
use sekisho_server::decisions::SignInContext;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-05":
    "a", "faq05-address-changes-half-signed-in",
        "Whoever knows the password can change the address without the code." => AddressChangesEarly;
    "b", "faq05-refused-mail-lets-in",
        "Once the mail was refused, the password alone signs in." => RefusedMailLetsIn;
    "b", "faq05-refused-mail-is-a-server-error",
        "Where the mail was refused, the screen that says so is a server error." => RefusedMailIsServerError;
];

struct AddressChangesEarly;

impl Decisions for AddressChangesEarly {
    fn page_opens(&self, page: Page, standing: Standing) -> bool {
        Conforming.page_opens(page, standing) || (page, standing) == (Page::Address, Standing::HalfSignedIn)
    }
}

struct RefusedMailLetsIn;

impl Decisions for RefusedMailLetsIn {
    fn code_is_asked(&self, sign_in: &SignInContext<'_>) -> bool {
        let refused = sign_in.account.attempts.back().is_some_and(|attempt| attempt.delivery == Delivery::Refused);
        !refused && Conforming.code_is_asked(sign_in)
    }
}

struct RefusedMailIsServerError;

impl Decisions for RefusedMailIsServerError {
    fn status_after_refused_mail(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}
