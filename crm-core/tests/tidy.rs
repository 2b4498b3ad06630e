//! The rules of the house that a compiler does not know. Each rule is a function over text that returns what breaks it; the test
//! beside it runs the rule over the project, and over a sample that breaks it, so that a rule that has gone blind fails too.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests"
)]

use crm_core::ErrorCode;
use crm_core::program::FindingCode;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

// ---------------------------------------------------------------------------------------------------------------- the rules

/// Rooms that every room may use.
const GROUND: &[&str] = &["error", "limits"];

/// Which rooms a room may import; a room that is not here is refused.
const ROOMS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("limits", &[]),
    ("value", &[]),
    ("customer", &["value"]),
    ("order", &["value"]),
    ("offer", &["value"]),
    ("code", &["value"]),
    ("coupon", &["value"]),
    ("giftcard", &["value"]),
    ("group", &["value"]),
    ("points", &["value"]),
    ("tier", &["value"]),
    ("lifecycle", &["value"]),
    ("program", &["value", "customer", "order", "offer", "code", "coupon", "points", "tier", "lifecycle"]),
    ("command", &["value", "customer", "order", "offer"]),
    ("effect", &["value", "offer", "code", "coupon", "giftcard", "points", "tier", "lifecycle"]),
    ("query", &["value", "customer", "offer", "coupon", "giftcard", "group", "points", "tier", "lifecycle", "effect"]),
    ("store", &["value"]),
    (
        "workspace",
        &[
            "value",
            "customer",
            "order",
            "offer",
            "code",
            "coupon",
            "giftcard",
            "group",
            "points",
            "tier",
            "lifecycle",
            "effect",
            "store",
        ],
    ),
    (
        "decide",
        &[
            "value",
            "customer",
            "order",
            "offer",
            "code",
            "coupon",
            "giftcard",
            "group",
            "points",
            "tier",
            "lifecycle",
            "program",
            "command",
            "effect",
            "query",
            "store",
            "workspace",
        ],
    ),
    (
        "engine",
        &[
            "value",
            "customer",
            "order",
            "offer",
            "code",
            "coupon",
            "giftcard",
            "group",
            "points",
            "program",
            "command",
            "effect",
            "query",
            "store",
            "workspace",
            "decide",
        ],
    ),
    // Facts of the store, played again by the rules of every command.
    ("simulate", &["value", "points", "program", "store", "workspace", "decide", "engine"]),
    // These two stand outside: they use what a host uses.
    (
        "corpus",
        &["value", "offer", "giftcard", "group", "points", "program", "command", "effect", "query", "store", "engine"],
    ),
    ("import", &["value", "customer", "order", "program", "command", "effect", "query", "store", "engine"]),
    // It says `crm_core::…` as a host does.
    ("cli", &[]),
    ("interface", &["offer", "program", "command", "effect", "query", "simulate", "store", "engine", "import"]),
];

/// Names at the root of the crate, and the rooms they come from.
const FACE: &[(&str, &str)] =
    &[("Engine", "engine"), ("Error", "error"), ("ErrorCode", "error"), ("Result", "error"), ("Retry", "error")];

/// Rooms that do input and output.
const OUTSIDE: &[&str] = &["import", "bin", "cli", "store", "corpus"];

/// Words of backends, which only the store, the outside and nobody else may say.
const BACKENDS: &[&str] =
    &["MemoryStore", "SqliteStore", "SqliteOptions", "rusqlite", "PostgresStore", "tokio_postgres"];

/// Clocks, chance, threads and I/O. Everything inside is told the time and derives its ids.
const IMPURE: &[&str] = &[
    "std::time",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "rand",
    "getrandom",
    "RandomState",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
];

/// Files that may be longer than 500 lines without their tests, each with its reason.
const LONG: &[(&str, &str)] = &[];

/// Files that may say `f32` or `f64`, each with its reason.
const FLOATS: &[(&str, &str)] = &[("value/tree.rs", "refuses floats by name, so that `1.5` gets a finding of its own")];

/// Files that may say `std::thread`, each with its reason.
const THREADS: &[(&str, &str)] = &[(
    "engine/combine.rs",
    "lets the threads of its callers go first while more of them come; it has none of its own",
)];

/// Files that may use maps in hash order, each with its reason.
const HASHED: &[(&str, &str)] = &[
    ("workspace/mod.rs", "the working set is looked up by key; `flush` sorts what it writes"),
    ("engine/work.rs", "a set that only says whether a read was seen"),
    ("store/postgres/commit.rs", "a set that only says whether a row was named"),
];

/// What may stand at the top, beside names that begin with a dot.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "crm-core",
    "crm-mobile",
    "crm-node",
    "crm-py",
    "docs",
    "tests",
];

/// What builds, and the commands of the README, make at the top; git ignores it.
const MADE: &[&str] = &["target", "crm-demo", "venv"];

/// Enums whose every word is explained in the glossary.
const WORDS: &[(&str, &[&str])] = &[
    ("command.rs", &["Command"]),
    ("query.rs", &["Query"]),
    ("effect.rs", &["What"]),
    ("effect/receipt.rs", &["Outcome"]),
    ("points/ledger.rs", &["Book", "MovementKind"]),
    ("order/record.rs", &["OrderStatus"]),
    ("customer/profile.rs", &["Buyer", "ConsentSource"]),
    ("offer/rules.rs", &["Effect", "Phase", "Pick", "Objective", "RefundPolicy"]),
    ("coupon/item.rs", &["CouponState"]),
    ("coupon/claim.rs", &["ClaimState"]),
    ("giftcard/card.rs", &["GiftCardState"]),
    ("giftcard/usage.rs", &["UseState"]),
    ("group/state.rs", &["GroupState"]),
    ("group/seat.rs", &["SeatState"]),
];

// ---------------------------------------------------------------------------------------------------------------- the tests

/// To see it fail on the real code: write `use crate::points::Account;` into `tier/step.rs`.
#[test]
fn rooms_import_only_what_lies_below_them() {
    assert_clean(sources().iter().flat_map(|file| imports(&file.path, &file.code)));
    for (path, code) in [
        ("tier/step.rs", "use crate::points::Account;"),
        ("tier/step.rs", "use crate::{limits, points::{Account, Lot}};"),
        ("tier/step.rs", "fn f(a: super::super::points::Account) {}"),
        ("tier.rs", "use super::points::Account;"),
        ("decide/view.rs", "use crate::engine::CustomerSummary;"),
        ("workspace/rows.rs", "use crate::program::Program;"),
        ("workspace/state.rs", "use crate::decide::settle;"),
        ("store/table.rs", "use crate::order::Order;"),
        ("value/time.rs", "use crate::program::Program;"),
        ("points/lot.rs", "fn f() -> crate::Engine { todo() }"),
        ("segment/mod.rs", "use crate::value::Points;"),
    ] {
        assert_ne!(imports(path, code), [""; 0], "{path}: {code}");
    }
    for (path, code) in [
        ("tier/step.rs", "use crate::{limits, value::{Points, Zone}};"),
        ("program/check/earn.rs", "use super::super::walk::Walk; use super::points;"),
        ("order/codec.rs", "pub(in crate::order) const NOW: u8 = 1;"),
    ] {
        assert_eq!(imports(path, code), [""; 0], "{path}: {code}");
    }
}

/// To see it fail: write `use crate::store::MemoryStore;` into `engine/sync.rs`.
#[test]
fn only_the_store_names_backends() {
    let inner = |file: &&Source| !OUTSIDE.contains(&room_of(&file.path)) && file.path != "lib.rs";
    assert_clean(sources().iter().filter(inner).flat_map(|file| words(&file.path, &file.code, BACKENDS)));
    assert_ne!(words("engine/sync.rs", "use crate::store::SqliteStore;", BACKENDS), [""; 0]);
}

/// To see it fail: write `use crm_core::decide::ask;` into `cli/mod.rs`.
#[test]
fn the_command_line_uses_the_public_face() {
    let around = ["#[path", "include!", "rusqlite", "minicbor", "crm_core::decide"];
    let outer = |file: &&Source| matches!(room_of(&file.path), "bin" | "cli");
    assert_clean(sources().iter().filter(outer).flat_map(|f| words(&f.path, &f.code, &around)));
    assert_ne!(words("cli/mod.rs", "#[path = \"\"] mod limits;", &around), [""; 0]);
}

/// To see it fail: write `let share = 0.5_f64;` or `let now = std::time::SystemTime::now();` into `points/award.rs`.
#[test]
fn rules_know_no_floats_no_clock_no_chance_and_no_outside() {
    let files = sources();
    let inner = || files.iter().filter(|file| !OUTSIDE.contains(&room_of(&file.path)));
    let known = |file: &Source, word: &str| word == "std::thread" && listed(THREADS, &file.path);
    let impure = |file: &Source| {
        let forbidden: Vec<&str> = IMPURE.iter().copied().filter(|word| !known(file, word)).collect();
        words(&file.path, &file.code, &forbidden)
    };
    assert_clean(inner().flat_map(impure));
    assert_clean(inner().filter(|f| !listed(FLOATS, &f.path)).flat_map(|f| floats(&f.path, &f.code)));
    assert_clean(
        inner().filter(|f| !listed(HASHED, &f.path)).flat_map(|f| words(&f.path, &f.code, &["HashMap", "HashSet"])),
    );
    assert_clean(still_needed(FLOATS, &files, |file| floats(&file.path, &file.code).is_empty()));
    assert_clean(still_needed(THREADS, &files, |file| words(&file.path, &file.code, &["std::thread"]).is_empty()));
    assert_clean(still_needed(HASHED, &files, |f| words(&f.path, &f.code, &["HashMap", "HashSet"]).is_empty()));
    for code in [
        "let x: f64 = y;",
        "let x = 0.5;",
        "f(1_f32)",
        "1e3",
        "let now = std::time::Instant::now();",
        "use rand::Rng;",
        "println!(\"\")",
    ] {
        let both = [words("points/lot.rs", code, IMPURE), floats("points/lot.rs", code)].concat();
        assert_ne!(both, [""; 0], "{code}");
    }
    assert_eq!(words("points/lot.rs", "fn visit_f64() { operand() }", &["f64", "rand"]), [""; 0], "whole words only");
    assert_eq!(floats("points/lot.rs", "a.0.1 + 0xff + 1_usize + 1..2 + x1e3"), [""; 0], "whole numbers and places");
}

/// To see it fail: add 500 lines to a file, or list a short one in [`LONG`].
#[test]
fn files_stay_short_enough_to_read() {
    let files = sources();
    assert_clean(files.iter().filter(|file| !listed(LONG, &file.path)).flat_map(too_long));
    assert_clean(still_needed(LONG, &files, |file| too_long(file).is_empty()));
    let long = Source::new("points/lot.rs".to_owned(), "fn f() {}\n".repeat(501));
    assert_ne!(too_long(&long), [""; 0]);
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    // { a test\n".repeat(600));
    assert_eq!(too_long(&Source::new("points/lot.rs".to_owned(), tested)), [""; 0], "tests are not counted");
}

/// To see it fail: write `const LINES_MAX: usize = 3;` into any file but `limits.rs`, or a bound without a reason into that one.
#[test]
fn every_bound_is_in_limits_with_its_reason() {
    let files = sources();
    assert_clean(files.iter().filter(|file| file.path != "limits.rs").flat_map(|file| bounds(&file.path, &file.code)));
    let limits = files.iter().find(|file| file.path == "limits.rs").unwrap();
    assert_clean(reasons(&limits.text));
    assert_ne!(bounds("tier/ladder.rs", "const TIERS_MAX: usize = 3;"), [""; 0]);
    assert_ne!(reasons("pub const A_MAX: usize = 1;"), [""; 0]);
    assert_ne!(reasons("/// Most of a thing.\npub const A_MAX: usize = 1;"), [""; 0]);
    assert_eq!(reasons("/// Most of a thing: it fits\n/// a page.\npub const A_MAX: usize = 1;"), [""; 0]);
}

/// To see it fail: write `#[allow(dead_code)]` over any item.
#[test]
fn whoever_allows_something_says_why() {
    let mut files = sources();
    files.extend(below("crm-core/tests"));
    files.extend(below("crm-core/benches"));
    assert_clean(files.iter().flat_map(|file| allowances(&file.path, &blanked(&file.text))));
    assert_ne!(allowances("a.rs", "#[allow(dead_code)]"), [""; 0]);
    assert_ne!(allowances("a.rs", "#![expect(\n    clippy::panic\n)]"), [""; 0]);
    assert_eq!(allowances("a.rs", "#[allow(clippy::large_enum_variant, reason = \"\")] fn allow(x: u8) {}"), [""; 0]);
}

/// To see it fail: give two errors one code, end a help with a full stop, or add a code and leave `docs/reference` as it is.
#[test]
fn every_error_code_is_unique_helped_and_documented() {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| (code.as_str(), code.help())).collect();
    assert_clean(ill_coded(&codes, &read("docs/reference/errors.md")));
    let findings: Vec<_> = FindingCode::ALL.iter().map(|code| (code.as_str(), code.help())).collect();
    assert_clean(ill_coded(&findings, &read("docs/reference/program.md")));
    let page = "`a.b` `c.d` `E`";
    for codes in [[("a.b", "x"), ("a.b", "y")], [("a.b", "x"), ("c.d", "")], [("a.b", "x"), ("c.d", "Stop.")]] {
        assert_ne!(ill_coded(&codes, page), [""; 0], "{codes:?}");
    }
    assert_ne!(ill_coded(&[("E", "x")], page), [""; 0]);
    assert_ne!(ill_coded(&[("x.y", "x")], page), [""; 0]);
}

/// To see it fail: write the day of today into a guide, outside of an example.
#[test]
fn documents_do_not_age() {
    let mut pages = Vec::new();
    walk(&root().join("docs"), "md", &mut pages);
    walk(&root().join("tests"), "md", &mut pages);
    pages.extend(
        ["README.md", "crm-py/README.md", "crm-node/README.md", "crm-mobile/README.md"].map(|p| root().join(p)),
    );
    for page in pages {
        assert_clean(dates(&page.display().to_string(), &fs::read_to_string(&page).unwrap()));
    }
    assert_ne!(dates("a.md", "as of 2026-03-01"), [""; 0]);
    assert_ne!(dates("a.md", "```json\n{}\n```\nin 2027-12"), [""; 0]);
    assert_eq!(dates("a.md", "```json\n\"2026-03-01\"\n```\nsuch as `2026-03-01`, 1,2026-bit"), [""; 0]);
}

/// To see it fail: take a line out of either table, or allow unsafe code in another file of the Python binding.
#[test]
fn the_binding_with_unsafe_code_has_the_lints_of_the_workspace() {
    let lints = |text: &str, name: &str| -> Vec<String> {
        let table = text.split(&format!("[{name}]\n")).nth(1).unwrap_or_default();
        table.lines().take_while(|line| !line.starts_with('[')).filter(|l| l.contains('=')).map(str::to_owned).collect()
    };
    let (whole, own) = (read("Cargo.toml"), read("crm-py/Cargo.toml"));
    assert_ne!(lints(&whole, "workspace.lints.clippy"), [""; 0]);
    assert_eq!(lints(&own, "lints.clippy"), lints(&whole, "workspace.lints.clippy"));
    let denied: Vec<_> =
        lints(&whole, "workspace.lints.rust").iter().map(|line| line.replace("\"forbid\"", "\"deny\"")).collect();
    assert_eq!(lints(&own, "lints.rust"), denied);
    let sources =
        below("crm-py/src").into_iter().filter(|file| words(&file.path, &file.text, &["unsafe_code"]) != [""; 0]);
    let unsafe_files: Vec<_> = sources.map(|file| file.path).collect();
    assert_eq!(unsafe_files.len(), 1, "{unsafe_files:?}");
    assert!(unsafe_files[0].ends_with("ffi.rs"), "{unsafe_files:?}");
}

/// To see it fail: create a file at the top.
#[test]
fn nothing_is_added_at_the_top() {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let entries: BTreeSet<String> = entries.collect();
    assert_clean(top(&entries));
    let with = |name: &str| entries.iter().cloned().chain([name.to_owned()]).collect::<BTreeSet<_>>();
    assert_ne!(top(&with("scripts")), [""; 0]);
    let without: BTreeSet<_> = entries.iter().filter(|name| *name != "docs").cloned().collect();
    assert_ne!(top(&without), [""; 0]);
    assert_eq!(top(&with(".gitattributes")), [""; 0]);
}

/// To see it fail: add a command, or take a word out of the glossary.
#[test]
fn the_glossary_has_every_word_of_the_border() {
    let glossary = read("docs/GLOSSARY.md");
    for (path, names) in WORDS {
        let text = read(&format!("crm-core/src/{path}"));
        for name in *names {
            let words = variants(&text, name);
            assert!(1 < words.len(), "{path}: `{name}` is not there any more");
            assert_clean(missing(&glossary, &words).into_iter().map(|word| format!("{path}: {name}: {word}")));
        }
    }
    assert_eq!(
        variants(
            "pub enum Q {\n    /// A.\n    FindAll {\n        /// X.\n        id: A,\n    },\n    B(C),\n}\n",
            "Q"
        ),
        ["find_all", "b"]
    );
    assert_ne!(missing("`find`, `order`", &["find".to_owned(), "wallet".to_owned()]), [""; 0]);
}

// ------------------------------------------------------------------------------------------------------------ how they check

/// Imports of a file that its room may not make.
fn imports(path: &str, code: &str) -> Vec<String> {
    let room = room_of(path);
    if matches!(room, "lib" | "bin") {
        return Vec::new();
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{path}: `{room}` is not among the rooms of this test")];
    };
    let from_root = from_root(path, code);
    let foreign = from_root.iter().filter_map(|name| {
        let target = FACE.iter().find(|(shown, _)| shown == name).map_or(name.as_str(), |(_, room)| room);
        let fine = target == room || allowed.contains(&target) || GROUND.contains(&target);
        (!fine).then(|| format!("{path}: `{room}` imports `{name}`"))
    });
    foreign.collect()
}

/// The first names of all paths that begin at the root of the crate, whether by `crate::` or by enough `super::`.
fn from_root(path: &str, code: &str) -> BTreeSet<String> {
    let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let depth = stem.split('/').count();
    let mut names = BTreeSet::new();
    for (start, rest) in word_starts(code, "crate::").chain(word_starts(code, "super::")) {
        let after = if rest.starts_with("crate::") {
            rest.strip_prefix("crate::")
        } else if code.get(..start).is_some_and(|before| before.ends_with("super::")) {
            None // in the middle of a chain that was looked at from its start
        } else {
            let mut tail = rest;
            let mut up = 0;
            while let Some(shorter) = tail.strip_prefix("super::") {
                (tail, up) = (shorter, up + 1);
            }
            (depth <= up).then_some(tail).filter(|tail| up == depth && !tail.starts_with('*'))
        };
        let Some(after) = after else { continue };
        match after.strip_prefix('{') {
            Some(group) => names.extend(heads(group)),
            None => names.extend(head(after)),
        }
    }
    names
}

/// The first names of the parts of a group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut names, mut nested, mut fresh) = (Vec::new(), 0_u32, true);
    for (place, c) in group.char_indices() {
        match c {
            '{' => nested += 1,
            '}' if nested == 0 => break,
            '}' => nested -= 1,
            ',' if nested == 0 => fresh = true,
            c if c.is_whitespace() => {}
            _ if fresh && nested == 0 => {
                names.extend(head(&group[place..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

fn head(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Where a word begins that starts with `word`, and the rest from there.
fn word_starts<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).filter(move |(at, _)| !code[..*at].ends_with(inside)).map(|(at, _)| (at, &code[at..]))
}

/// Forbidden words in a file.
fn words(path: &str, code: &str, forbidden: &[&str]) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for word in forbidden {
        for (at, rest) in word_starts(code, word) {
            if !rest[word.len()..].starts_with(inside) {
                let line = code[..at].lines().count().max(1);
                found.push(format!("{path}:{line}: `{word}`"));
            }
        }
    }
    found
}

/// Floats by their types and by their literals.
fn floats(path: &str, code: &str) -> Vec<String> {
    let mut found = words(path, code, &["f32", "f64"]);
    let mut before = ' ';
    for (at, c) in code.char_indices() {
        // A number begins here, and is no field of a tuple and no part of a name.
        if c.is_ascii_digit() && before != '.' && !is_name(before) {
            let number: String = code[at..].chars().take_while(|c| is_name(*c)).collect();
            let mut rest = code[at + number.len()..].chars();
            let fraction = rest.next() == Some('.') && rest.next().is_some_and(|c| c.is_ascii_digit());
            let decimal = !number.starts_with("0x") && number.contains(['e', 'f']) && !number.ends_with("size");
            if fraction || decimal {
                let line = code[..at].lines().count().max(1);
                found.push(format!("{path}:{line}: `{number}` is a float"));
            }
        }
        before = c;
    }
    found
}

fn too_long(file: &Source) -> Vec<String> {
    let lines = file.untested.lines().count();
    if lines <= 500 { Vec::new() } else { vec![format!("{}: {lines} lines without tests", file.path)] }
}

/// Bounds that stand in the wrong place.
fn bounds(path: &str, code: &str) -> Vec<String> {
    let named = word_starts(code, "const ").filter_map(|(_, rest)| head(rest.trim_start_matches("const ")));
    named.filter(|name| name.ends_with("_MAX")).map(|name| format!("{path}: `{name}` belongs into limits.rs")).collect()
}

/// Bounds without a reason: their comment has nothing after a colon or semicolon.
fn reasons(limits: &str) -> Vec<String> {
    let (mut comment, mut found) = (String::new(), Vec::new());
    for line in limits.lines() {
        match (line.strip_prefix("///"), line.strip_prefix("pub const ")) {
            (Some(part), _) => comment.push_str(part),
            (_, Some(bound)) => {
                if !comment.contains(": ") && !comment.contains("; ") {
                    found.push(format!("limits.rs: `{}` has no reason", head(bound).unwrap_or_default()));
                }
                comment.clear();
            }
            _ => comment.clear(),
        }
    }
    found
}

/// Allowances without a reason.
fn allowances(path: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in ["allow(", "expect("] {
        for (at, rest) in word_starts(code, word) {
            let line = code[..at].lines().count().max(1);
            let attribute = code[..at].trim_end().ends_with('[');
            let inside = rest.split(']').next().unwrap_or_default();
            if attribute && !inside.contains("reason =") {
                found.push(format!("{path}:{line}: no reason is given"));
            }
        }
    }
    found
}

/// Codes that are not unique, not of the form `area.word`, without a proper help, or not on their page.
fn ill_coded(codes: &[(&str, &str)], page: &str) -> Vec<String> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for (code, help) in codes {
        if !seen.insert(code) {
            found.push(format!("`{code}` stands for two things"));
        }
        if !code.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '.' | '_')) {
            found.push(format!("`{code}` is not written as codes are"));
        }
        if help.is_empty() || help.ends_with('.') || help.starts_with(char::is_uppercase) && !help.starts_with("ISO") {
            found.push(format!("`{code}` has no help in lower case without a final stop: {help}"));
        }
        if !page.contains(&format!("`{code}`")) {
            found.push(format!("`{code}` is not documented; run the tests with UPDATE=1"));
        }
    }
    found
}

/// Dates of our time in running text; examples in fences and backticks may have some.
fn dates(path: &str, text: &str) -> Vec<String> {
    let (mut fenced, mut found) = (false, Vec::new());
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        let bytes = prose.as_bytes();
        let dated = bytes.windows(7).enumerate().any(|(at, w)| {
            let starts = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b',');
            let digits = [2, 3, 5, 6].iter().all(|place| w[*place].is_ascii_digit());
            starts && w.starts_with(b"20") && w[2] != b'1' && w[4] == b'-' && digits
        });
        if dated && !fenced {
            found.push(format!("{path}:{}: {}", number + 1, line.trim()));
        }
    }
    found
}

/// What stands at the top and should not, and what should and does not.
fn top(entries: &BTreeSet<String>) -> Vec<String> {
    let extra = entries
        .iter()
        .filter(|name| !name.starts_with('.') && !MADE.contains(&name.as_str()) && !TOP.contains(&name.as_str()));
    let extra = extra.map(|name| format!("`{name}` does not belong at the top"));
    let missing = TOP.iter().filter(|name| !entries.contains(**name)).map(|name| format!("`{name}` is missing"));
    extra.chain(missing).collect()
}

/// The words of an enum as they cross the border.
fn variants(text: &str, name: &str) -> Vec<String> {
    let Some((_, body)) = text.split_once(&format!("pub enum {name} {{\n")) else { return Vec::new() };
    let body = body.lines().take_while(|line| *line != "}");
    let names = body.filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with(char::is_uppercase));
    names.filter_map(head).map(|name| snake(&name)).collect()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn missing(glossary: &str, words: &[String]) -> Vec<String> {
    let lacks = |word: &&String| !glossary.contains(&format!("`{word}`"));
    words.iter().filter(lacks).map(|word| format!("`{word}` is not in the glossary")).collect()
}

// ------------------------------------------------------------------------------------------------------------- what they read

/// A source file of the crate.
struct Source {
    /// Below `src`, with `/`.
    path: String,
    text: String,
    /// The text without test modules.
    untested: String,
    /// The same without comments and the insides of texts; lines stay where they are.
    code: String,
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let (untested, code) = without_tests(&text, &blanked(&text));
        Self { path, text, untested, code }
    }
}

/// The room of a file: the first part of its path.
fn room_of(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files of the crate that are not tests.
fn sources() -> Vec<Source> {
    let files = below("crm-core/src").into_iter().filter(|file| !is_test(&file.path)).collect::<Vec<_>>();
    assert!(50 < files.len(), "the sources are not where this test looks for them");
    files
}

fn below(folder: &str) -> Vec<Source> {
    let folder = root().join(folder);
    let mut paths = Vec::new();
    walk(&folder, "rs", &mut paths);
    let relative = |path: &Path| path.strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/");
    paths.iter().map(|path| Source::new(relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn walk(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, extension, out);
        } else if path.extension().is_some_and(|found| found == extension) {
            out.push(path);
        }
    }
}

/// Whether a file is a test by its name; the modules of these are behind `#[cfg(test)]` where they are declared.
fn is_test(path: &str) -> bool {
    let mut parts = path.trim_end_matches(".rs").split('/');
    parts.any(|part| matches!(part, "tests" | "laws") || part.ends_with("_tests"))
}

/// Takes modules behind `#[cfg(test)]` out, by the braces of the blanked code.
fn without_tests(text: &str, code: &str) -> (String, String) {
    let keep = kept_lines(code);
    let take = |from: &str| {
        let lines = from.lines().enumerate().filter(|(number, _)| keep.get(*number).copied().unwrap_or(true));
        lines.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    // The code keeps its lines, so that a message can name them.
    let lines = code.lines().enumerate();
    let code = lines.map(|(n, line)| if keep.get(n).copied().unwrap_or(true) { line } else { "" });
    (take(text), code.map(|line| format!("{line}\n")).collect())
}

/// Which lines of blanked code are outside of test modules.
fn kept_lines(code: &str) -> Vec<bool> {
    let lines: Vec<&str> = code.lines().collect();
    let mut keep = Vec::with_capacity(lines.len());
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let next = lines.get(number + 1).copied().unwrap_or_default().trim_start();
        let module = line.trim() == "#[cfg(test)]" && (next.starts_with("mod ") || next.starts_with("pub(crate) mod "));
        if !module || next.ends_with(';') {
            keep.push(true);
            number += 1;
            continue;
        }
        let mut open = 0_i64;
        loop {
            keep.push(false);
            let line = lines.get(number).copied().unwrap_or("}");
            let (before, opened, closed) = (open, line.matches('{').count(), line.matches('}').count());
            open += i64::try_from(opened).unwrap() - i64::try_from(closed).unwrap();
            number += 1;
            if (0 < before || 0 < opened) && open <= 0 || lines.len() <= number {
                break;
            }
        }
    }
    keep
}

/// The text with comments and the insides of texts and characters as blanks; lines stay where they are.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => end_of_line(&chars, at),
            ('/', Some('*')) => end_of_block(&chars, at),
            ('"', _) => end_of_text(&chars, at),
            ('r', Some('"' | '#')) if at == 0 || !is_name(chars[at - 1]) || chars[at - 1] == 'b' => {
                end_of_raw(&chars, at)
            }
            ('\'', _) => end_of_character(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let quoted = chars[at] == '"';
        for (place, c) in chars[at..end].iter().enumerate() {
            let edge = quoted && (place == 0 || place + 1 == end - at);
            out.push(if *c == '\n' || edge { *c } else { ' ' });
        }
        at = end;
    }
    out
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    at + chars[at..].iter().position(|c| *c == '\n').unwrap_or(chars.len() - at)
}

fn end_of_block(chars: &[char], at: usize) -> usize {
    let (mut place, mut depth) = (at, 0_u32);
    while place < chars.len() {
        match (chars[place], chars.get(place + 1)) {
            ('/', Some('*')) => (depth, place) = (depth + 1, place + 2),
            ('*', Some('/')) => (depth, place) = (depth - 1, place + 2),
            _ => place += 1,
        }
        if depth == 0 {
            break;
        }
    }
    place
}

fn end_of_text(chars: &[char], at: usize) -> usize {
    let mut place = at + 1;
    while place < chars.len() && chars[place] != '"' {
        place += if chars[place] == '\\' { 2 } else { 1 };
    }
    (place + 1).min(chars.len())
}

fn end_of_raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return at;
    }
    let mut place = at + 2 + hashes;
    while place < chars.len() {
        let closed =
            chars[place] == '"' && chars[place + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        place += 1;
        if closed {
            return place + hashes;
        }
    }
    place
}

/// A character such as `'"'`; a lifetime ends where it begins.
fn end_of_character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let end = chars[at + 3..].iter().position(|c| *c == '\'').map(|place| at + 4 + place);
            end.unwrap_or(at)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

#[test]
fn reading_leaves_only_code() {
    assert_eq!(blanked("a // b\nc /* d /* e */ f */ g"), "a     \nc                   g");
    assert_eq!(blanked(r#"x("crate::a\"b", 'c', '"', '\'', &'d)"#), r#"x("           ",    ,    ,     , &'d)"#);
    assert_eq!(blanked("r#\"crate::a\"b\"# + r"), "                + r");
    let (text, code) =
        without_tests("a\n#[cfg(test)]\nmod t {\n    {}\n}\nb\n", "a\n#[cfg(test)]\nmod t {\n    {}\n}\nb\n");
    assert_eq!((text.as_str(), code.as_str()), ("a\nb\n", "a\n\n\n\n\nb\n"));
    assert!(is_test("points/laws.rs") && is_test("program/tests/schema.rs") && is_test("order/book_tests.rs"));
    assert!(!is_test("points/lot.rs"));
}

fn listed(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(known, _)| *known == path)
}

/// Exceptions that nobody needs any more.
fn still_needed(list: &[(&str, &str)], files: &[Source], idle: impl Fn(&Source) -> bool) -> Vec<String> {
    let needed = |path: &str| files.iter().any(|file| file.path == path && !idle(file));
    list.iter().filter(|(path, _)| !needed(path)).map(|(path, _)| format!("{path} needs no exception")).collect()
}

#[track_caller]
fn assert_clean(found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
