//! What `sekisho profile check` found, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstyle::AnsiColor;
use sekisho_simulator::walk::{CookieSeen, FormSeen, MailSeen, Outcome, SentSeen, Stop, Walk};

use super::check::{Lacking, Problem, Report};

/// The whole text. Writing to a `String` cannot fail, so what `write!` returns is left alone.
pub(super) fn report(report: &Report) -> String {
    let mut text = String::new();
    for problem in &report.problems {
        self::problem(&mut text, &report.profile, problem);
    }
    let _ = match report.problems.len() {
        0 => writeln!(text, "{}: the profile is valid", report.profile),
        1 => writeln!(text, "{}: 1 problem", report.profile),
        count => writeln!(text, "{}: {count} problems", report.profile),
    };
    if let Some(walk) = &report.walk {
        self::walk(&mut text, walk);
    }
    // What is to be read stands at the end, not above a long walk.
    for advice in &report.advice {
        let place = format!("{}:{}:{}", report.profile, advice.line, advice.column);
        let _ =
            writeln!(text, "{} {place} `{}`: {}", colored("advice:", AnsiColor::Yellow), advice.key, advice.message);
    }
    for lacking in &report.lacking {
        self::lacking(&mut text, lacking);
    }
    if let Some(walk) = &report.walk {
        outcome(&mut text, walk);
    }
    if let Some(cause) = &report.broken_off {
        let _ = writeln!(text, "\n{} {cause}", colored("the walk was not made:", AnsiColor::Red));
    }
    text
}

fn problem(text: &mut String, profile: &str, problem: &Problem) {
    let place = match (problem.line, problem.column) {
        (Some(line), Some(column)) => format!("{profile}:{line}:{column}"),
        _ => profile.to_owned(),
    };
    let key = problem.key.as_ref().map(|key| format!(" `{key}`")).unwrap_or_default();
    let message = problem.message.replace("\n\n", "\n").replace('\n', "\n    ");
    let _ = writeln!(text, "{} {place}{key}: {message}", colored("problem:", AnsiColor::Red));
}

/// The checks are counted by rule: their names are in the JSON form, and in `sekisho rules`.
fn lacking(text: &mut String, lacking: &Lacking) {
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for check in &lacking.checks {
        if let Some((rule, _)) = sekisho_rules::check(check) {
            *by_rule.entry(rule.id).or_default() += 1;
        }
    }
    let rules: Vec<_> = by_rule.iter().map(|(rule, count)| format!("{rule} ({count})")).collect();
    let _ = writeln!(
        text,
        "{} without the step `{}` {} checks may not be judged: {}",
        colored("advice:", AnsiColor::Yellow),
        lacking.step,
        lacking.checks.len(),
        rules.join(", ")
    );
}

fn walk(text: &mut String, walk: &Walk) {
    let _ = writeln!(text, "\nwalk through {}, portal {}, account {}\n", walk.target, walk.portal, walk.account);
    for (place, stop) in walk.stops.iter().enumerate() {
        self::stop(text, place + 1, stop);
    }
    for note in &walk.notes {
        let _ = writeln!(text, "note: {note}");
    }
}

fn outcome(text: &mut String, walk: &Walk) {
    let stops = walk.stops.iter().enumerate();
    let wrong: Vec<_> = stops.filter(|(_, stop)| stop.outcome != Outcome::AsExpected).collect();
    let _ = match wrong.as_slice() {
        [] => writeln!(text, "{} {} steps as expected", colored("ok:", AnsiColor::Green), walk.stops.len()),
        [(first, stop), ..] => {
            let so = colored("not as expected:", AnsiColor::Red);
            let (count, all, place, step) = (wrong.len(), walk.stops.len(), first + 1, &stop.step);
            writeln!(text, "{so} {count} of {all} steps, the first of them {place}. {step}: mend that, and walk again")
        }
    };
}

fn stop(text: &mut String, place: usize, stop: &Stop) {
    let (sign, color) = match stop.outcome {
        Outcome::AsExpected => ("ok", AnsiColor::Green),
        Outcome::Incomplete => ("incomplete", AnsiColor::Yellow),
        Outcome::OtherScreen => ("other screen", AnsiColor::Red),
        Outcome::NotRecognised => ("not recognised", AnsiColor::Red),
        Outcome::NotSent => ("not sent", AnsiColor::Red),
        Outcome::NoAnswer => ("no answer", AnsiColor::Red),
        Outcome::NoMail => ("no code", AnsiColor::Red),
        Outcome::NotReached => ("not reached", AnsiColor::Yellow),
    };
    let about = if stop.about.is_empty() { String::new() } else { format!(" ({})", stop.about) };
    let _ = writeln!(text, "{place:>3}. {}{about}: {}", stop.step, colored(sign, color));
    for request in &stop.requests {
        sent(text, request);
    }
    if stop.screen.is_some() || stop.outcome == Outcome::NotRecognised {
        let screen = stop.screen.map_or("no screen of the profile", |screen| screen.name());
        let title = stop.title.as_ref().map(|title| format!(", title `{title}`")).unwrap_or_default();
        let _ = writeln!(text, "     shows {screen}{title}");
    }
    if !matches!(stop.outcome, Outcome::AsExpected | Outcome::Incomplete) && !stop.expected.is_empty() {
        let expected: Vec<_> = stop.expected.iter().map(|screen| screen.name()).collect();
        let _ = writeln!(text, "     expected {}", expected.join(" or "));
    }
    if let Some(reads) = &stop.reads {
        let _ = writeln!(text, "     it reads: {reads}");
    }
    for near in &stop.near {
        let _ = writeln!(
            text,
            "     `screens.{}`, mark {}: {} of {} conditions hold",
            near.screen, near.mark, near.met, near.of
        );
        for unmet in &near.unmet {
            let _ = writeln!(text, "       - {unmet}");
        }
    }
    stop.cookies.iter().for_each(|cookie| self::cookie(text, cookie));
    if !stop.taken.is_empty() {
        let _ = writeln!(text, "     taken: {}", stop.taken.join(", "));
    }
    if let Some(mail) = &stop.mail {
        self::mail(text, mail);
    }
    for remark in &stop.remarks {
        let _ = writeln!(text, "     {remark}");
    }
    stop.forms.iter().for_each(|form| self::form(text, form));
    for hint in &stop.hints {
        let _ = writeln!(text, "     {} {hint}", colored("hint:", AnsiColor::Cyan));
    }
}

fn sent(text: &mut String, sent: &SentSeen) {
    let status = sent.status.map_or("no answer".to_owned(), |status| status.to_string());
    let location = sent.location.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    let _ = writeln!(text, "     {} {} -> {status}{location}", sent.method, sent.path);
    for (name, value) in &sent.fields {
        let _ = writeln!(text, "       {name} = {value}");
    }
}

fn cookie(text: &mut String, cookie: &CookieSeen) {
    let is = match (cookie.is_skip, cookie.is_session) {
        (true, true) => " (skip.cookie and skip.session_cookie: only one of them should match)",
        (true, false) => " (skip.cookie)",
        (false, true) => " (skip.session_cookie)",
        (false, false) => "",
    };
    let _ = writeln!(text, "     cookie {}{is}; {}", cookie.name, cookie.attributes);
}

fn mail(text: &mut String, mail: &MailSeen) {
    let _ = writeln!(text, "     from {}, subject `{}`", mail.from, mail.subject);
    match &mail.found {
        Some(found) => {
            let _ = writeln!(text, "     code found in the {}: {found}", mail.part);
        }
        None => {
            let _ = writeln!(text, "     no code found in the {}; there:", mail.part);
            for line in &mail.lines {
                let _ = writeln!(text, "       | {line}");
            }
        }
    }
}

fn form(text: &mut String, form: &FormSeen) {
    let selector = form.selector.as_deref().unwrap_or("(no plain selector names it alone)");
    let _ = writeln!(text, "     form {selector}: {} {}", form.method, form.action);
    for field in &form.fields {
        let mut parts = vec![field.kind.clone()];
        parts.extend((!field.name.is_empty()).then(|| format!("name `{}`", field.name)));
        parts.extend((!field.value.is_empty()).then(|| format!("value `{}`", field.value)));
        parts.extend((!field.label.is_empty()).then(|| format!("label `{}`", field.label)));
        parts.extend(field.ticked.then(|| "ticked".to_owned()));
        let _ = writeln!(text, "       {}", parts.join(", "));
    }
}

fn colored(text: &str, color: AnsiColor) -> String {
    format!("{}{text}{}", color.on_default().bold().render(), anstyle::Reset.render())
}
