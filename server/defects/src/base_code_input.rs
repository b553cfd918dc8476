//! BASE-CODE, what is no code: taken for one, or too much for the server.

use http::StatusCode;
use sekisho_server::core::{AccountState, Attempt};
use sekisho_server::decisions::FormFault;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-CODE":
    "-12", "base-code-blank-code-is-taken",
        "A code of blanks is taken, since nothing is left to compare." => BlankIsTaken;
    "-13", "base-code-is-cut-at-a-null-byte",
        "What follows a null byte is not compared." => CutAtNull;
    "-13", "base-code-bytes-that-are-no-text-are-a-server-error",
        "A form that is not UTF-8 is answered with a server error." => FaultyForm(FormFault::NotText);
    "-14", "base-code-repeated-code-is-a-server-error",
        "A code that is given twice is answered with a server error." => FaultyForm(FormFault::Twice);
    "-15", "base-code-is-cut-at-six-digits",
        "Only the first six characters are compared, whatever follows them." => CutAtSix;
    "-16", "base-code-full-width-digits-are-a-server-error",
        "Text is cut by bytes, and full-width digits break the server." => CutByBytes;
    "-17", "base-code-quote-ends-the-comparison",
        "A quote ends the comparison as it would end a query." => QuoteEnds;
];

struct BlankIsTaken;

impl Decisions for BlankIsTaken {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        typed.is_empty() || Conforming.code_is_right(typed, attempt, account)
    }
}

struct CutAtNull;

impl Decisions for CutAtNull {
    fn typed_code(&self, typed: &str) -> String {
        let text = typed.split('\0').next().unwrap_or_default();
        Conforming.typed_code(text)
    }
}

struct FaultyForm(FormFault);

impl Decisions for FaultyForm {
    fn status_of_faulty_form(&self, fault: FormFault) -> StatusCode {
        if fault == self.0 { StatusCode::INTERNAL_SERVER_ERROR } else { Conforming.status_of_faulty_form(fault) }
    }
}

struct CutAtSix;

impl Decisions for CutAtSix {
    fn typed_code(&self, typed: &str) -> String {
        Conforming.typed_code(typed).chars().take(6).collect()
    }
}

struct CutByBytes;

impl Decisions for CutByBytes {
    /// The panic is the defect: a slice that ends within a character.
    fn typed_code(&self, typed: &str) -> String {
        let end = typed.len().min(7);
        assert!(typed.is_char_boundary(end), "a character was cut in two");
        Conforming.typed_code(typed)
    }
}

struct QuoteEnds;

impl Decisions for QuoteEnds {
    fn typed_code(&self, typed: &str) -> String {
        Conforming.typed_code(typed.split('\'').next().unwrap_or_default())
    }
}
