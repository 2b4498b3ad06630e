//! Reference pages are made from the code, and what documents show is tried. `UPDATE=1 cargo test -p crm-core --test docs` writes the pages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests"
)]

use crm_core::command::{Command, Request};
use crm_core::program::Program;
use crm_core::query::Query;
use crm_core::store::{ColumnType, Table};
use crm_core::{ErrorCode, Retry};
use std::collections::VecDeque;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const MADE: &str = "\nThis page is made from the code by a test; edit the code.\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Compares a page with the one in the tree, or writes it.
#[track_caller]
fn generated(path: &str, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        let path = root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = read(path);
    let line = found.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
    assert!(
        found == text,
        "{path} differs from the code in line {line}: run `UPDATE=1 cargo test -p crm-core --test docs`"
    );
}

// -------------------------------------------------------------------------------------------------------------------- errors

#[test]
fn the_page_of_errors_is_made_from_the_codes() {
    let mut page = String::from(
        "# Errors\n\nEvery refusal and every fault has a stable code. Codes are never renamed; new ones may be added, so treat an unknown code by its\n\
         `retry`. An error crosses every border as `{code, message, details, help, retry}`: match on `code`, show `message` and `help` to people, and\n\
         read numbers from `details` (`field` names the place, `limit` the bound that was broken). Messages may change.\n\n\
         After an error nothing has changed. `later` means that the same call with the same request id may succeed; `no` means that it will be\n\
         refused again.\n",
    );
    page.push_str(MADE);
    let mut area = "";
    for code in ErrorCode::ALL {
        let of = code.as_str().split('.').next().unwrap();
        if of != area {
            area = of;
            write!(page, "\n## {area}\n\n| code | retry | what to do |\n|---|---|---|\n").unwrap();
        }
        let retry = match code.retry() {
            Retry::No => "no",
            Retry::Later => "later",
        };
        writeln!(page, "| `{}` | {retry} | {} |", code.as_str(), code.help().replace('|', "\\|")).unwrap();
    }
    generated("docs/reference/errors.md", &page);
}

// -------------------------------------------------------------------------------------------------------------------- tables

/// Questions that people with a SQL prompt ask; each is run against an empty database.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "Members by tier and stage, as of the last command of each",
        "SELECT tier, stage, activity, count(*) AS members, sum(points) AS points\nFROM customer GROUP BY tier, stage, activity ORDER BY members DESC;",
    ),
    (
        "Revenue and refunds by month, in minor units",
        "SELECT strftime('%Y-%m', paid_at / 1000, 'unixepoch') AS month, currency, count(*) AS orders,\n       sum(total_minor) AS paid, sum(refunded_minor) AS refunded\nFROM orders WHERE status NOT IN ('cancelled', 'reverted') GROUP BY month, currency ORDER BY month;",
    ),
    (
        "What happened to one customer",
        "SELECT seq, kind, effective_at, currency, points, subject FROM entry_view WHERE customer_id = 'ann' ORDER BY seq;",
    ),
    ("Whose phone number is it?", "SELECT customer_id FROM identity WHERE name = 'phone:+8613800138000';"),
    ("What does a sweep have to do by now?", "SELECT count(*) FROM customer WHERE next_due_at <= unixepoch() * 1000;"),
    (
        "Everything new since the last export (a cursor over the journal of one bucket)",
        "SELECT * FROM entry WHERE bucket = 17 AND (customer_id, seq) > ('ann', 42) ORDER BY customer_id, seq LIMIT 1000;",
    ),
];

#[test]
fn the_page_of_tables_is_made_from_their_descriptions() {
    let mut page = String::from(
        "# Tables\n\nWhat lies in the database, for people with a SQL prompt or a BI tool. Read as you like, also while the engine works; **never write**: the\n\
         library is the only writer, and it believes what it finds.\n\n\
         - Instants are whole milliseconds since 1970 in UTC, columns named `…_at`. Amounts are minor units (cents), columns named `…_minor`.\n\
         - In SQLite every table has a view beside it, such as `entry_view`: without blobs, and with instants as text.\n\
         - In PostgreSQL as well, with instants as `timestamptz`, and with each meaning as a comment. [Who may read what](../guides/postgresql.md#readers).\n\
         - Every key begins with `bucket`, the hash of its owner: name it, or the rest of the key will not help a query by key.\n\
         - `customer` shows the state **as of the last command**. Expiry, tier and stage move with time alone; run `sweep` before a report, or ask the\n\
           engine, whose answers never depend on a sweep.\n\
         - `entry.currency` and `entry.points` show the first point currency that an entry moved. Sums over all currencies come from the engine\n\
           (`liability`, `wallet`), which reads the bodies.\n\
         - Columns of type blob are in the library's own form and may change with every schema version.\n",
    );
    page.push_str(MADE);
    for table in Table::ALL {
        let table = table.describe();
        write!(
            page,
            "\n## {}\n\nA row is {}.\n\n| column | type | meaning |\n|---|---|---|\n",
            table.name, table.meaning
        )
        .unwrap();
        for (place, column) in table.columns.iter().enumerate() {
            let kind = match column.kind {
                ColumnType::Int => "integer",
                ColumnType::Text => "text",
                ColumnType::Blob => "blob",
            };
            let null = if column.nullable { " or null" } else { "" };
            let key = if place < table.key { " (key)" } else { "" };
            writeln!(page, "| `{}`{key} | {kind}{null} | {} |", column.name, column.meaning).unwrap();
        }
        for index in table.indexes {
            let names: Vec<&str> = index.columns.iter().map(|place| table.columns[*place].name).collect();
            let unique = if index.unique { "unique index" } else { "index" };
            write!(page, "\n`{}`: {unique} on {}", index.name, names.join(", ")).unwrap();
            if let Some(place) = index.not_null {
                write!(page, ", where `{}` is not null", table.columns[place].name).unwrap();
            }
            page.push_str(".\n");
        }
    }
    page.push_str("\n## Questions\n\nFor SQLite.\n");
    for (question, sql) in EXAMPLES {
        write!(page, "\n{question}:\n\n```sql\n{sql}\n```\n").unwrap();
    }
    generated("docs/reference/tables.md", &page);
}

#[cfg(feature = "sqlite")]
#[test]
fn the_questions_of_the_page_of_tables_have_answers() {
    use crm_core::store::{SqliteOptions, SqliteStore, Store};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    SqliteStore::open(&path, SqliteOptions::default()).unwrap().close().unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    for (question, sql) in EXAMPLES {
        let mut statement = database.prepare(sql).unwrap_or_else(|error| panic!("{question}: {error}"));
        let mut rows = statement.query([]).unwrap();
        while rows.next().unwrap_or_else(|error| panic!("{question}: {error}")).is_some() {}
    }
}

// ------------------------------------------------------------------------------------------------------------------ commands

/// One of each command.
const COMMANDS: &[&str] = &[
    r#"{ "type": "register_customer", "customer_id": "ann", "identifiers": [{ "type": "phone", "value": "+86 138 0013 8000" }],
  "profile": { "name": "Ann", "birthday": "1990-02-28" }, "tags": ["vip"], "referred_by": "bob" }"#,
    r#"{ "type": "update_customer", "customer_id": "ann",
  "change": { "profile": { "name": "Anna" }, "clear": ["note"], "add_tags": ["newsletter"],
              "set_attributes": { "size": { "type": "text", "value": "M" } } } }"#,
    r#"{ "type": "record_consent", "customer_id": "ann",
  "consent": { "purpose": "marketing", "channel": "sms", "state": "granted", "source": { "type": "customer" },
               "stated_at": "2026-03-01T10:00:00+08:00" } }"#,
    r#"{ "type": "record_order", "buyer": { "type": "known_or_new", "identifiers": [{ "type": "phone", "value": "+86 138 0013 8000" }] },
  "order": { "id": "o1", "paid_at": "2026-03-01T10:05:00+08:00", "currency": "CNY", "shipping": "8.00", "channel": "taobao",
             "lines": [{ "sku": "tea", "category": "drinks", "quantity": 2, "unit_price": "19.99", "discount": "3.00" }] } }"#,
    r#"{ "type": "record_refund",
  "refund": { "id": "f1", "order": "o1", "refunded_at": "2026-03-09T09:00:00+08:00",
              "what": { "type": "lines", "lines": [{ "line_no": 1, "quantity": 1 }] } } }"#,
    r#"{ "type": "cancel_order", "order_id": "o1" }"#,
    r#"{ "type": "record_event", "buyer": { "type": "customer", "id": "ann" },
  "event": { "id": "e1", "name": "review", "happened_at": "2026-03-10T12:00:00+08:00" } }"#,
    r#"{ "type": "earn_points", "customer_id": "ann", "currency": "points", "points": 100, "usable_through": "2026-12-31" }"#,
    r#"{ "type": "spend_points", "customer_id": "ann", "currency": "points", "points": 40, "redemption_id": "gift-7" }"#,
    r#"{ "type": "hold_points", "customer_id": "ann", "currency": "points", "points": 40, "hold_id": "h1",
  "until": "2026-03-10T12:15:00+08:00" }"#,
    r#"{ "type": "capture_hold", "customer_id": "ann", "hold_id": "h1", "points": 30 }"#,
    r#"{ "type": "release_hold", "customer_id": "ann", "hold_id": "h1" }"#,
    r#"{ "type": "reverse_redemption", "customer_id": "ann", "redemption_id": "gift-7" }"#,
    r#"{ "type": "adjust_points", "customer_id": "ann", "currency": "points", "points": -5 }"#,
    r#"{ "type": "transfer_points", "from": "ann", "to": "bob", "currency": "points", "points": 10 }"#,
    r#"{ "type": "activate_points", "order_id": "o1" }"#,
    r#"{ "type": "lock_tier", "customer_id": "ann", "ladder": "club", "tier": "gold", "through": "2026-12-31" }"#,
    r#"{ "type": "unlock_tier", "customer_id": "ann", "ladder": "club" }"#,
    r#"{ "type": "use_benefit", "customer_id": "ann", "ladder": "club", "benefit": "lounge" }"#,
    r#"{ "type": "settle", "customer_id": "ann" }"#,
    r#"{ "type": "revert_order", "order_id": "o1" }"#,
    r#"{ "type": "unregister", "customer_id": "ann" }"#,
    r#"{ "type": "issue_coupon", "customer_id": "ann", "coupon_id": "c1", "offer": "welcome", "code": "ANN-5-OFF" }"#,
    r#"{ "type": "revoke_coupon", "customer_id": "ann", "coupon_id": "c1" }"#,
    r#"{ "type": "transfer_coupon", "from": "ann", "to": "bob", "coupon_id": "c1" }"#,
    r#"{ "type": "buy_coupon", "customer_id": "ann", "coupon_id": "c2", "offer": "coffee-for-points" }"#,
    r#"{ "type": "claim_offers", "customer_id": "ann", "claim_id": "checkout-17", "hold_seconds": 900, "expect_total": "34.98",
  "expect_due": "14.98", "cart": { "currency": "CNY", "codes": ["spring 10"], "gift_cards": [{ "code": "k7px 22qd 9mna", "amount": "20.00" }],
  "lines": [{ "sku": "tea", "quantity": 2, "unit_price": "19.99" }] } }"#,
    r#"{ "type": "confirm_claim", "customer_id": "ann", "claim_id": "checkout-17" }"#,
    r#"{ "type": "release_claim", "customer_id": "ann", "claim_id": "checkout-17" }"#,
    r#"{ "type": "try_code", "customer_id": "bob", "code": "k7px 22qd 9mna" }"#,
    r#"{ "type": "issue_gift_card", "customer_id": "ann", "card_id": "card-1", "currency": "CNY", "amount": "200.00",
  "code": "K7PX-22QD-9MNA", "order_id": "o1", "line_no": 1 }"#,
    r#"{ "type": "hold_gift_card", "customer_id": "bob", "code": "k7px 22qd 9mna", "amount": "80.00", "hold_id": "checkout-18",
  "until": "2026-03-10T12:15:00+08:00" }"#,
    r#"{ "type": "capture_gift_card", "customer_id": "bob", "hold_id": "checkout-18", "amount": "65.00", "order_id": "o2" }"#,
    r#"{ "type": "release_gift_card", "customer_id": "bob", "hold_id": "checkout-18" }"#,
    r#"{ "type": "spend_gift_card", "customer_id": "bob", "card_id": "card-1", "amount": "20.00", "redemption_id": "till-3-0815" }"#,
    r#"{ "type": "restore_gift_card", "customer_id": "bob", "redemption_id": "till-3-0815", "amount": "5.00" }"#,
    r#"{ "type": "freeze_gift_card", "customer_id": "ann", "card_id": "card-1" }"#,
    r#"{ "type": "unfreeze_gift_card", "customer_id": "ann", "card_id": "card-1" }"#,
    r#"{ "type": "open_group", "customer_id": "ann", "group_id": "g-4711", "rules": "tea-for-three" }"#,
    r#"{ "type": "join_group", "customer_id": "bob", "group_id": "g-4711" }"#,
    r#"{ "type": "pay_seat", "customer_id": "bob", "group_id": "g-4711", "order_id": "o2" }"#,
    r#"{ "type": "leave_group", "customer_id": "bob", "group_id": "g-4711" }"#,
    r#"{ "type": "refund_seat", "customer_id": "bob", "group_id": "g-4711", "refund_id": "f2" }"#,
];

/// One of each question.
const QUERIES: &[&str] = &[
    r#"{ "type": "customer", "customer_id": "ann" }"#,
    r#"{ "type": "find", "identifier": { "type": "phone", "value": "+86 138 0013 8000" } }"#,
    r#"{ "type": "wallet", "customer_id": "ann", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "lots", "customer_id": "ann", "currency": "points", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "statement", "customer_id": "ann", "after": 0, "limit": 50 }"#,
    r#"{ "type": "order", "order_id": "o1" }"#,
    r#"{ "type": "tier", "customer_id": "ann", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "lifecycle", "customer_id": "ann", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "benefits", "customer_id": "ann", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "consent", "customer_id": "ann" }"#,
    r#"{ "type": "quote", "customer_id": "ann", "at": "2026-03-10T12:00:00+08:00",
  "cart": { "currency": "CNY", "lines": [{ "sku": "tea", "quantity": 2, "unit_price": "19.99" }] } }"#,
    r#"{ "type": "coupons", "customer_id": "ann", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "claim", "customer_id": "ann", "claim_id": "checkout-17", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "refund_plan", "order_id": "o1", "lines": [{ "line_no": 1, "quantity": 1 }] }"#,
    r#"{ "type": "limits", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "liability", "at": "2026-03-31T23:59:59+08:00" }"#,
    r#"{ "type": "due", "until": "2026-03-31T23:59:59+08:00", "limit": 100 }"#,
    r#"{ "type": "gift_card", "code": "K7PX-22QD-9MNA", "at": "2026-03-10T12:00:00+08:00" }"#,
    r#"{ "type": "gift_card_liability", "at": "2026-03-31T23:59:59+08:00" }"#,
    r#"{ "type": "group", "group_id": "g-4711", "at": "2026-03-10T12:00:00+08:00" }"#,
];

/// Where the types of the border are declared.
const DECLARED: &[&str] = &[
    "command.rs",
    "query.rs",
    "command/giftcards.rs",
    "command/groups.rs",
    "command/offers.rs",
    "command/tiers.rs",
    "command/upkeep.rs",
    "offer/cart.rs",
    "offer/cards.rs",
    "offer/receipt.rs",
    "value/tax.rs",
    "customer/profile.rs",
    "order/facts.rs",
    "value/attribute.rs",
    "value/amount.rs",
];

#[test]
fn the_page_of_commands_is_made_from_the_types() {
    let items: Vec<Item> = DECLARED.iter().flat_map(|path| items(&read(&format!("crm-core/src/{path}")))).collect();
    let mut page = String::from(
        "# Commands and questions\n\nEvery change is a request: an id, an instant, and one command in `do`. `Engine::execute` carries it out once, `preview` tells what it would do,\n\
         `execute_many` carries many out in one commit. Every read is a question; answers never depend on whether a sweep has run.\n\n\
         - Money and decimals are texts (`\"12.50\"`), points are whole numbers, instants are RFC 3339 with an offset, days are `YYYY-MM-DD`.\n\
         - A thing with variants says which one it is in its field `type`. Unknown fields are refused; a field without a value is left out.\n\
         - What a command may be refused with stands in [errors](errors.md); what the words mean, in the [glossary](../GLOSSARY.md).\n",
    );
    page.push_str(MADE);
    let mut queue = VecDeque::new();
    let by_name = |name: &str| items.iter().find(|item| item.name == name);
    page.push_str("\n# Requests\n");
    section(&mut page, by_name("Request").unwrap(), "##", &items, &mut queue);
    queue.clear();
    variants(&mut page, "Commands", by_name("Command").unwrap(), COMMANDS, &items, &mut queue);
    variants(&mut page, "Questions", by_name("Query").unwrap(), QUERIES, &items, &mut queue);
    page.push_str("\n# Types\n");
    let mut seen: Vec<String> = vec!["Command".to_owned()];
    while let Some(name) = queue.pop_front() {
        if !seen.contains(&name) {
            section(&mut page, by_name(&name).unwrap(), "##", &items, &mut queue);
            seen.push(name);
        }
    }
    generated("docs/reference/commands.md", &page);
}

#[test]
fn every_command_and_question_has_an_example_that_parses() {
    let texts = [read("crm-core/src/command.rs"), read("crm-core/src/query.rs")];
    for (text, name, examples) in [(&texts[0], "Command", COMMANDS), (&texts[1], "Query", QUERIES)] {
        let all = items(text);
        let item = all.iter().find(|item| item.name == name).unwrap();
        for (variant, example) in item.fields.iter().zip(examples) {
            let parsed = match name {
                "Command" => {
                    serde_json::from_str::<Command>(example).map(|command| serde_json::to_value(command).unwrap())
                }
                _ => serde_json::from_str::<Query>(example).map(|query| serde_json::to_value(query).unwrap()),
            };
            assert_eq!(parsed.unwrap_or_else(|error| panic!("{example}: {error}"))["type"], variant.name);
        }
        assert_eq!(item.fields.len(), examples.len(), "one example for each of {name}");
    }
}

fn variants(
    page: &mut String,
    title: &str,
    item: &Item,
    examples: &[&str],
    all: &[Item],
    queue: &mut VecDeque<String>,
) {
    writeln!(page, "\n# {title}\n").unwrap();
    for variant in &item.fields {
        let Field { name, about, .. } = variant;
        writeln!(page, "- [`{name}`](#{}-{name}): {about}", item.name.to_lowercase()).unwrap();
    }
    for (variant, example) in item.fields.iter().zip(examples) {
        // The kind of thing is in the heading, so that the question `order` and the type `Order` have different anchors.
        writeln!(page, "\n## {} `{}`\n\n{}", item.name, variant.name, variant.about).unwrap();
        let inner = all.iter().find(|item| item.name == variant.kind);
        table(page, inner.map_or(&variant.fields, |inner| &inner.fields), all, queue);
        writeln!(page, "\n```json\n{example}\n```").unwrap();
    }
}

fn section(page: &mut String, item: &Item, level: &str, all: &[Item], queue: &mut VecDeque<String>) {
    assert_ne!(item.about, "", "{} says what it is", item.name);
    writeln!(page, "\n{level} {}\n\n{}", item.name, item.about).unwrap();
    if !item.is_enum {
        table(page, &item.fields, all, queue);
    } else if item.is_tagged {
        for variant in &item.fields {
            writeln!(page, "\n{level}# `{}`\n\n{}", variant.name, variant.about).unwrap();
            table(page, &variant.fields, all, queue);
        }
    } else {
        page.push_str("\n| word | meaning |\n|---|---|\n");
        for variant in &item.fields {
            writeln!(page, "| `\"{}\"` | {} |", variant.name, variant.about).unwrap();
        }
    }
}

fn table(page: &mut String, fields: &[Field], all: &[Item], queue: &mut VecDeque<String>) {
    if fields.is_empty() {
        return;
    }
    page.push_str("\n| field | type | needed | meaning |\n|---|---|---|---|\n");
    for field in fields {
        let needed = if field.optional { "no" } else { "**yes**" };
        let kind = kind(&field.kind, all, queue);
        writeln!(page, "| `{}` | {kind} | {needed} | {} |", field.name, field.about.replace('|', "\\|")).unwrap();
    }
}

/// The words for a type.
fn kind(name: &str, all: &[Item], queue: &mut VecDeque<String>) -> String {
    let name = if name.contains('<') { name } else { name.rsplit("::").next().unwrap_or(name) };
    let inner = |prefix: &str| name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
    if let Some(inner) = inner("Option<") {
        return kind(inner, all, queue);
    }
    if let Some(inner) = inner("Vec<").or_else(|| inner("BTreeSet<")) {
        return format!("list of {}", kind(inner, all, queue));
    }
    if let Some((_, value)) = inner("BTreeMap<").and_then(|pair| pair.split_once(", ")) {
        return format!("object of {} by name", kind(value, all, queue));
    }
    if name == "Command" {
        return "[command](#commands)".to_owned();
    }
    let words = match name {
        "Points" => "whole number",
        "u32" | "u64" | "usize" => "whole number from 0",
        "bool" => "`true` or `false`",
        "Timestamp" => "instant",
        "CalendarDate" => "day",
        "Amount" => "decimal in a text",
        "Quantity" => "decimal in a text, or whole number",
        "Currency" => "ISO 4217 code",
        "String" => "text",
        "Percent" => "percentage in a text",
        _ => {
            if all.iter().any(|item| item.name == name) {
                queue.push_back(name.to_owned());
                return format!("[{name}](#{})", name.to_lowercase());
            }
            let ids = read("crm-core/src/value/id.rs");
            assert!(ids.contains(&format!("    {name} = \"")), "{name} has no words yet");
            "name, 1 to 128 bytes"
        }
    };
    words.to_owned()
}

/// A struct or an enum, as its source says.
struct Item {
    name: String,
    about: String,
    is_enum: bool,
    is_tagged: bool,
    /// The fields of a struct, or the variants of an enum.
    fields: Vec<Field>,
}

#[derive(Default)]
struct Field {
    name: String,
    about: String,
    /// The type; of a variant, the one that it wraps.
    kind: String,
    optional: bool,
    /// The fields of a variant.
    fields: Vec<Field>,
}

/// The public types of a source file. It reads what `rustfmt` writes, and serde's attributes.
fn items(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let (mut about, mut attributes, mut open) = (Vec::<&str>::new(), String::new(), false);
    for line in text.lines() {
        let level = line.len() - line.trim_start().len();
        let line = line.trim();
        if attributes.ends_with('(') {
            // The middle of an attribute over several lines.
            attributes.push_str(if line == ")]" { ")]" } else { "(" });
            continue;
        }
        let mut take = |name: &str, kind: &str| {
            let renamed = attributes.split_once("rename = \"").and_then(|(_, rest)| rest.split('"').next());
            let field = Field {
                name: renamed.unwrap_or(name).to_owned(),
                about: std::mem::take(&mut about).join(" "),
                kind: kind.to_owned(),
                optional: attributes.contains("default") || kind.starts_with("Option<"),
                fields: Vec::new(),
            };
            attributes.clear();
            field
        };
        if let Some(doc) = line.strip_prefix("///") {
            about.push(doc.trim());
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else if let (0, Some(rest)) =
            (level, line.strip_prefix("pub enum ").or_else(|| line.strip_prefix("pub struct ")))
        {
            let is_tagged = attributes.contains("tag = \"type\"");
            let about = std::mem::take(&mut about);
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            let about = about.split(|line| line.is_empty()).next().unwrap_or_default().join(" ");
            items.push(Item { name, about, is_enum: line.contains(" enum "), is_tagged, fields: Vec::new() });
            attributes.clear();
            open = line.ends_with('{');
        } else if line == "}" && level == 0 {
            open = false;
        } else if let (true, Some(item)) = (open, items.last_mut()) {
            let bare = line.trim_end_matches(',');
            match (level, item.is_enum) {
                (4, true) if line.starts_with(char::is_uppercase) => {
                    let (name, kind) = bare
                        .trim_end_matches([' ', '{', ')'])
                        .split_once('(')
                        .unwrap_or((bare.trim_end_matches(" {"), ""));
                    let field = take(&snake(name), kind);
                    item.fields.push(field);
                }
                (8, true) | (4, false) => {
                    if let Some((name, kind)) = bare.trim_start_matches("pub ").split_once(": ") {
                        let field = take(name, kind);
                        let into = if item.is_enum {
                            item.fields.last_mut().map(|variant| &mut variant.fields)
                        } else {
                            Some(&mut item.fields)
                        };
                        into.unwrap().push(field);
                    }
                }
                _ => {}
            }
        } else {
            about.clear();
            attributes.clear();
        }
    }
    items
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

// ------------------------------------------------------------------------------------------------------------------ examples

/// A JSON block is a program (it has `points` or `zone`), a request (`do`), a command or a question (`type`); anything else is not of ours.
fn tried(block: &str) -> Result<bool, String> {
    let value: serde_json::Value = serde_json::from_str(block).map_err(|error| error.to_string())?;
    if value.get("zone").is_some() && value.get("revision").is_some() {
        return Program::from_json(block).map(|_| true).map_err(|found| format!("{found:?}"));
    }
    if value.get("do").is_some() {
        return serde_json::from_str::<Request>(block).map(|_| true).map_err(|error| error.to_string());
    }
    if value.get("type").is_some() {
        let query = serde_json::from_str::<Query>(block).map(|_| true);
        let command = |_| serde_json::from_str::<Command>(block).map(|_| true);
        return query.or_else(command).map_err(|error| error.to_string());
    }
    Ok(false)
}

fn blocks(text: &str) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in text.lines() {
        match (&mut open, line.trim()) {
            (None, "```json") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

#[test]
fn what_documents_show_can_be_used() {
    let mut pages = vec![root().join("README.md"), root().join("docs/reference/commands.md")];
    if let Ok(guides) = fs::read_dir(root().join("docs/guides")) {
        pages.extend(
            guides.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
    }
    let mut used = 0;
    for page in pages {
        for block in blocks(&fs::read_to_string(&page).unwrap_or_default()) {
            let ours = tried(&block).unwrap_or_else(|error| panic!("{}: {error}\n{block}", page.display()));
            used += usize::from(ours);
        }
    }
    assert!(COMMANDS.len() + QUERIES.len() <= used, "only {used} blocks were tried");
    assert!(tried(r#"{ "do": { "type": "settle" } }"#).is_err());
    assert!(tried(r#"{ "type": "setle", "customer_id": "ann" }"#).is_err());
    assert!(tried(r#"{ "zone": "UTC", "revision": 1, "vresion": 1 }"#).is_err());
    assert_eq!(blocks("```json\n1\n```\n```sh\n2\n```\n```json\n3\n```"), ["1\n", "3\n"]);
}

#[test]
fn links_lead_somewhere() {
    let mut pages: Vec<PathBuf> = vec![root().join("README.md")];
    for folder in ["docs", "docs/decisions", "docs/guides", "docs/reference"] {
        let Ok(entries) = fs::read_dir(root().join(folder)) else { continue };
        pages.extend(
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
    }
    for page in pages {
        let text = fs::read_to_string(&page).unwrap_or_default();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', ' ']).next().unwrap();
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !target.contains("://") {
                let path = page.parent().unwrap().join(file);
                assert!(path.exists(), "{}: `{target}` leads nowhere", page.display());
            }
        }
    }
}
