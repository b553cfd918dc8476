//! FAQ-05, address lost: another way in is left open, or the office's change comes too early, too late, or by halves.

use std::time::Duration;

use http::StatusCode;
use sekisho_server::core::{AccountState, Delivery, Moment, Page, Standing};
use sekisho_server::decisions::{Recipients, SignInContext};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;
use crate::notice4::{also_to, instead_to};

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-05":
    "a", "faq05-address-changes-half-signed-in",
        "Whoever knows the password can change the address without the code." => AddressChangesEarly;
    "b", "faq05-refused-mail-lets-in",
        "Once the mail was refused, the password alone signs in." => RefusedMailLetsIn;
    "b", "faq05-refused-mail-is-a-server-error",
        "Where the mail was refused, the screen that says so is a server error." => RefusedMailIsServerError;
    "c", "faq05-office-change-never-comes",
        "What the office has done never comes into force." => NeverComes;
    "c", "faq05-office-change-comes-a-day-late",
        "What the office has done comes into force a day after it was done." => DayLate;
    "c", "faq05-old-address-gets-the-codes-after-the-office",
        "The new address signs in once the office is done, but the codes go to the old one." => CodesToTheOld;
    "c", "faq05-both-addresses-get-the-codes-after-the-office",
        "Once the office is done the codes go to the new address and to the old one." => CodesToBoth;
    "d", "faq05-office-change-comes-with-the-identity-check",
        "The new address is in force as soon as the office knows who asks." => ComesAtOnce;
    "d", "faq05-office-change-comes-a-second-early",
        "The new address is in force one second before the office is done." => SecondEarly;
    "d", "faq05-new-address-gets-the-codes-while-the-office-works",
        "While the office is at work the codes go to the new address already." => CodesToTheReserved;
];

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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

struct NeverComes;

impl Decisions for NeverComes {
    fn office_change_is_in_force(&self, _done_at: Moment, _now: Moment) -> bool {
        false
    }
}

struct DayLate;

impl Decisions for DayLate {
    fn office_change_is_in_force(&self, done_at: Moment, now: Moment) -> bool {
        now >= done_at + DAY
    }
}

struct CodesToTheOld;

impl Decisions for CodesToTheOld {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        instead_to(account, account.former_address.as_ref())
    }
}

struct CodesToBoth;

impl Decisions for CodesToBoth {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        also_to(account, account.former_address.clone())
    }
}

struct ComesAtOnce;

impl Decisions for ComesAtOnce {
    fn office_change_is_in_force(&self, _done_at: Moment, _now: Moment) -> bool {
        true
    }
}

struct SecondEarly;

impl Decisions for SecondEarly {
    fn office_change_is_in_force(&self, done_at: Moment, now: Moment) -> bool {
        now + SECOND >= done_at
    }
}

struct CodesToTheReserved;

impl Decisions for CodesToTheReserved {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        instead_to(account, account.indexed_addresses().nth(1))
    }
}
