//! What the codes are like, and where they stand in the mail.

use crate::bases::PAGES;
use crate::odd::{CodeIn, Codes, Odd, Scope};
use crate::row::{Row, try_rows};

const DASHED: &str = r##"
[mail]
code = 'コードは ([0-9A-Z]{3}-[0-9A-Z]{3}) です'
"##;

#[test]
fn codes_of_letters_and_dashes_are_found_beside_other_numbers() {
    try_rows(vec![Row::of("codes like ABC-D2F", Odd { codes: Codes::Dashed, ..Odd::PLAIN }, PAGES, DASHED)]);
}

#[test]
fn the_code_stands_anywhere_in_the_mail() {
    let html_alone = Row::of("a mail of HTML alone", Odd { code_in: CodeIn::HtmlAlone, ..Odd::PLAIN }, PAGES, "");
    const HTML: &str = r##"
        [mail]
        part = "html"
        code = 'コードは <b>(\d{6})</b>'
        "##;
    let html = Row::of("in the HTML part", Odd { code_in: CodeIn::Html, ..Odd::PLAIN }, PAGES, HTML);
    let subject = Row::of(
        "in the subject",
        Odd { code_in: CodeIn::Subject, ..Odd::PLAIN },
        PAGES,
        r##"
        [mail]
        part = "subject"
        code = '^(\d{6}) がコードです'
        "##,
    );
    let dashed_subject = Row::of(
        "letters in the subject",
        Odd { code_in: CodeIn::Subject, codes: Codes::Dashed, ..Odd::PLAIN },
        PAGES,
        r##"
        [mail]
        part = "subject"
        code = '^([0-9A-Z]{3}-[0-9A-Z]{3}) がコードです'
        "##,
    );
    try_rows(vec![html_alone, html, subject, dashed_subject]);
}

#[test]
fn a_code_belongs_to_the_attempt_or_to_the_account() {
    try_rows(vec![Row::of(
        "the last code counts in every attempt of the account",
        Odd { scope: Scope::Account, ..Odd::PLAIN },
        PAGES,
        r##"
        [policies]
        superseded = "refused"
        "##,
    )]);
}
