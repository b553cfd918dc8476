//! What can be put into a text, and where which of it is known.

/// What can be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hole {
    /// Name of the portal.
    Portal,
    /// Registered mail address.
    Address,
    /// Sign-in ID.
    Id,
    Password,
    /// The password that takes the place of the present one.
    NewPassword,
    /// The name of the owner of an account.
    Name,
    Code,
    /// One character of the code, by its place from 1. The last that a request puts in takes the rest too, so that a code that is too
    /// long stays so.
    CodeCharacter(usize),
    /// The address that takes the place of the registered one (NOTICE-4).
    NewAddress,
    /// The number that was mailed to it.
    ConfirmationNumber,
    /// Whether the skip is asked for: `true` or `false`.
    Skip,
    /// The number of an account, with at least so many digits.
    AccountNumber(usize),
    /// The number of an additional account under its main one, from 1.
    AdditionalNumber,
    /// The address of the main account of an additional one; empty for a main account.
    MainAddress,
    /// The name the office gave a procedure.
    Procedure,
    /// How far a clock is moved, or has been moved since real time, in a unit.
    Moved(Since, Unit),
    /// What a clock shall show: RFC 3339, in UTC.
    Instant,
    /// The same as `YYYY-MM-DD hh:mm:ss` in the time zone of this machine.
    LocalInstant,
    /// The same in seconds since 1970.
    UnixSeconds,
    /// A value taken from an earlier answer.
    Taken(String),
    /// The value of a cookie of the browser.
    Cookie(String),
}

/// How many fields one code may be typed into, a character each.
pub(crate) const MOST_CODE_PLACES: usize = 16;

/// Since when a clock has been moved so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// Since it was moved last.
    LastMove,
    /// Since real time.
    RealTime,
}

/// The unit of a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
}

/// Where a text with holes stands, and so what can be put in beside `{secret:…}` and what `[values]` defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a step: what a person knows then.
    Step,
    /// In accounts that are numbered: what tells them apart.
    Account,
    /// In a command that makes an account.
    NewAccount,
    /// In the means that move the one clock of a target.
    Clock,
    /// In the means that move the clock of one account.
    AccountClock,
    /// In the means that drive the office.
    Office,
    /// Where nothing in particular is known: headers of all requests, the proxy, the reset.
    Plain,
}

impl Place {
    pub(crate) const ALL: [Place; 7] = [
        Place::Step,
        Place::Account,
        Place::NewAccount,
        Place::Clock,
        Place::AccountClock,
        Place::Office,
        Place::Plain,
    ];
}

/// The placeholders of each place, by name.
pub(super) fn known(place: Place) -> Vec<(&'static str, Hole)> {
    use Since::{LastMove, RealTime};
    use Unit::{Milliseconds, Seconds};
    let account = || vec![("portal", Hole::Portal), ("address", Hole::Address), ("id", Hole::Id)];
    match place {
        Place::Step => {
            let mut all = account();
            all.extend([
                ("password", Hole::Password),
                ("new_password", Hole::NewPassword),
                ("name", Hole::Name),
                ("code", Hole::Code),
                ("new_address", Hole::NewAddress),
                ("number", Hole::ConfirmationNumber),
                ("skip", Hole::Skip),
            ]);
            all
        }
        Place::Account => {
            vec![("portal", Hole::Portal), ("number", Hole::AccountNumber(1)), ("additional", Hole::AdditionalNumber)]
        }
        Place::NewAccount => {
            let mut all = account();
            all.extend([("password", Hole::Password), ("name", Hole::Name), ("main", Hole::MainAddress)]);
            all
        }
        Place::Clock => vec![
            ("by_seconds", Hole::Moved(LastMove, Seconds)),
            ("by_ms", Hole::Moved(LastMove, Milliseconds)),
            ("offset_seconds", Hole::Moved(RealTime, Seconds)),
            ("offset_ms", Hole::Moved(RealTime, Milliseconds)),
            ("instant", Hole::Instant),
            ("local_instant", Hole::LocalInstant),
            ("unix_seconds", Hole::UnixSeconds),
        ],
        Place::AccountClock => vec![
            ("portal", Hole::Portal),
            ("address", Hole::Address),
            ("by_seconds", Hole::Moved(LastMove, Seconds)),
            ("by_ms", Hole::Moved(LastMove, Milliseconds)),
        ],
        Place::Office => {
            let mut all = account();
            all.extend([("new_address", Hole::NewAddress), ("procedure", Hole::Procedure)]);
            all
        }
        Place::Plain => Vec::new(),
    }
}
