//! The file of accounts: read as a whole before anything is sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use sekisho_rules::Portal;

use super::super::error::{ProfileError, Source};
use crate::account::{Account, AccountKey, Listed};

/// The columns that are known.
const COLUMNS: [&str; 6] = ["portal", "address", "password", "id", "name", "main"];

/// The columns without which there is no account.
const NEEDED: [&str; 2] = ["address", "password"];

/// The largest file: a million accounts and more.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What is wrong with a file of accounts.
#[derive(Debug)]
pub(super) struct FileError {
    file: PathBuf,
    /// `None` where it cannot be read at all.
    line: Option<u64>,
    message: String,
}

impl FileError {
    /// The same with the place in the profile that names the file.
    pub(super) fn at(self, source: &Source<'_>, span: Range<usize>) -> ProfileError {
        let file = self.file.display();
        match self.line {
            None => source.senseless(span, "accounts.file", format!("cannot read `{file}`: {}", self.message)),
            Some(line) => source.senseless(span, "accounts.file", format!("`{file}`, line {line}: {}", self.message)),
        }
    }
}

/// A line of the file.
struct Row {
    line: u64,
    portal: Option<Portal>,
    address: String,
    password: String,
    id: String,
    name: String,
    main: Option<String>,
}

/// The main accounts of each portal with their additional ones, in the order of the file, without the first `offset` of each portal.
pub(super) fn read(path: &Path, portals: &[Portal], offset: usize) -> Result<Vec<Listed>, FileError> {
    let whole = |message: String| FileError { file: path.to_owned(), line: None, message };
    let text = std::fs::metadata(path)
        .map_err(|error| error.to_string())
        .and_then(|about| match about.len() {
            0..=MAX_BYTES => std::fs::read(path).map_err(|error| error.to_string()),
            bytes => Err(format!("it has {bytes} bytes, and {MAX_BYTES} at the most are read")),
        })
        .and_then(|bytes| {
            let hint = "it is not in UTF-8\n\nhint: save it as UTF-8; spreadsheets offer `CSV UTF-8`";
            String::from_utf8(bytes).map_err(|_| hint.to_owned())
        })
        .map_err(whole)?;
    let in_line = |(line, message): (u64, String)| FileError { file: path.to_owned(), line: Some(line), message };
    let rows = rows(text.trim_start_matches('\u{feff}'), portals).map_err(in_line)?;
    listed(&rows, portals, offset).map_err(in_line)
}

/// The line and what is wrong with it.
type Wrong = (u64, String);

fn rows(text: &str, portals: &[Portal]) -> Result<Vec<Row>, Wrong> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| (1, error.to_string()))?.clone();
    for (place, column) in columns.iter().enumerate() {
        if !COLUMNS.contains(&column) {
            return Err((1, format!("there is no column `{column}`{}", nearest(column))));
        }
        if columns.iter().take(place).any(|earlier| earlier == column) {
            return Err((1, format!("the column `{column}` stands twice")));
        }
    }
    if let Some(missing) = NEEDED.iter().find(|needed| !columns.iter().any(|column| column == **needed)) {
        return Err((
            1,
            format!(
                "the column `{missing}` is missing\n\nhint: the first line names the columns, e.g. `portal,address,password`"
            ),
        ));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            (line, format!("{error}\n\nhint: a text with a comma in it stands in double quotes"))
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(row(&columns, &record, portals).map_err(|message| (line, message))?.at(line));
    }
    Ok(rows)
}

impl Row {
    fn at(self, line: u64) -> Row {
        Row { line, ..self }
    }
}

fn row(columns: &StringRecord, record: &StringRecord, portals: &[Portal]) -> Result<Row, String> {
    let cell = |name: &str| {
        let place = columns.iter().position(|column| column == name);
        place.and_then(|place| record.get(place)).unwrap_or_default()
    };
    if let Some(empty) = NEEDED.iter().find(|name| cell(name).is_empty()) {
        return Err(format!("`{empty}` is empty\n\nhint: fill it in, or delete the line"));
    }
    let portal = match cell("portal") {
        "" => None,
        name => Some(Portal::named(name).filter(|portal| portals.contains(portal)).ok_or_else(|| {
            let known: Vec<_> = portals.iter().map(|portal| format!("`{portal}`")).collect();
            let known = known.join(", ");
            format!(
                "`{name}` is no portal of the profile; it has {known}\n\nhint: an empty cell stands for all of them"
            )
        })?),
    };
    let owned = |name: &str| cell(name).to_owned();
    let main = Some(owned("main")).filter(|main| !main.is_empty());
    let name = Some(owned("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| owned("address"));
    let (address, password, id) = (owned("address"), owned("password"), owned("id"));
    Ok(Row { line: 0, portal, address, password, id, name, main })
}

fn nearest(unknown: &str) -> String {
    let nearest = COLUMNS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let known: Vec<_> = COLUMNS.iter().map(|column| format!("`{column}`")).collect();
    let known = known.join(", ");
    nearest.map_or_else(|| format!("; there are {known}"), |(_, known)| format!("\n\nhint: did you mean `{known}`?"))
}

fn listed(rows: &[Row], portals: &[Portal], offset: usize) -> Result<Vec<Listed>, Wrong> {
    let mut all = Vec::new();
    for portal in portals {
        // Those of one portal before those of all: what only this portal can use is used first.
        let of = |own: bool| rows.iter().filter(move |row| row.portal == own.then_some(*portal));
        let here: Vec<&Row> = of(true).chain(of(false)).collect();
        all.extend(of_portal(*portal, &here)?.into_iter().skip(offset));
    }
    Ok(all)
}

fn of_portal(portal: Portal, rows: &[&Row]) -> Result<Vec<Listed>, Wrong> {
    let mut seen: HashMap<&str, u64> = HashMap::new();
    for row in rows {
        if let Some(line) = seen.insert(&row.address, row.line) {
            let (first, second) = (line.min(row.line), line.max(row.line));
            let message = format!(
                "`{}` stands in line {first} already\n\nhint: each account stands once in each portal",
                row.address
            );
            return Err((second, message));
        }
    }
    let mains: HashSet<&str> = rows.iter().filter(|row| row.main.is_none()).map(|row| row.address.as_str()).collect();
    let mut additional: HashMap<&str, VecDeque<Account>> = HashMap::new();
    for row in rows {
        let Some(main) = &row.main else { continue };
        if !mains.contains(main.as_str()) {
            let what =
                if seen.contains_key(main.as_str()) { "is an additional account itself" } else { "is no account" };
            let message = format!(
                "its main account `{main}` {what} of `{portal}`\n\nhint: `main` is the address of a line without one"
            );
            return Err((row.line, message));
        }
        additional.entry(main).or_default().push_back(account(portal, row));
    }
    let mains = rows.iter().filter(|row| row.main.is_none());
    Ok(mains
        .map(|row| Listed {
            main: account(portal, row),
            additional: additional.remove(row.address.as_str()).unwrap_or_default(),
        })
        .collect())
}

fn account(portal: Portal, row: &Row) -> Account {
    Account {
        key: AccountKey { portal, address: row.address.clone() },
        id: row.id.clone(),
        password: row.password.clone(),
        name: row.name.clone(),
    }
}
