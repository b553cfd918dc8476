//! NOTICE-3, the sign-in ID is the address: the mail names another.

use sekisho_server::Decisions;
use sekisho_server::core::AccountState;
use sekisho_server::decisions::Recipients;

use crate::Defect;
use crate::defect::defects;
use crate::notices::third_party;

pub(crate) const DEFECTS: &[Defect] = defects!["NOTICE-3":
    "", "notice3-mail-is-addressed-to-somebody-else",
        "The mail is addressed to another mailbox, and the sign-in ID gets it as a blind copy only." => AddressedToSomebodyElse;
];

struct AddressedToSomebodyElse;

impl Decisions for AddressedToSomebodyElse {
    fn code_recipients(&self, account: &AccountState) -> Recipients {
        Recipients { to: third_party(), cc: Vec::new(), bcc: vec![account.address.clone()] }
    }
}
