//! Each source of accounts, from a pattern, a file and a program; and what a profile may not say of them.
#![allow(clippy::unwrap_used)]

mod hooked;

use std::collections::HashSet;

use hooked::Folder;
use sekisho_rules::Portal;
use sekisho_simulator::account::{
    Account, AccountError, AccountKey, AccountPool, Accounts, MadeAccounts, Need, Wanted,
};

const NUMBERED: &str =
    "source = \"numbered\"\naddress = \"{portal}-u{number:3}@a.test\"\npassword = \"pass-{number}\"\nlast = 9";

fn wanted(portal: Portal, number: usize, main: Option<&str>, with_additional: bool) -> Wanted {
    let key = AccountKey { portal, address: format!("drawn{number}@people.test") };
    let account =
        Account { key, id: String::new(), password: format!("drawn-{number}"), name: "佐藤 花子".to_owned() };
    Wanted { account, main: main.map(str::to_owned), with_additional, starts_at: None, frozen: false }
}

fn main(portal: Portal) -> Wanted {
    wanted(portal, 0, None, false)
}

fn pool(folder: &Folder, accounts: &str) -> AccountPool {
    AccountPool::of(&folder.with_accounts(accounts).unwrap()).unwrap()
}

async fn one(accounts: &impl Accounts, wanted: Wanted) -> Result<Account, AccountError> {
    accounts.provide(vec![wanted]).await.map(|mut given| given.remove(0))
}

fn need(portal: Portal, accounts: usize, pairs: usize) -> Vec<Need> {
    vec![Need { portal, accounts, pairs }]
}

#[tokio::test]
async fn numbered_accounts_are_given_once_from_the_offset_on() {
    let pool =
        pool(&Folder::new(), &format!("{NUMBERED}\noffset = 6\nid = \"ID{{number:4}}\"\nname = \"利用者{{number}}\""));
    let first = one(&pool, main(Portal::Seeker)).await.unwrap();
    assert_eq!((first.key.address.as_str(), first.id.as_str()), ("seeker-u007@a.test", "ID0007"));
    assert_eq!((first.password.as_str(), first.name.as_str()), ("pass-7", "利用者7"));
    assert_eq!(one(&pool, main(Portal::Employer)).await.unwrap().key.address, "employer-u007@a.test");
    for expected in ["seeker-u008@a.test", "seeker-u009@a.test"] {
        assert_eq!(one(&pool, main(Portal::Seeker)).await.unwrap().key.address, expected);
    }
    assert_eq!(one(&pool, main(Portal::Seeker)).await, Err(AccountError::UsedUp { portal: Portal::Seeker }));
    assert!(!pool.has_additional());
}

/// Two stories at once at one address would take each other's mail, whatever the portal.
#[tokio::test]
async fn without_the_portal_in_it_an_address_is_used_in_one_portal_only() {
    let pool = pool(&Folder::new(), &NUMBERED.replace("{portal}-", ""));
    let mut given = HashSet::new();
    for portal in Portal::ALL.iter().cycle().take(9) {
        assert!(given.insert(one(&pool, main(*portal)).await.unwrap().key.address));
    }
    for portal in Portal::ALL {
        assert!(one(&pool, main(portal)).await.is_err());
    }
}

#[tokio::test]
async fn numbered_accounts_have_additional_ones_of_their_own() {
    let additional =
        "additional = { address = \"u{number}-{additional}@a.test\", password = \"p{additional}\", count = 2 }";
    let pool = pool(&Folder::new(), &format!("{NUMBERED}\n{additional}"));
    assert!(pool.has_additional());
    let main = one(&pool, wanted(Portal::Employer, 0, None, true)).await.unwrap();
    let under = |main: &Account| wanted(Portal::Employer, 1, Some(&main.key.address), false);
    for (address, password) in [("u1-1@a.test", "p1"), ("u1-2@a.test", "p2")] {
        let additional = one(&pool, under(&main)).await.unwrap();
        assert_eq!((additional.key.address.as_str(), additional.password.as_str()), (address, password));
    }
    assert_eq!(one(&pool, under(&main)).await, Err(AccountError::NoPair { portal: Portal::Employer }));
    // Made together, the main account is known by the address that was drawn for it.
    let together =
        vec![wanted(Portal::Employer, 5, None, true), wanted(Portal::Employer, 6, Some("drawn5@people.test"), false)];
    let addresses: Vec<_> = pool.provide(together).await.unwrap().into_iter().map(|it| it.key.address).collect();
    assert_eq!(addresses, ["employer-u002@a.test", "u2-1@a.test"]);
}

#[tokio::test]
async fn a_file_gives_accounts_and_keeps_pairs_for_those_who_need_them() {
    let folder = Folder::new();
    // As a spreadsheet saves it: a byte order mark, CR LF, a cell in quotes, spaces.
    let text = "\u{feff}portal,address,password,id,name,main\r\n\
                employer, m1@a.test ,\"p,1\",,会社,\r\n\
                employer,a1@a.test,p2,,,m1@a.test\r\n\
                employer,m2@a.test,p3,E-2,,\r\n\
                ,all@a.test,p4,,,\r\n";
    folder.file("accounts.csv", text);
    let pool = pool(&folder, "source = \"csv\"\nfile = \"accounts.csv\"");
    assert!(pool.has_additional());
    let first = one(&pool, main(Portal::Employer)).await.unwrap();
    assert_eq!((first.key.address.as_str(), first.id.as_str(), first.name.as_str()), ("m2@a.test", "E-2", "m2@a.test"));
    let pair = one(&pool, wanted(Portal::Employer, 0, None, true)).await.unwrap();
    assert_eq!((pair.key.address.as_str(), pair.password.as_str(), pair.name.as_str()), ("m1@a.test", "p,1", "会社"));
    let additional = one(&pool, wanted(Portal::Employer, 1, Some("m1@a.test"), false)).await.unwrap();
    assert_eq!(additional.key.address, "a1@a.test");
    assert_eq!(
        one(&pool, wanted(Portal::Employer, 0, None, true)).await,
        Err(AccountError::NoPair { portal: Portal::Employer })
    );
    // What stands for all portals is given in one of them.
    assert_eq!(one(&pool, main(Portal::Seeker)).await.unwrap().key.address, "all@a.test");
    assert!(one(&pool, main(Portal::Employer)).await.is_err());
}

#[test]
fn too_few_accounts_are_told_before_anything_is_sent() {
    let folder = Folder::new();
    let target = folder.with_accounts(NUMBERED).unwrap();
    target.has_accounts_for(&need(Portal::Seeker, 9, 0)).unwrap();
    let line = |text: &str| folder.read("target.toml").lines().position(|line| line.starts_with(text)).unwrap() + 1;
    let error = target.has_accounts_for(&need(Portal::Seeker, 10, 0)).unwrap_err().to_string();
    for part in [
        &format!("line {},", line("last =")),
        "`accounts.last`",
        "10 accounts of `seeker`",
        "there are 9",
        "hint: raise `last`",
    ] {
        assert!(error.contains(part), "no `{part}` in {error}");
    }
    let shared = folder.with_accounts(&NUMBERED.replace("{portal}-", "")).unwrap();
    let everywhere: Vec<Need> = Portal::ALL.iter().flat_map(|portal| need(*portal, 4, 0)).collect();
    let error = shared.has_accounts_for(&everywhere).unwrap_err().to_string();
    assert!(error.contains("12 accounts are needed at least in all portals together, and there are 9"), "{error}");
    folder.file("a.csv", "address,password,main\nm@a.test,p,\na@a.test,p,m@a.test\nn@a.test,p,\n");
    let listed = folder.with_accounts("source = \"csv\"\nfile = \"a.csv\"").unwrap();
    listed.has_accounts_for(&need(Portal::Employer, 2, 1)).unwrap();
    let error = listed.has_accounts_for(&need(Portal::Employer, 2, 2)).unwrap_err().to_string();
    assert!(
        error.contains("`accounts.file`") && error.contains("with an additional one") && error.contains("there are 1"),
        "{error}"
    );
    // Without any additional account what needs one is skipped, and says so by itself.
    target.has_accounts_for(&need(Portal::Employer, 2, 2)).unwrap();
}

#[tokio::test]
async fn a_program_makes_accounts_and_may_name_them_otherwise() {
    let folder = Folder::new();
    let script = "echo \"$1|$2|$3|$4|$5\" >> made\n\
                  case $5 in '') echo \"{\\\"address\\\": \\\"real-$2\\\", \\\"id\\\": \\\"ID-$1\\\"}\";; esac";
    folder.script("make-account", script);
    let command = "source = \"command\"\ncommand = [\"./make-account\", \"{portal}\", \"{address}\", \"{password}\", \"{name}\", \"{main}\"]";
    let made = MadeAccounts::of(&folder.with_accounts(command).unwrap()).unwrap();
    assert!(made.has_additional());
    let all = vec![
        wanted(Portal::Employer, 1, None, true),
        wanted(Portal::Employer, 2, Some("drawn1@people.test"), false),
        wanted(Portal::Seeker, 3, None, false),
    ];
    let given = made.provide(all).await.unwrap();
    let told: Vec<_> = given.iter().map(|it| (it.key.address.as_str(), it.id.as_str(), it.password.as_str())).collect();
    assert_eq!(
        told,
        [
            ("real-drawn1@people.test", "ID-employer", "drawn-1"),
            ("drawn2@people.test", "", "drawn-2"),
            ("real-drawn3@people.test", "ID-seeker", "drawn-3"),
        ]
    );
    let asked = folder.read("made");
    assert_eq!(asked.lines().count(), 3);
    assert!(asked.contains("employer|drawn2@people.test|drawn-2|佐藤 花子|real-drawn1@people.test\n"), "{asked}");
}

#[tokio::test]
async fn a_program_that_makes_no_account_is_told_without_the_password() {
    let folder = Folder::new();
    let command = "source = \"command\"\ncommand = [\"./make-account\", \"{address}\", \"{password}\"]";
    let cases = [
        ("echo \"the password $2 is too short\" >&2; exit 1", "the password [secret] is too short"),
        ("echo made", "printed neither nothing nor an object"),
        ("echo '{\"adress\": \"x\"}'", "unknown field `adress`"),
        ("kill -9 $$", "signal: 9"),
    ];
    for (script, message) in cases {
        folder.script("make-account", script);
        let made = MadeAccounts::of(&folder.with_accounts(command).unwrap()).unwrap();
        let error = one(&made, main(Portal::Seeker)).await.unwrap_err().to_string();
        assert!(error.contains(message) && !error.contains("drawn-0"), "{error}");
        let additional = one(&made, wanted(Portal::Employer, 1, Some("m@a.test"), false)).await.unwrap_err();
        assert!(matches!(additional, AccountError::NoMeans(_)), "it is not told of a main account");
    }
}

#[test]
fn what_makes_no_sense_is_named_with_line_key_and_remedy() {
    let folder = Folder::new();
    folder.script("make", "true");
    folder.file("a.csv", "address,password\na@a.test,p\n");
    let cases = [
        ("source = \"list\"", 2, "", "unknown variant `list`"),
        ("source = \"numbered\"", 2, "`accounts`", "need `address` and `password`"),
        (
            "source = \"numbered\"\naddress = \"a@a.test\"\npassword = \"p\"\nlast = 3",
            3,
            "`accounts.address`",
            "without `{number}`",
        ),
        (
            "source = \"numbered\"\naddress = \"{number}@a.test\"\npassword = \"p\"\nfirst = 4\nlast = 3",
            6,
            "`accounts.last`",
            "lies before `first` (4)",
        ),
        (
            "source = \"numbered\"\naddress = \"{number}{additional}@a.test\"\npassword = \"p\"\nlast = 3",
            3,
            "`accounts.address`",
            "for the texts of `accounts.additional`",
        ),
        (
            "source = \"numbered\"\naddress = \"{number}@a.test\"\npassword = \"p\"\nlast = 3\nadditional = { address = \"b{number}@a.test\", password = \"p\", count = 2 }",
            6,
            "`accounts.additional.address`",
            "`{additional}` where there are several",
        ),
        (
            "source = \"numbered\"\naddress = \"{number}@a.test\"\npassword = \"p\"\nlast = 3\nadditional = { address = \"b{number}@a.test\", password = \"p\", count = 0 }",
            6,
            "`accounts.additional.count`",
            "from 1 to 1000",
        ),
        (
            "source = \"numbered\"\naddress = \"{number}@a.test\"\npassword = \"p\"\nlast = 3\nfile = \"a.csv\"",
            6,
            "`accounts.file`",
            "of the source `csv`",
        ),
        ("source = \"control\"\noffset = 3", 3, "`accounts.offset`", "`numbered` and `csv`"),
        ("source = \"csv\"", 2, "`accounts.file`", "need `file`"),
        ("source = \"csv\"\nfile = \"b.csv\"", 3, "`accounts.file`", "b.csv`: No such file"),
        ("source = \"csv\"\nfile = \"a.csv\"\nlast = 4", 4, "`accounts.last`", "choose another `source`"),
        ("source = \"command\"", 2, "`accounts.command`", "need `command`"),
        ("source = \"command\"\ncommand = [\"./makes\"]", 3, "`accounts.command`", "no program `./makes`"),
        (
            "source = \"command\"\ncommand = [\"./make\", \"{number}\"]",
            3,
            "`accounts.command`",
            "`{number}` is not known here",
        ),
        ("source = \"csv\"\nfile = \"a.csv\"\nofset = 4", 4, "", "did you mean `offset`"),
    ];
    let reference = include_str!("../../profiles/reference.toml");
    let header = reference.lines().position(|line| line == "[accounts]").unwrap();
    for (accounts, line, key, message) in cases {
        let error = folder.with_accounts(accounts).unwrap_err().to_string();
        let place = format!("line {},", header + line);
        assert!(error.contains(&place) && error.contains(key) && error.contains(message), "{accounts}: {error}");
    }
}

#[test]
fn a_file_that_makes_no_sense_is_named_with_its_own_line() {
    let folder = Folder::new();
    let cases: [(&[u8], &str, &str); 13] = [
        (b"", "line 1", "`address` is missing"),
        (b"address\na@a.test\n", "line 1", "`password` is missing"),
        (b"adress,password\na@a.test,p\n", "line 1", "did you mean `address`"),
        (b"address,password,phone-number\na@a.test,p,1\n", "line 1", "no column `phone-number`"),
        (b"address,password,address\na@a.test,p,b\n", "line 1", "stands twice"),
        (b"address,password\na@a.test,p\nb@a.test,\n", "line 3", "`password` is empty"),
        (b"address,password\na@a.test,p\n\nb@a.test,p\na@a.test,q\n", "line 5", "stands in line 2 already"),
        (b"address,password\na@a.test,p,q\n", "line 2", "double quotes"),
        (b"portal,address,password\nseekers,a@a.test,p\n", "line 2", "`seekers` is no portal"),
        (b"portal,address,password\nseeker,a@a.test,p\n,a@a.test,p\n", "line 3", "stands in line 2 already"),
        (b"address,password,main\na@a.test,p,m@a.test\n", "line 2", "`m@a.test` is no account"),
        (
            b"address,password,main\nm@a.test,p,\na@a.test,p,m@a.test\nb@a.test,p,a@a.test\n",
            "line 4",
            "is an additional account itself",
        ),
        (b"address,password\n\x83\x65@a.test,p\n", "cannot read", "save it as UTF-8"),
    ];
    for (bytes, line, message) in cases {
        std::fs::write(folder.path("a.csv"), bytes).unwrap();
        let error = folder.with_accounts("source = \"csv\"\nfile = \"a.csv\"").unwrap_err().to_string();
        let named = error.contains("`accounts.file`") && error.contains("a.csv`");
        assert!(named && error.contains(line) && error.contains(message), "{error}");
    }
}
