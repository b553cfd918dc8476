//! What the codes are like, and where they stand in the mail.

use crate::bases::PAGES;
use crate::odd::{CodeIn, Codes, Flaws, Odd, Scope};
use crate::row::{Row, run, try_rows, walk};
use crate::support::files_in;

const DASHED: &str = r##"
[mail]
code = 'コードは ([0-9A-Z]{3}-[0-9A-Z]{3}) です'
"##;

#[test]
fn codes_of_letters_and_dashes_are_found_beside_other_numbers() {
    try_rows(vec![Row::of("codes like ABC-D2F", Odd { codes: Codes::Dashed, ..Odd::PLAIN }, PAGES, DASHED)]);
}

const A_FIELD_EACH: Row = Row::of(
    "`123 456` in the mail, six fields of one name on the page",
    Odd { field_for_each_digit: true, ..Odd::PLAIN },
    PAGES,
    r##"
        [mail]
        code = 'コードは (\d{3} \d{3}) です'
        code_without = ' '
        [steps.submit-code]
        form = "form#code"
        fill = { "digit[]" = ["{code:1}", "{code:2}", "{code:3}", "{code:4}", "{code:5}", "{code:6}"] }
        tick_skip = "remember"
        "##,
);

#[test]
fn a_code_in_groups_is_typed_into_a_field_for_each_digit() {
    try_rows(vec![A_FIELD_EACH]);
}

#[test]
fn such_a_code_reaches_no_report() {
    let run = run(&A_FIELD_EACH, Flaws { ignores_skips: true, ..Flaws::NONE }, &["faq06-confirmed-skip-skips"]);
    let evidence = run.sekisho.report().join("evidence");
    let texts: Vec<String> =
        files_in(&evidence).iter().map(|name| std::fs::read_to_string(evidence.join(name)).unwrap()).collect();
    let all = texts.concat();
    assert!(all.contains("remember=1"), "no evidence of a code was kept");
    let after = |start: &str| all.split(start).skip(1).filter_map(|rest| rest.chars().next()).collect::<String>();
    let told = after("digit%5B%5D=") + &after("digit[]=") + &after("コードは ");
    assert!(!told.contains(|c: char| c.is_ascii_digit()), "{told}");
    let walked = walk(&A_FIELD_EACH, Flaws::NONE);
    walked.ends_with(0).says("digit[] = (1 character)");
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
